/**
 * The store service: the one owner of a store on a node. Each executor has a port to it. In every turn it takes what has
 * arrived from all of them, in the order of each, commits all writes of one durability as one group, answers the reads,
 * and only then answers anybody. While it waits for the disk the next group gathers in the ports.
 *
 *     executor 1 --port--> lane 1 --.
 *     executor 2 --port--> lane 2 --+--> turn: commit, reads --> one message of answers a lane
 *
 * It keeps nothing of an actor between turns: epochs are in the store, so an actor that is gone leaves nothing here.
 */
import type { MessagePort } from 'node:worker_threads';
import { SkepError, toWireError, unreachable, type WireError } from '#protocols/wire/error';
import { Queue } from '../mailbox/queue.js';
import { bytesOf, isStoreRequest, type StoreAnswer, type StoreRequest } from './messages.js';
import type { Durability, Store, WriteOutcome } from './store.js';

/** Requests of one executor that wait at most. A client keeps below it; what goes over it is answered STORE_BUSY. */
export const LANE_REQUESTS = 8_192;
/** Bytes of them at most, unless one request alone has more. */
export const LANE_BYTES = 32 << 20;
/** Requests of one turn at most: a group larger than this gains nothing and delays its first. */
const TURN_REQUESTS = 4_096;
const TURN_BYTES = 16 << 20;
/** Reads of one turn at most: the start of many actors at once may not hold up those that run. */
const TURN_READS = 256;
/** Turns of the event loop in which a close looks for what was sent before it. */
const CLOSING_ROUNDS = 100;

interface Lane {
  readonly port: MessagePort;
  readonly queue: Queue<StoreRequest>;
  bytes: number;
  answers: StoreAnswer[];
  /** The other end is gone; what it sent is carried out all the same. */
  closed: boolean;
}

type WriteRequest = Extract<StoreRequest, { op: 'write' }>;
type ReadRequest = Exclude<StoreRequest, { op: 'write' }>;
type Asked<R> = { readonly lane: Lane; readonly request: R };

export class StoreService {
  readonly #store: Store;
  readonly #onFailed: (error: SkepError) => void;
  readonly #lanes = new Set<Lane>();
  #scheduled = false;
  #failed = false;
  #malformed = 0;

  /** `onFailed` hears once that the store has failed. */
  constructor(store: Store, onFailed: (error: SkepError) => void) {
    this.#store = store;
    this.#onFailed = onFailed;
  }

  /** Executors connected. */
  get lanes(): number {
    return this.#lanes.size;
  }

  /** Requests that were dropped because they were none. */
  get malformed(): number {
    return this.#malformed;
  }

