/**
 * Deficit round robin among agents, by tokens (Shreedhar and Varghese, "Efficient fair queueing using deficit round
 * robin", SIGCOMM 1995). Agents with work stand in a ring. In each round each of them is visited once, has its deficit
 * raised by the quantum, and is served as long as its deficit covers the cost of its next request; what it does not use
 * stays with it while it has work, and is gone when it has none.
 *
 *     ring      a (deficit 300, next costs 900)   b (200, next 150)   c (0, next 400)        quantum 500
 *     visits    a: 800 < 900, passed              b: 700: 150 served  c: 500: 400 served     round 1
 *               a: 1300: 900 served               ...                                        round 2
 *
 * Three things differ from the paper:
 *
 * - Costs are large beside the quantum, so a ring that is walked would be walked for many rounds in vain. Nobody walks
 *   it: the round in which an agent will be served is `round of its last visit + ceil((cost - deficit) / quantum)`, and
 *   a heap over (round, place in the ring) gives the next. The order is that of the paper; O(log n) in place of O(1).
 * - What an answer takes is known when it ends. An agent is charged an estimate when it is served and the difference
 *   when it is done. Whoever took more than it was charged for and has left meanwhile has a debt when it comes back;
 *   each round takes one quantum off it, and an empty ring forgives all.
 * - Within an agent the earliest deadline goes first (`Queued.deadlineMs`), where a packet queue has its order of arrival.
 */
import { Heap } from './heap.js';
import type { Queued } from './request.js';

/** An agent that has work. */
interface Flow {
  readonly agent: string;
  /** Its place in the ring: who came later is visited later. */
  readonly place: number;
  readonly waiting: Heap<Queued>;
  /** The last round whose quantum is in its deficit. */
  visited: number;
  /** Tokens that it may still take. */
  deficit: number;
  /** The round in which it will be served. */
  due: number;
}

/** What an agent owes that has no work. */
interface Debt {
  readonly tokens: number;
  /** The last round that has been taken off it. */
  readonly round: number;
}

/** Debts that are kept before those that are worked off are looked for. */
const DEBTS = 1_024;

/** Requests of one band, agent by agent. */
export class DeficitRoundRobin {
  readonly #quantum: number;
  readonly #sooner: (a: Queued, b: Queued) => boolean;
  readonly #flows = new Map<string, Flow>();
  readonly #ring = new Heap<Flow>((a, b) => a.due < b.due || (a.due === b.due && a.place < b.place));
  #debts = new Map<string, Debt>();
  #mostDebts = DEBTS;
  #round = 1;
  /** The place in the ring of who was served last. */
  #pointer = 0;
  #places = 0;
  #size = 0;

  /** `quantum` in tokens; `sooner` orders the requests of one agent. */
  constructor(quantum: number, sooner: (a: Queued, b: Queued) => boolean) {
    this.#quantum = quantum;
    this.#sooner = sooner;
  }

  get size(): number {
    return this.#size;
  }

  /** Agents that have work. */
  get agents(): number {
    return this.#flows.size;
  }

  push(request: Queued): void {
    let flow = this.#flows.get(request.agent);
    if (flow === undefined) flow = this.#join(request.agent);
    flow.waiting.push(request);
    this.#size += 1;
    if (flow.waiting.size === 1) this.#ring.push(this.#timed(flow));
    else if (flow.waiting.first === request) this.#ring.moved(this.#timed(flow));
  }

  /** The request that is served next, and leaves; undefined when none waits. */
  take(): Queued | undefined {
    const flow = this.#ring.first;
    const request = flow?.waiting.shift();
    if (flow === undefined || request === undefined) return undefined;
    this.#size -= 1;
    this.#round = flow.due;
    this.#pointer = flow.place;
    flow.deficit += (flow.due - flow.visited) * this.#quantum - request.cost;
    flow.visited = flow.due;
    this.#changed(flow);
    return request;
  }

  /** Takes out a request that nobody wants any more; false when it is not here. */
  remove(request: Queued): boolean {
    const flow = this.#flows.get(request.agent);
    if (flow === undefined || !flow.waiting.remove(request)) return false;
    this.#size -= 1;
    this.#changed(flow);
    return true;
  }

  /** Corrects what an agent was charged: `tokens` above 0 were charged too much, below 0 too little. */
  settle(agent: string, tokens: number): void {
    const flow = this.#flows.get(agent);
    if (flow !== undefined) {
      flow.deficit += tokens;
      this.#ring.moved(this.#timed(flow));
      return;
    }
    const owed = this.#debtOf(agent) - tokens;
    if (owed <= 0 || this.#size === 0) this.#debts.delete(agent);
    else this.#owe(agent, owed);
  }

  #join(agent: string): Flow {
    const owed = this.#debtOf(agent);
    this.#debts.delete(agent);
    const flow: Flow = {
      agent,
      place: (this.#places += 1),
      waiting: new Heap(this.#sooner),
      visited: this.#round - 1,
      deficit: -owed,
      due: 0,
    };
    this.#flows.set(agent, flow);
    return flow;
  }

  /** A request of an agent went: its turn is another one, or it leaves the ring. */
  #changed(flow: Flow): void {
    if (flow.waiting.size > 0) {
      this.#ring.moved(this.#timed(flow));
      return;
    }
    this.#ring.remove(flow);
    this.#flows.delete(flow.agent);
    // Nobody waits here: whoever took more than its share took it from nobody.
    if (this.#size === 0) this.#debts.clear();
    else if (flow.deficit < 0) this.#owe(flow.agent, -flow.deficit);
  }

  /** Works out when a flow is served next. */
  #timed(flow: Flow): Flow {
    const cost = flow.waiting.first?.cost ?? 0;
    const rounds = Math.max(0, Math.ceil((cost - flow.deficit) / this.#quantum));
    // The visit of this round is over for those that the pointer has passed. It is not for the one that it stands at.
    const over = flow.place < this.#pointer;
    flow.due = Math.max(flow.visited + rounds, over ? this.#round + 1 : this.#round);
    return flow;
  }

  #owe(agent: string, tokens: number): void {
    this.#debts.set(agent, { tokens, round: this.#round });
    if (this.#debts.size <= this.#mostDebts) return;
    this.#debts = new Map([...this.#debts].filter(([owing]) => this.#debtOf(owing) > 0));
    this.#mostDebts = Math.max(DEBTS, 2 * this.#debts.size);
  }

  /** What is left of a debt by now. */
  #debtOf(agent: string): number {
    const debt = this.#debts.get(agent);
    return debt === undefined ? 0 : Math.max(0, debt.tokens - (this.#round - debt.round) * this.#quantum);
  }
}
