/**
 * Hands waiting tasks to agents with free capacity, best task first, until one of the two runs out.
 */
import { compareReady, type Bucket, headOf, popHead } from './ready.js';
import { chooseAgent } from './scheduler.js';
import type { AgentState, EngineState, Turn } from './state.js';
import { assign, isWaiting } from './tasks.js';

/** A bucket and the entry at its head. */
interface Head {
  readonly bucket: Bucket;
  readonly entry: NonNullable<ReturnType<typeof headOf>>;
}

/** Assigns what can be assigned; tells, once, when nothing runs and nothing can. */
export function dispatch(turn: Turn): void {
  const { state } = turn;
  const agents = [...state.agents.values()].filter((agent) => agent.alive && !agent.quarantined);
  let free = agents.reduce((sum, agent) => sum + Math.max(0, agent.capacity - agent.held.size), 0);
  const heads = free > 0 || state.running === 0 ? readyHeads(state) : [];
  for (let index = 0; free > 0 && index < heads.length; ) {
    const head = heads[index];
    if (head === undefined) {
      break;
    }
    if (!place(turn, head, agents)) {
      index += 1;
      continue;
    }
    free -= 1;
    heads.splice(index, 1);
    const next = headOfBucket(state, head.bucket);
    if (next !== undefined) {
      insertSorted(heads, next, index);
    }
  }
  if (state.running === 0 && heads.length > 0 && !state.starved) {
    state.starved = true;
    const skills = [...new Set(heads.map((head) => head.bucket.skill))].sort();
    turn.effects.push({ type: 'starved', ready: countReady(state), skills });
  }
}

/** Gives the head of a bucket to the best agent for it, if there is one. */
function place(turn: Turn, head: Head, agents: readonly AgentState[]): boolean {
  const { state } = turn;
  const { skill, excluded, avoided } = head.bucket;
  const task = state.tasks.get(head.entry.task);
  if (task === undefined) {
    return false;
  }
  const apartFrom = excluded.flatMap((id) => state.agents.get(id) ?? []);
  const agent = chooseAgent({ skill, excluded, avoided, apartFrom, nearNode: task.nearNode }, agents);
  if (agent === undefined) {
    return false;
  }
  popHead(head.bucket);
  assign(turn, task, agent);
  return true;
}

function readyHeads(state: EngineState): Head[] {
  const heads: Head[] = [];
  for (const bucket of state.ready.values()) {
    const head = headOfBucket(state, bucket);
    if (head !== undefined) {
      heads.push(head);
    }
  }
  return heads.sort((a, b) => compareReady(a.entry, b.entry));
}

/** The head of a bucket; an empty bucket is removed. */
function headOfBucket(state: EngineState, bucket: Bucket): Head | undefined {
  const entry = headOf(bucket, (candidate) => isWaiting(state, candidate));
  if (entry === undefined) {
    state.ready.delete(bucket.key);
    return undefined;
  }
  return { bucket, entry };
}

/** The entry behind a head never comes before it, so that the search may begin at the head's place. */
function insertSorted(heads: Head[], head: Head, from: number): void {
  let index = from;
  for (let other = heads[index]; other !== undefined; other = heads[index]) {
    if (compareReady(head.entry, other.entry) < 0) {
      break;
    }
    index += 1;
  }
  heads.splice(index, 0, head);
}

function countReady(state: EngineState): number {
  let ready = 0;
  for (const bucket of state.ready.values()) {
    ready += bucket.heap.filter((entry) => isWaiting(state, entry)).length;
  }
  return ready;
}
