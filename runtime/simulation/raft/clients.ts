/**
 * Clients of the simulated cluster. Each is at one operation at a time, talks to any node, follows the hint of who leads,
 * and tries again when no reply comes: a command under the same session and number, so that it takes effect once. What
 * they saw is the history that has to be linearizable. They are not on the network of the nodes and may reach both sides
 * of any partition, which is the worst that clients can do.
 */
import type { SessionCommand } from '#protocols/raft/sessions';
import { unreachable } from '#protocols/wire/error';
import type { MapInput, Operation, RegisterOutput } from '../../testing/linearizability/index.js';
import type { Random } from '../../testing/random.js';
import type { World } from '../world.js';
import { encodeCommand, encodeInput } from './machine.js';
import type { RaftSetup } from './plan.js';

/** What a client sends to a node. */
export interface Request {
  /** Of this attempt alone. */
  readonly id: string;
  readonly client: number;
  /** The bytes to log; undefined to read without the log. */
  readonly command: Uint8Array | undefined;
  readonly key: string;
}

/** What a node sends back. */
export type Reply =
  | { readonly type: 'registered'; readonly session: number }
  | { readonly type: 'done'; readonly output: RegisterOutput }
  /** The session is gone: whether the command took effect is not known. */
  | { readonly type: 'expired' }
  /** Not carried out, as far as this attempt goes; `place` may know more. */
  | { readonly type: 'refused'; readonly place: number | undefined };

interface Client {
  /** Stays the same for an operation and all its attempts. */
  number: number;
  /** Undefined before it has registered. */
  session: number | undefined;
  /** Of its last command. */
  seq: number;
  /** Counts all that it ever sent. */
  attempt: number;
  pending:
    | {
        readonly input: MapInput;
        readonly via: 'log' | 'read';
        readonly callAt: number;
        /** Attempts below this one are of operations before. */
        readonly firstAttempt: number;
      }
    | undefined;
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
  /** Clients so far. */
  #numbers: number;