  /** Serves the executor at the other end of a port, until that end closes. */
  connect(port: MessagePort): void {
    const lane: Lane = { port, queue: new Queue(), bytes: 0, answers: [], closed: false };
    this.#lanes.add(lane);
    port.on('message', (message: unknown) => this.#take(lane, message));
    port.on('close', () => {
      lane.closed = true;
      this.#schedule();
    });
  }

  /** Carries out what has been sent, then closes the ports and the store. */
  async close(): Promise<void> {
    // The executors have ended and their ends are closed; what they sent last may still be in the ports.
    for (let round = 0; round < CLOSING_ROUNDS && (this.#lanes.size > 0 || this.#scheduled); round += 1)
      await new Promise((resolve) => setImmediate(resolve));
    for (const { port } of this.#lanes) port.close();
    await this.#store.close();
  }

  #take(lane: Lane, message: unknown): void {
    if (!Array.isArray(message)) this.#malformed += 1;
    else for (const request of message as readonly unknown[]) this.#enqueue(lane, request);
    this.#schedule();
  }

  #enqueue(lane: Lane, request: unknown): void {
    if (!isStoreRequest(request)) {
      this.#malformed += 1;
      return;
    }
    const bytes = bytesOf(request);
    if (lane.queue.size >= LANE_REQUESTS || (lane.bytes > 0 && lane.bytes + bytes > LANE_BYTES)) {
      const text = `${lane.queue.size} requests with ${lane.bytes} bytes wait for the store`;
      lane.answers.push({ id: request.id, error: toWireError(new SkepError('STORE_BUSY', text)) });
      return;
    }
    lane.queue.push(request);
    lane.bytes += bytes;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // After the ports have been read: whatever has arrived by then belongs to the group.
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#scheduled = false;
    const { writes, reads } = this.#group();
    // First what is done at once, so that it does not wait for the disk with the others.
    this.#commit(writes, 'process');
    for (const lane of this.#lanes) send(lane);
    this.#commit(writes, 'disk');
    for (const asked of reads) this.#read(asked);
    for (const lane of this.#lanes) {
      send(lane);
      if (lane.queue.size > 0) this.#schedule();
      else if (lane.closed) this.#lanes.delete(lane);
    }
  }

  /** The next requests: one of each lane in turn, so that no executor waits behind the flood of another. */
  #group(): { readonly writes: readonly Asked<WriteRequest>[]; readonly reads: readonly Asked<ReadRequest>[] } {
    const writes: Asked<WriteRequest>[] = [];
    const reads: Asked<ReadRequest>[] = [];
    let bytes = 0;
    let took = true;
    const full = (): boolean =>
      writes.length + reads.length >= TURN_REQUESTS || bytes >= TURN_BYTES || reads.length >= TURN_READS;
    while (took && !full()) {
      took = false;
      for (const lane of this.#lanes) {
        const request = lane.queue.shift();
        if (request === undefined) continue;
        took = true;
        const size = bytesOf(request);
        lane.bytes -= size;
        bytes += size;
        if (request.op === 'write') writes.push({ lane, request });
        else reads.push({ lane, request });
      }
    }
    return { writes, reads };
  }

  /** Commits the writes of one durability. */
  #commit(writes: readonly Asked<WriteRequest>[], durability: Durability): void {
    const group = writes.filter(({ request }) => request.durability === durability);
    if (group.length === 0) return;
    try {
      const outcomes = this.#store.commit(
        group.map(({ request }) => request.write),
        durability,
      );
      for (const [index, { lane, request }] of group.entries()) {
        const outcome = outcomes[index];
        if (outcome === undefined) throw new Error('a write has no outcome');
        lane.answers.push(answerOf(request, outcome));
      }
    } catch (error) {
      const wire = this.#failure(error);
      for (const { lane, request } of group) lane.answers.push({ id: request.id, error: wire });
    }
  }

  #read({ lane, request }: Asked<ReadRequest>): void {
    const { id, key, durability } = request;
    try {
      const value =
        request.op === 'load' ? this.#store.load(key, durability) : this.#store.events(key, request.from, durability);
      lane.answers.push({ id, value });
    } catch (error) {
      // A damaged record is the trouble of those who need it.
      const own = error instanceof SkepError && error.code === 'STORE_CORRUPT';
      lane.answers.push({ id, error: own ? toWireError(error) : this.#failure(error) });
    }
  }

  /** An error after which the store answers nothing. */
  #failure(thrown: unknown): WireError {
    const error =
      thrown instanceof SkepError
        ? thrown
        : new SkepError('STORE_FAILED', `the store failed: ${String(thrown)}`, {}, thrown);
    if (!this.#failed) this.#onFailed(error);
    this.#failed = true;
    return toWireError(error);
  }
}

function send(lane: Lane): void {
  if (lane.answers.length > 0) lane.port.postMessage(lane.answers);
  lane.answers = [];
}

/** What a write's outcome is to the one who asked. */
function answerOf({ id, write }: WriteRequest, outcome: WriteOutcome): StoreAnswer {
  if (outcome.ok) return { id, value: outcome.head };
  const { refusal, head } = outcome;
  const facts = { key: write.key, write: write.type };
  switch (refusal) {
    case 'fenced': {
      const text = `${write.key} is written by another activation now (epoch ${head?.epoch ?? 'none'})`;
      return { id, error: toWireError(new SkepError('STORE_FENCED', text, facts)) };
    }
    case 'gap': {
      const text = `the newest event of ${write.key} is ${head?.seq ?? 0}, which is not what this ${write.type} follows`;
      return { id, error: toWireError(new SkepError('STORE_FENCED', text, facts)) };
    }
    case 'elsewhere': {
      const text = `${write.key} is stored with another sync than the definition asks for: set sync back to what it was`;
      return { id, error: toWireError(new SkepError('BAD_CONFIG', text, facts)) };
    }
    default:
      return unreachable(refusal);
  }
}
