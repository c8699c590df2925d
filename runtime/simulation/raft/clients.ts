/**
 * Clients of the simulated cluster. Each is at one operation at a time, talks to any node, follows the hint of who leads,
 * and tries again when no reply comes: a command under the same session and number, so that it takes effect once. What
 * they saw is the history that has to be linearizable. They are not on the network of the nodes and may reach both sides
 * of any partition, which is the worst that clients can do.
 */
import type { MapInput, Operation, RegisterOutput } from '../../testing/linearizability/index.js';
import type { Random } from '../../testing/random.js';
import type { World } from '../world.js';
import type { RaftSetup } from './plan.js';

/** What a client sends to a node. */
export interface Request {
  readonly session: number;
  readonly seq: number;
  readonly attempt: number;
  readonly input: MapInput;
  readonly via: 'log' | 'read';
}

/** What a node sends back. */
export type Reply =
  | { readonly type: 'done'; readonly output: RegisterOutput }
  /** Not carried out, as far as this attempt goes; `place` may know more. */
  | { readonly type: 'refused'; readonly place: number | undefined };

interface Client {
  /** Of a client that gave up an operation the session is lost, and it begins another. */
  session: number;
  seq: number;
  attempt: number;
  pending: { readonly input: MapInput; readonly via: 'log' | 'read'; readonly callAt: number } | undefined;
  /** Where it goes next. */
  place: number;
}

/** All clients of a run. */
export class Clients {
  readonly history: Operation<MapInput, RegisterOutput>[] = [];
  readonly #world: World;
  readonly #setup: RaftSetup;
  readonly #random: Random;
  readonly #deliver: (place: number, request: Request) => void;
  readonly #clients: Client[];
  /** The last command of each session that its client knows to be carried out. */
  readonly #acknowledged = new Map<number, number>();
  /** Reads of the end that have not begun. */
  readonly #reads: { readonly input: MapInput; readonly via: 'log' | 'read' }[] = [];
  #loss: number;
  /** Sessions so far. */
  #sessions: number;

  constructor(world: World, setup: RaftSetup, deliver: (place: number, request: Request) => void) {
    this.#world = world;
    this.#setup = setup;
    this.#random = world.chances.workload;
    this.#deliver = deliver;
    this.#loss = setup.clientLoss;
    this.#sessions = setup.clients;
    this.#clients = Array.from({ length: setup.clients }, (_, session) => ({
      session,
      seq: 0,
      attempt: 0,
      pending: undefined,
      place: 0,
    }));
  }

  /** True when no operation waits for its reply. */
  get idle(): boolean {
    return this.#reads.length === 0 && this.#clients.every(({ pending }) => pending === undefined);
  }

  /** A client begins an operation, unless it is at one that it does not give up. */
  call(number: number, input: MapInput, via: 'log' | 'read', place: number, giveUp: boolean): void {
    const client = this.#clients[number % this.#clients.length] as Client;
    if (client.pending !== undefined) {
      if (!giveUp) return;
      this.#world.met('operation given up');
      this.#note(client, undefined);
      client.session = this.#sessions;
      this.#sessions += 1;
    }
    client.seq += 1;
    client.pending = { input, via, callAt: this.#world.nowUs };
    // Reads go anywhere, commands where the leader was last; sometimes the other way round.
    if ((via === 'read') !== this.#random.chance(0.2)) client.place = place;
    this.#send(client);
  }

  /** Reads every key, through the log and without it, so that the end of the history shows what became of all writes. */
  readAll(): void {
    for (let key = 0; key < this.#setup.keys; key += 1)
      for (const via of ['log', 'read'] as const) this.#reads.push({ input: { type: 'read', key: `k${key}` }, via });
    this.#readNext();
  }

  /** A command that was acknowledged and that a state machine, by its last command of each session, has not seen. */
  lost(lastOf: (session: number) => number): string | undefined {
    for (const [session, seq] of this.#acknowledged)
      if (lastOf(session) < seq) return `command ${seq} of session ${session}`;
    return undefined;
  }

  /** From now on nothing is lost between clients and nodes. */
  calm(): void {
    this.#loss = 0;
  }

  /** What a node says to a request. */
  reply({ session, seq, attempt }: Request, reply: Reply): void {
    if (this.#random.chance(this.#loss)) return this.#world.met('reply to a client lost');
    this.#world.at(this.#world.nowUs + this.#delayUs(), -1, 0, () => {
      const client = this.#clients.find((one) => one.session === session);
      if (client?.pending === undefined || client.seq !== seq) return;
      this.#world.trace.add('note', this.#world.nowUs, -1, -1, session * 1_000_003 + seq);
      if (reply.type === 'done') this.#note(client, reply.output);
      else if (client.attempt === attempt) this.#redirect(client, reply.place);
    });
  }

  #redirect(client: Client, place: number | undefined): void {
    if (place !== undefined && place !== client.place) {
      this.#world.met('client redirected');
      client.place = place;
      this.#send(client);
    } else this.#retryAfter(client, this.#setup.retryUs / 4);
  }

  /** The pending operation is over. */
  #note(client: Client, output: RegisterOutput | undefined): void {
    const { pending, session } = client;
    if (pending === undefined) return;
    const reply = output === undefined ? undefined : { at: this.#world.nowUs, output };
    this.history.push({ client: session, input: pending.input, callAt: pending.callAt, reply });
    if (reply !== undefined && pending.via === 'log') this.#acknowledged.set(session, client.seq);
    client.pending = undefined;
    this.#readNext();
  }

  /** The first client reads at the end. */
  #readNext(): void {
    const client = this.#clients[0];
    if (client === undefined || client.pending !== undefined) return;
    const next = this.#reads.shift();
    if (next !== undefined) this.call(0, next.input, next.via, this.#random.below(this.#world.size), false);
  }

  #send(client: Client): void {
    const { session, seq, pending, place } = client;
    if (pending === undefined) return;
    client.attempt += 1;
    const request = { session, seq, attempt: client.attempt, input: pending.input, via: pending.via };
    this.#retryAfter(client, this.#setup.retryUs);
    if (this.#random.chance(this.#loss)) return this.#world.met('request of a client lost');
    this.#world.at(this.#world.nowUs + this.#delayUs(), place, 0, () => {
      this.#world.trace.add('note', this.#world.nowUs, place, -1, session * 1_000_003 + seq);
      this.#deliver(place, request);
    });
  }

  #retryAfter(client: Client, delayUs: number): void {
    const { session, seq, attempt } = client;
    this.#world.at(this.#world.nowUs + Math.round(delayUs), -1, 0, () => {
      if (client.pending === undefined || client.session !== session || client.seq !== seq) return;
      if (client.attempt !== attempt) return;
      client.place = this.#random.below(this.#world.size);
      this.#send(client);
    });
  }

  #delayUs(): number {
    return this.#random.between(100, 5_000);
  }
}