  constructor(world: World, setup: RaftSetup, deliver: (place: number, request: Request) => void) {
    this.#world = world;
    this.#setup = setup;
    this.#random = world.chances.workload;
    this.#deliver = deliver;
    this.#loss = setup.clientLoss;
    this.#numbers = setup.clients;
    this.#clients = Array.from({ length: setup.clients }, (_, number) => ({
      number,
      session: undefined,
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

  /** The sessions of all clients that have one. */
  sessions(): readonly number[] {
    return this.#clients.flatMap(({ session }) => session ?? []);
  }

  /** A client begins an operation, unless it is at one that it does not give up; by default where it was last heard. */
  call(index: number, input: MapInput, via: 'log' | 'read', place: number | undefined, giveUp: boolean): void {
    const client = this.#clients[index % this.#clients.length] as Client;
    if (client.pending !== undefined) {
      if (!giveUp) return;
      this.#world.met('operation given up');
      this.#end(client, undefined);
      this.#beginAnew(client);
    }
    if (via === 'log') client.seq += 1;
    client.pending = { input, via, callAt: this.#world.nowUs, firstAttempt: client.attempt + 1 };
    client.place = place ?? client.place;
    this.#send(client);
  }

  /** Reads every key, through the log and without it, so that the end of the history shows what became of all writes. */
  readAll(): void {
    for (let key = 0; key < this.#setup.keys; key += 1)
      for (const via of ['log', 'read'] as const) this.#reads.push({ input: { type: 'read', key: `k${key}` }, via });
    this.#readNext();
  }

  /** A command that was acknowledged and that a state machine, by its last command of each session, has not seen. */
  lost(lastOf: (session: number) => number | undefined): string | undefined {
    for (const [session, seq] of this.#acknowledged)
      if ((lastOf(session) ?? seq) < seq) return `command ${seq} of session ${session}`;
    return undefined;
  }

  /** From now on nothing is lost between clients and nodes. */
  calm(): void {
    this.#loss = 0;
  }

  /** What a node says to a request. */
  reply({ id, client: number }: Request, reply: Reply): void {
    if (this.#random.chance(this.#loss)) return this.#world.met('reply to a client lost');
    this.#world.at(this.#world.nowUs + this.#delayUs(), -1, 0, () => {
      const client = this.#clients.find((one) => one.number === number);
      const attempt = Number(id.slice(id.indexOf('.') + 1));
      if (client?.pending === undefined || attempt < client.pending.firstAttempt) return;
      this.#world.trace.add('note', this.#world.nowUs, -1, -1, id);
      this.#take(client, attempt, reply);
    });
  }

  #take(client: Client, attempt: number, reply: Reply): void {
    switch (reply.type) {
      case 'registered':
        // Registered twice, one session is never used.
        if (client.session !== undefined) return;
        client.session = reply.session;
        return this.#send(client);
      case 'done':
        this.#end(client, reply.output);
        return this.#readNext();
      case 'expired':
        this.#world.met('session expired');
        this.#end(client, undefined);
        this.#beginAnew(client);
        return this.#readNext();
      case 'refused':
        if (client.attempt === attempt) this.#redirect(client, reply.place);
        return;
      default:
        return unreachable(reply);
    }
  }

  #redirect(client: Client, place: number | undefined): void {
    if (place !== undefined && place !== client.place) {
      this.#world.met('client redirected');
      client.place = place;
      this.#send(client);
    } else this.#retryAfter(client, this.#setup.retryUs / 4);
  }

  /** The pending operation is over; its outcome is unknown without an output. */
  #end(client: Client, output: RegisterOutput | undefined): void {
    const { pending, number, session, seq } = client;
    if (pending === undefined) return;
    const reply = output === undefined ? undefined : { at: this.#world.nowUs, output };
    this.history.push({ client: number, input: pending.input, callAt: pending.callAt, reply });
    if (reply !== undefined && pending.via === 'log' && session !== undefined) this.#acknowledged.set(session, seq);
    client.pending = undefined;
  }

  /** As another client, without a session. */
  #beginAnew(client: Client): void {
    client.number = this.#numbers;
    client.session = undefined;
    client.seq = 0;
    this.#numbers += 1;
  }

  /** The first client reads at the end. */
  #readNext(): void {
    const client = this.#clients[0];
    if (client === undefined || client.pending !== undefined) return;
    const next = this.#reads.shift();
    if (next !== undefined) this.call(0, next.input, next.via, this.#random.below(this.#world.size), false);
  }

  #send(client: Client): void {
    const { number, pending, place } = client;
    if (pending === undefined) return;
    client.attempt += 1;
    const command = pending.via === 'read' ? undefined : encodeCommand(commandOf(client, pending.input));
    const request = { id: `${number}.${client.attempt}`, client: number, command, key: pending.input.key };
    this.#retryAfter(client, this.#setup.retryUs);
    if (this.#random.chance(this.#loss)) return this.#world.met('request of a client lost');
    this.#world.at(this.#world.nowUs + this.#delayUs(), place, 0, () => {
      this.#world.trace.add('note', this.#world.nowUs, place, -1, request.id);
      this.#deliver(place, request);
    });
  }

  #retryAfter(client: Client, delayUs: number): void {
    const { number, attempt } = client;
    this.#world.at(this.#world.nowUs + Math.round(delayUs), -1, 0, () => {
      if (client.pending === undefined || client.number !== number || client.attempt !== attempt) return;
      client.place = this.#random.below(this.#world.size);
      this.#send(client);
    });
  }

  #delayUs(): number {
    return this.#random.between(100, 5_000);
  }
}

/** The command that is pending, or the registration that has to come before it. */
function commandOf({ session, seq }: Client, input: MapInput): SessionCommand {
  if (session === undefined) return { type: 'register' };
  return { type: 'command', session, seq, acked: seq - 1, data: encodeInput(input) };
}
