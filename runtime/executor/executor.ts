/**
 * An executor: one event loop that hosts many actors and knows how to reach every other executor of the cluster. It
 * gives turns to its actors and gathers what they send into outboxes.
 *
 *     deliver --same executor--> cell's mailbox      (by reference)
 *             --other executor--> outbox --end of turn--> frame --> MessagePort
 *             --other node-----> outbox --end of turn--> frame --> transport
 *
 * Its parts: `caller.ts` asks, `own-calls.ts` answers for the executor itself, `spawner.ts` starts actors, `absent.ts`
 * answers for what is not there, `signals.ts` takes signals, `deaths.ts` tells of what died elsewhere, `routes.ts` has the
 * ways out, `run-queue.ts` the turns.
 */
import { type ActorAddress, type AddressParts, addressParts, EXECUTOR_SERIAL } from '#protocols/wire/address';
import { type Envelope, SHUTDOWN, type SpawnSpec } from '#protocols/wire/envelope';
import { type SkepError, unreachable } from '#protocols/wire/error';
import type { Traceparent } from '#protocols/wire/trace-context';
import type { CallOptions, NearActor } from '../actor/ref.js';
import { decodeFrame } from '../codec/frame.js';
import { FlowControl } from '../flow/flow-control.js';
import type { CastOutcome } from '../flow/outcome.js';
import { Offloader } from '../offload/offloader.js';
import type { OffloadOptions, OffloadTask } from '../offload/offload.js';
import type { DeadLetterReason } from '../telemetry/dead-letters.js';
import { DEFAULT_CAPACITY } from '../mailbox/mailbox.js';
import { TurnMeter } from '../telemetry/turn-meter.js';
import { Absent } from './absent.js';
import { Bookkeeping } from './bookkeeping.js';
import { Caller } from './caller.js';
import type { Cell } from './cell.js';
import type { CallScope } from './call-scope.js';
import type { CellHost, StartedHere } from './cell-host.js';
import { deepFreeze, freezePayload } from './freeze.js';
import type { Dispatcher } from './dispatcher.js';
import { ExecutorIdentity } from './executor-identity.js';
import type { ExecutorOptions } from './executor-options.js';
import type { ExecutorDeath } from './death.js';
import { Deaths } from './deaths.js';
import type { FrameLink } from './outbox.js';
import { OwnCalls } from './own-calls.js';
import { type ActorSummary, type ExecutorReport, summarise } from './report.js';
import { Routes } from './routes.js';
import { DEFAULT_SCHEDULING } from './scheduling.js';
import { Services } from './services.js';
import { Signals } from './signals.js';
import { Spawner } from './spawner.js';
import { EDGE_EXECUTOR, GUARDIAN_SERIAL, SYSTEM_EXECUTOR } from './well-known.js';

type Answer = Extract<Envelope, { kind: 'reply' | 'item' | 'end' | 'fail' }>;

export class Executor extends ExecutorIdentity implements CellHost {
  readonly meter: TurnMeter;
  readonly services: Services;
  readonly #peers: ReadonlySet<number>;
  readonly #freezes: boolean;
  readonly #books: Bookkeeping;
  readonly #dispatcher: Dispatcher;
  readonly #routes: Routes;
  readonly #flow: FlowControl;
  readonly #absent: Absent;
  readonly #caller: Caller;
  readonly #own: OwnCalls;
  readonly #spawner: Spawner;
  readonly #deaths: Deaths;
  readonly #signals: Signals;
  readonly #offloader: Offloader;
  #onFatal: (error: SkepError) => void = () => {};
  /** Where the last envelope went that went elsewhere. */
  #latestTo: ActorAddress;
  #latestParts: AddressParts;

