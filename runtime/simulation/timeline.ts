/**
 * What is going to happen in a simulated world, by time: a binary heap whose ties are broken by the order of insertion,
 * so that a run has one order of events and no other.
 */

/** Something that is going to happen. */
export interface Event {
  /** Virtual time in microseconds. */
  readonly atUs: number;
  /** Among events of one time the lower goes first. */
  readonly order: number;
  /** The node that it happens at; -1 for the world itself. */
  readonly node: number;
  /** The life of that node; an event of an earlier life does not happen. 0 happens in any life. */
  readonly life: number;
  readonly run: () => void;
}

/** Events in the order of their time. */
export class Timeline {
  readonly #heap: Event[] = [];
  #order = 0;
  /** Orders of what goes ahead of the rest of its time: they lie below all others. */
  #ahead = -(2 ** 52);

  get size(): number {
    return this.#heap.length;
  }

  /** Time of the next event; infinity when there is none. */
  get nextUs(): number {
    return this.#heap[0]?.atUs ?? Number.POSITIVE_INFINITY;
  }

  add(atUs: number, node: number, life: number, run: () => void): void {
    this.#insert({ atUs, order: (this.#order += 1), node, life, run });
  }

  /** Adds what happens before everything else that is due at that time, and after what was added ahead before it. */
  addAhead(atUs: number, node: number, life: number, run: () => void): void {
    this.#insert({ atUs, order: (this.#ahead += 1), node, life, run });
  }

  #insert(event: Event): void {
    const heap = this.#heap;
    let hole = heap.length;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const above = heap[parent] as Event;
      if (!before(event, above)) break;
      heap[hole] = above;
      hole = parent;
    }
    heap[hole] = event;
  }

  /** Takes out the next event. */
  take(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || first === last) return first;
    let hole = 0;
    for (let child = 1; child < heap.length; child = 2 * hole + 1) {
      const right = child + 1;
      if (right < heap.length && before(heap[right] as Event, heap[child] as Event)) child = right;
      const least = heap[child] as Event;
      if (!before(least, last)) break;
      heap[hole] = least;
      hole = child;
    }
    heap[hole] = last;
    return first;
  }
}

function before(one: Event, other: Event): boolean {
  return one.atUs < other.atUs || (one.atUs === other.atUs && one.order < other.order);
}
