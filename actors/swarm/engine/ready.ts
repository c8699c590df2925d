/**
 * The tasks that wait for an agent. They stand in buckets of equal constraints (skill, agents excluded, agents to
 * avoid), each a heap: when the head of a bucket cannot be placed, nothing behind it can, so that a thousand
 * verifications which all exclude the one idle agent cost one look and not a thousand. Entries are never removed from
 * the middle; an entry whose ticket is no longer its task's is stale and dropped when it reaches the head.
 */

interface ReadyEntry {
  readonly task: string;
  /** The task's ticket when it was queued. */
  readonly ticket: number;
  readonly priority: number;
  /** Age of the task in the job; a task that is run again keeps its place, a verification takes its subject's. */
  readonly order: number;
}

/** Waiting tasks that the same agents may take. */
export interface Bucket {
  readonly key: string;
  readonly skill: string;
  readonly excluded: readonly string[];
  readonly avoided: readonly string[];
  readonly heap: ReadyEntry[];
}

/** All buckets by their constraints; plain data. */
export type ReadyQueue = Map<string, Bucket>;

/** What decides the bucket of a task. */
export type Constraints = Pick<Bucket, 'skill' | 'excluded' | 'avoided'>;

/** Puts a task into the bucket of its constraints. */
export function pushReady(queue: ReadyQueue, constraints: Constraints, entry: ReadyEntry): void {
  const excluded = constraints.excluded.toSorted();
  const avoided = constraints.avoided.toSorted();
  const key = JSON.stringify([constraints.skill, excluded, avoided]);
  let bucket = queue.get(key);
  if (bucket === undefined) {
    bucket = { key, skill: constraints.skill, excluded, avoided, heap: [] };
    queue.set(key, bucket);
  }
  siftUp(bucket.heap, entry);
}

/** The first entry of a bucket that is still wanted; drops the stale ones before it. */
export function headOf(bucket: Bucket, wanted: (entry: ReadyEntry) => boolean): ReadyEntry | undefined {
  for (let head = bucket.heap[0]; head !== undefined; head = bucket.heap[0]) {
    if (wanted(head)) {
      return head;
    }
    popHead(bucket);
  }
  return undefined;
}

/** Takes the first entry out. */
export function popHead(bucket: Bucket): void {
  const last = bucket.heap.pop();
  if (last !== undefined && bucket.heap.length > 0) {
    siftDown(bucket.heap, last);
  }
}

/** Order of assignment: by priority, then by age. Negative when `a` comes first. */
export function compareReady(a: ReadyEntry, b: ReadyEntry): number {
  return b.priority - a.priority || a.order - b.order || a.ticket - b.ticket;
}

function siftUp(heap: ReadyEntry[], entry: ReadyEntry): void {
  let index = heap.length;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || compareReady(above, entry) <= 0) {
      break;
    }
    heap[index] = above;
    index = parent;
  }
  heap[index] = entry;
}

function siftDown(heap: ReadyEntry[], entry: ReadyEntry): void {
  let index = 0;
  for (;;) {
    const left = heap[2 * index + 1];
    const right = heap[2 * index + 2];
    if (left === undefined) {
      break;
    }
    const takeRight = right !== undefined && compareReady(right, left) < 0;
    const child = takeRight ? right : left;
    if (compareReady(entry, child) <= 0) {
      break;
    }
    heap[index] = child;
    index = 2 * index + (takeRight ? 2 : 1);
  }
  heap[index] = entry;
}