  constructor(options: ExecutorOptions) {
    super(options);
    this.#latestTo = this.address;
    this.#latestParts = addressParts(this.address);
    this.#peers = new Set([SYSTEM_EXECUTOR, EDGE_EXECUTOR, ...options.topology.defaults]);
    this.#freezes = options.freezeMessages;
    this.#books = new Bookkeeping(this, options);
    this.#routes = new Routes(
      options.node,
      (envelope, cause) => this.#absent.unsendable(envelope, cause),
      (envelope) => this.deadLetter('lost', envelope),
    );
    const { throughput } = options.scheduling ?? DEFAULT_SCHEDULING;
    this.meter = new TurnMeter(options.slowTurnMs, options.log, options.heartbeat, throughput);
    this.#dispatcher = options.dispatcher(options.clock, this.meter, () => this.#routes.flush());
    const maxWaiting = this.defaults.mailbox?.capacity ?? DEFAULT_CAPACITY;
    const transmit = (envelope: Envelope): CastOutcome => this.#transmit(envelope);
    this.#flow = new FlowControl(this, { maxWaiting, transmit, firstEpoch: options.firstSerial });
    this.#absent = new Absent(this);
    this.#caller = new Caller(this, options.firstSerial);
    this.#own = new OwnCalls(this);
    this.#offloader = new Offloader(options.clock, options.offload);
    this.#deaths = new Deaths(this, this.#caller, this.#flow, this.#own);
    this.#signals = new Signals(this, this.#absent, this.#deaths);
    this.#spawner = new Spawner(this, options.topology, options.firstSerial);
    this.services = new Services(this, options.firstSerial);
  }

  // ---- routing -----------------------------------------------------------------------------------------------

  /** Connects another executor of this node. */
  connect(executor: number, link: FrameLink): void {
    this.#routes.connect(executor, link);
    this.services.connected(executor);
    this.#dispatcher.flushSoon();
  }

  /** Gives the way to other nodes. */
  setRemote(linkTo: (node: string, executor: number) => FrameLink | undefined): void {
    this.#routes.setRemote(linkTo);
  }

  /** Takes a frame from a peer; what is malformed or for others is counted and dropped. Never throws. */
  receive(frame: Uint8Array): void {
    let envelopes: readonly Envelope[];
    try {
      envelopes = decodeFrame(frame);
    } catch (error) {
      this.#books.badFrame(error);
      return;
    }
    let to: ActorAddress | undefined;
    let parts = this.#latestParts;
    for (const envelope of envelopes) {
      // Most of a frame is for one actor.
      if (envelope.to !== to) parts = addressParts((to = envelope.to));
      const { node, incarnation, executor, serial } = parts;
      // An executor is no relay: a frame in a circle would never end.
      if (node !== this.node || executor !== this.id) this.deadLetter('misrouted', envelope);
      else if (incarnation !== this.incarnation && incarnation !== '*') this.#absent.actor(envelope);
      else this.#local(envelope, serial, true);
    }
  }

  deliver(envelope: Envelope): boolean {
    return this.offer(envelope) === 'accepted';
  }

  offer(envelope: Envelope): CastOutcome {
    const { node, incarnation, executor, serial } = addressParts(envelope.to);
    const here = node === this.node;
    if (here && ((incarnation !== this.incarnation && incarnation !== '*') || !this.#peers.has(executor))) {
      this.#absent.actor(envelope);
      return 'refused';
    }
    if (here && executor === this.id) {
      if (this.#freezes) freezePayload(envelope);
      return this.#local(envelope, serial, false);
    }
    if (serial !== EXECUTOR_SERIAL) {
      if (envelope.kind === 'cast' || envelope.kind === 'call') return this.#flow.offer(envelope);
      if (envelope.kind === 'cancel' && this.#flow.cancel(envelope.to, envelope.id)) return 'accepted';
    }
    return this.#transmit(envelope);
  }

  near(to: ActorAddress): NearActor | undefined | null {
    const { node, incarnation, executor, serial } = addressParts(to);
    const here = executor === this.id && node === this.node && incarnation === this.incarnation;
    // A message to be frozen takes the long way, and so does what is for the executor itself.
    return here && serial !== EXECUTOR_SERIAL && !this.#freezes ? this.cells.get(serial) : null;
  }

  ask(envelope: Extract<Envelope, { kind: 'call' }>, deadlineMs: number): void {
    const { node, incarnation, executor, serial } = addressParts(envelope.to);
    const cell =
      executor === this.id && node === this.node && incarnation === this.incarnation && serial !== EXECUTOR_SERIAL
        ? this.cells.get(serial)
        : undefined;
    if (cell === undefined) {
      this.offer(envelope);
      return;
    }
    if (this.#freezes) freezePayload(envelope);
    cell.acceptCall(envelope, deadlineMs);
  }

  reply(to: ActorAddress, id: number, value: unknown): void {
    if (to !== this.address) {
      this.offer({ kind: 'reply', to, id, value });
      return;
    }
    if (this.#freezes) deepFreeze(value);
    if (!this.#caller.reply(id, value)) this.deadLetter('late-reply', { kind: 'reply', to, id, value });
  }

  /** Puts an envelope on its way to another executor. */
  #transmit(envelope: Envelope): CastOutcome {
    // Most messages go where the one before went.
    if (envelope.to !== this.#latestTo) {
      this.#latestTo = envelope.to;
      this.#latestParts = addressParts(envelope.to);
    }
    const { node, executor } = this.#latestParts;
    const flowing = this.#routes.push(node, executor, envelope);
    if (flowing === undefined) {
      this.#absent.route(envelope);
      return 'refused';
    }
    this.#dispatcher.flushSoon();
    return flowing ? 'accepted' : 'wait';
  }

  /** For this executor or an actor on it; `remote` when it came from elsewhere. */
  #local(envelope: Envelope, serial: number, remote: boolean): CastOutcome {
    switch (envelope.kind) {
      case 'reply':
      case 'item':
      case 'end':
      case 'fail':
        this.#answer(envelope);
        break;
      case 'cast':
      case 'call': {
        if (serial === EXECUTOR_SERIAL) return this.#own.accept(envelope) ? 'accepted' : 'refused';
        const cell = this.cells.get(serial);
        if (cell === undefined) this.#absent.actor(envelope);
        return cell?.accept(envelope, remote) ?? 'refused';
      }
      case 'demand':
        this.#flow.demand(this.cells.get(serial), envelope);
        break;
      case 'grant':
      case 'closed':
        this.#flow.hear(envelope);
        break;
      case 'credit':
        this.cells.get(serial)?.knownTurns?.grantCredit(envelope.from, envelope.id, envelope.count);
        break;
      case 'cancel':
        if (serial === EXECUTOR_SERIAL) this.#own.cancel(envelope.from, envelope.id);
        else this.cells.get(serial)?.knownTurns?.cancelCall(envelope.from, envelope.id);
        break;
      case 'signal':
        this.#signals.take(envelope, serial);
        break;
      default:
        return unreachable(envelope);
    }
    return 'accepted';
  }

  #answer(envelope: Answer): void {
    if (!this.#caller.answer(envelope)) this.deadLetter('late-reply', envelope);
  }

  deadLetter(reason: DeadLetterReason, envelope: Envelope): void {
    this.#books.deadLetter(reason, envelope);
  }

  // ---- calls -------------------------------------------------------------------------------------------------

  call(
    to: ActorAddress,
    name: string,
    message: unknown,
    options: CallOptions,
    scope?: CallScope,
    near?: NearActor,
  ): Promise<unknown> {
    return this.#caller.call(to, name, message, options, scope, near);
  }

  stream(
    to: ActorAddress,
    name: string,
    message: unknown,
    options: CallOptions,
    scope?: CallScope,
  ): AsyncIterable<unknown> {
    return this.#caller.stream(to, name, message, options, scope);
  }

  failCall(id: number, error: SkepError): void {
    this.#caller.fail(id, error);
  }

  async drained(to: ActorAddress): Promise<void> {
    const { node, executor, serial } = addressParts(to);
    if (node === this.node && executor === this.id) await this.cells.get(serial)?.drained();
    else {
      await this.#flow.drained(to);
      await this.#routes.drained(node, executor, this.clock);
    }
  }

  offload(task: OffloadTask, args: unknown, options: OffloadOptions, scope: CallScope): Promise<unknown> {
    return this.#offloader.run(task, args, options, scope);
  }

  // ---- actors ------------------------------------------------------------------------------------------------

  async start(
    spec: SpawnSpec,
    node: string | undefined,
    scope?: CallScope,
    trace?: Traceparent,
  ): Promise<ActorAddress> {
    const started = this.#spawner.start(spec, node, scope, trace);
    return 'then' in started ? started : started.address;
  }

  startSoon(spec: SpawnSpec, node: string | undefined, scope?: CallScope): Promise<ActorAddress> | StartedHere {
    return this.#spawner.start(spec, node, scope);
  }

  revive(address: ActorAddress, spec: SpawnSpec, incarnation: number): void {
    this.#spawner.revive(address, spec, incarnation);
  }

  /** Calls `listener` when the node can not go on; a later listener takes the place of the first. */
  onFatal(listener: (error: SkepError) => void): void {
    this.#onFatal = listener;
  }

  fatal(error: SkepError): void {
    this.log.error('the node can not go on', { error });
    this.#onFatal(error);
  }

  remove(cell: Pick<Cell, 'address' | 'serial'>): void {
    this.cells.delete(cell.serial);
    this.services.lifeEnded(cell.address);
  }

  schedule(cell: Cell): void {
    this.#dispatcher.add(cell);
  }

  startWellKnown(guardian: string, names: string, groups: string): Promise<void> {
    return this.#spawner.startWellKnown(guardian, names, groups);
  }

  lookup(name: string, node?: string): Promise<ActorAddress | undefined> {
    return this.#spawner.lookup(name, node);
  }

  claimName(name: string, address: ActorAddress): Promise<void> {
    return this.#spawner.claimName(name, address);
  }

  releaseName(name: string, address: ActorAddress): void {
    this.#spawner.releaseName(name, address);
  }

  // ---- inspection and end ------------------------------------------------------------------------------------

  list(): readonly ActorSummary[] {
    return [...this.cells.values()].map(summarise);
  }

  report(): ExecutorReport {
    return this.#books.report({
      pendingCalls: this.#caller.pending,
      turns: this.#dispatcher.turns,
      flow: this.#flow.report(),
    });
  }

  operate(name: string, message: unknown): unknown {
    return this.#books.operate(name, message);
  }

  /** Ends everything under the guardian of the node; on the system executor only. */
  async stopNode(): Promise<void> {
    await this.cells.get(GUARDIAN_SERIAL)?.stop(SHUTDOWN);
  }

  /** Ends the actors that are still here (their parents live on other nodes), then every call that waits. */
  async close(): Promise<void> {
    await Promise.all([...this.cells.values()].reverse().map((cell) => cell.stop(SHUTDOWN)));
    this.services.close();
    this.#routes.flush();
    this.#caller.close();
    this.#flow.endWhere(() => true);
    this.#books.close();
    await this.#offloader.close();
  }

  /** Another executor of this node died: its actors are gone until their supervisors restart them on its replacement. */
  executorDown(death: ExecutorDeath): void {
    this.#routes.disconnect(death.executor);
    this.services.disconnected(death.executor);
    this.#deaths.executorDown(death);
  }

  /** A node is considered dead (or left): everything there is gone for good. */
  nodeDown(node: string, incarnation: string): void {
    this.#routes.forget(node);
    this.#deaths.nodeDown(node, incarnation);
  }
}
