/**
 * The context that handlers get, bound to one cell. It turns what a handler asks for into envelopes of that actor, and
 * ties calls made inside a handler to the call being handled: its deadline, its cancellation and its chain.
 */
import type { ActorAddress } from '#protocols/wire/address';
import { type ExitReason, type Signal, SHUTDOWN, type SpawnSpec } from '#protocols/wire/envelope';
import { SkepError } from '#protocols/wire/error';
import { type CallMany, callManyBy } from '../actor/call-many.js';
import type { ChildOptions, SubscribeOptions } from '../actor/context.js';
import type { AnyDefinition, ArgsOf } from '../actor/definition.js';
import type { FatalRaiser } from '../actor/fatal.js';
import type { PersistOptions } from '../actor/persistence.js';
import type { PhaseContext } from '../actor/phases.js';
import type { ReplyToken } from '../actor/reply-token.js';
import {
  type ActorRef,
  type Addressed,
  type CallOptions,
  type CastOptions,
  makeRef,
  type Messenger,
  type NearActor,
  type RefTarget,
  type ReliableMessenger,
} from '../actor/ref.js';
import { castEnvelope } from '../flow/cast.js';
import type { CastOutcome } from '../flow/outcome.js';
import type { SpecSpawner } from '../actor/spawn-spec.js';
import type { OffloadOptions, OffloadTask } from '../offload/offload.js';
import type { Journal } from '../persistence/journal.js';
import type { Logger } from '../telemetry/log.js';
import type { DoorHolder, SupervisorDoor } from '../supervision/supervisor-door.js';
import type { ActorGroups } from '../groups/groups.js';
import { makePool, type Pool, type PoolOptions } from '../pool/pool.js';
import type { RouteeSource, Router } from '../routing/router.js';
import type { RouterOptions } from '../routing/strategy.js';
import type { Cell } from './cell.js';
import type { CallScope } from './call-scope.js';
import { FamilyDoor } from './cell-supervisor.js';
import { specOf } from './spec-of.js';

/** The options of most spawns. */
const NO_OPTIONS: ChildOptions = {};

/** {@link ActorContext} of one cell. */
export class CellContext implements PhaseContext<unknown>, Messenger, SpecSpawner, DoorHolder, FatalRaiser {
  readonly #cell: Cell;
  #log: Logger | undefined;

  constructor(cell: Cell) {
    this.#cell = cell;
  }

  get log(): Logger {
    return (this.#log ??= this.#cell.host.log.with({
      actor: this.#cell.address,
      definition: this.#cell.definition.name,
    }));
  }

  get self(): ActorAddress {
    return this.#cell.address;
  }
  get name(): string | undefined {
    return this.#cell.spec.name;
  }
  get parent(): ActorAddress | undefined {
    return this.#cell.spec.parent;
  }
  get node(): string {
    return this.#cell.host.node;
  }
  get executor(): number {
    return this.#cell.host.id;
  }
  get incarnation(): number {
    return this.#cell.incarnation;
  }
  get clock() {
    return this.#cell.host.clock;
  }
  get signal(): AbortSignal {
    return this.#cell.turns.hand.current.signal;
  }
  get remainingMs(): number {
    return this.#cell.turns.hand.current.remainingMs();
  }
  get sender(): ActorAddress | undefined {
    return this.#cell.turns.hand.current.sender;
  }

  get traceparent(): string | undefined {
    return this.#cell.turns.hand.trace;
  }

  /** Not an async function: a child that runs at once costs one promise and not several. */
  spawn<D extends AnyDefinition>(
    definition: D,
    args: ArgsOf<D>,
    options: ChildOptions = NO_OPTIONS,
  ): Promise<ActorRef<D>> {
    try {
      const spec = specOf(definition, args, options, this.self, 'same');
      const started = this.#cell.family.spawn(spec, options.node, this.callScope());
      return 'then' in started
        ? started.then((address) => this.spawned(definition, address, options))
        : Promise.resolve(this.spawned(definition, started, options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  private spawned<D extends AnyDefinition>(
    definition: D,
    child: ActorAddress | Addressed,
    { link }: ChildOptions,
  ): ActorRef<D> {
    const ref = makeRef(definition, child, this);
    if (link === true) this.link(ref.address);
    return ref;
  }

  get supervisor(): SupervisorDoor {
    return new FamilyDoor(this.#cell.family, () => this.callScope());
  }

  /** The node can not go on; for its guardian. */
  fatal(error: SkepError): void {
    this.#cell.host.fatal(error);
  }

  async spawnSpec(spec: SpawnSpec): Promise<ActorAddress> {
    const started = this.#cell.family.spawn(spec, undefined, this.callScope());
    return 'then' in started ? started : started.address;
  }

  ref<D extends RefTarget>(definition: D, address: ActorAddress): ActorRef<D> {
    return makeRef(definition, address, this);
  }

  async lookup<D extends AnyDefinition>(definition: D, name: string, node?: string): Promise<ActorRef<D> | undefined> {
    const address = await this.#cell.host.lookup(name, node);
    if (address === undefined) return undefined;
    // Only a durable session goes on from the name.
    const named = definition.reliable?.durable === true ? { node: node ?? this.#cell.host.node, name } : undefined;
    return makeRef(definition, address, this, named);
  }

  monitor(address: ActorAddress): void {
    this.#cell.watch.monitor(address);
  }

  demonitor(address: ActorAddress): void {
    this.#cell.watch.demonitor(address);
  }

  link(address: ActorAddress): void {
    if (address !== this.self) this.#cell.links.link(address, this.self);
  }

  unlink(address: ActorAddress): void {
    this.#cell.links.unlink(address);
    this.#cell.turns.forgetExits(address);
  }

  exit(address: ActorAddress, reason: ExitReason | 'kill'): void {
    const signal: Signal =
      reason === 'kill'
        ? { type: 'exit', by: 'kill', reason: { class: 'killed', message: 'killed' } }
        : { type: 'exit', by: 'exit', reason };
    this.#cell.host.deliver({ kind: 'signal', to: address, from: this.self, signal });
  }

  stop(address: ActorAddress = this.self, reason: ExitReason = SHUTDOWN): void {
    this.#cell.knownFamily?.leaves(address);
    this.#cell.host.deliver({ kind: 'signal', to: address, from: this.self, signal: { type: 'stop', reason } });
  }

  after(delayMs: number, key: string): void {
    this.cancelTimer(key);
    const timer = this.#cell.host.clock.after(delayMs, () => {
      this.#cell.timers?.delete(key);
      this.#cell.inform({ type: 'timer', key });
    });
    (this.#cell.timers ??= new Map()).set(key, timer);
  }

  every(periodMs: number, key: string): void {
    const arm = (): void => {
      // A period of nothing would hold a clock that stands still at one instant for ever.
      const timer = this.#cell.host.clock.after(Math.max(1, periodMs), () => {
        arm();
        this.#cell.inform({ type: 'timer', key });
      });
      (this.#cell.timers ??= new Map()).set(key, timer);
    };
    this.cancelTimer(key);
    arm();
  }

  cancelTimer(key: string): void {
    this.#cell.cancelTimer(key);
  }

  stash(): void {
    this.#cell.turns.aside.keep('stash', 'unstash');
  }

  unstashAll(): void {
    this.#cell.turns.aside.unstashAll();
  }

  defer<Reply>(): ReplyToken<Reply> {
    return this.#cell.turns.aside.defer() as ReplyToken<Reply>;
  }

  reply<Reply>(token: ReplyToken<Reply>, value: Reply): boolean {
    return this.#cell.turns.aside.answer(token, { value });
  }

  fail(token: ReplyToken, error: SkepError): boolean {
    return this.#cell.turns.aside.answer(token, { error });
  }

  postpone(): void {
    this.#cell.turns.aside.keep('postpone', 'phase');
  }

  next(state: unknown): void {
    this.#cell.turns.aside.next(state);
  }

  repeat(state?: unknown): void {
    this.#cell.turns.aside.repeat(state);
  }

  insert(cast: string, message?: unknown): void {
    this.#cell.turns.aside.insert(cast, message);
  }

  timeout(name: string, delayMs: number): void {
    this.#cell.turns.aside.timeout(name, delayMs);
  }

  get groups(): ActorGroups {
    return this.#cell.host.services.groupsOf(this.#cell, this);
  }

  publish(topic: string, message: unknown): boolean {
    return this.#cell.host.services.topics.publish(this.self, topic, message, this.#cell.turns.hand.trace);
  }

  async subscribe(pattern: string, options: SubscribeOptions = {}): Promise<void> {
    await this.#cell.host.services.subscribe(this.#cell, pattern, options);
  }

  unsubscribe(pattern: string): boolean {
    return this.#cell.host.services.topics.unsubscribe(this.self, pattern);
  }

  router<D extends RefTarget>(definition: D, source: RouteeSource, options: RouterOptions): Promise<Router<D>> {
    return this.#cell.host.services.router({ address: this.self, messenger: this }, definition, source, options);
  }

  pool<D extends AnyDefinition>(definition: D, args: ArgsOf<D>, options: PoolOptions): Promise<Pool<D>> {
    return makePool(this, definition, args, options, 'same');
  }

  get callMany(): CallMany {
    return callManyBy(this);
  }

  persist(events: unknown, options?: PersistOptions): Promise<unknown> {
    return this.journalFor('persist').persist(events, options);
  }

  persisted(id: string): boolean {
    return this.journalFor('persisted').persisted(id);
  }

  save(): Promise<void> {
    return this.journalFor('save').save();
  }

  erase(): Promise<void> {
    return this.journalFor('erase').erase();
  }

  stored(): Promise<void> {
    return this.journalFor('stored').stored();
  }

  afterDurable(delay: number | Date, key: string): Promise<void> {
    const dueMs = delay instanceof Date ? delay.getTime() : this.clock.wall() + Math.max(0, delay);
    return this.journalFor('afterDurable').setTimer(dueMs, 0, key);
  }

  everyDurable(periodMs: number, key: string): Promise<void> {
    // A period of nothing would be due for ever.
    const period = Math.max(1, periodMs);
    return this.journalFor('everyDurable').setTimer(this.clock.wall() + period, period, key);
  }

  cancelDurable(key: string): Promise<void> {
    return this.journalFor('cancelDurable').cancelTimer(key);
  }

  private journalFor(method: string): Journal {
    const { journal, definition } = this.#cell;
    if (journal !== undefined) return journal;
    const text = `ctx.${method}: ${definition.name} declares neither "persistence" nor "durable"`;
    throw new SkepError('BAD_USAGE', text, { method });
  }

  get reliable(): ReliableMessenger {
    return this.#cell.host.services.reliableOf(this.self, () => this.#cell.turns.hand.trace, this.#cell.journal);
  }

  tryCast(to: ActorAddress, name: string, message: unknown, options?: CastOptions): CastOutcome {
    return this.#cell.host.offer(castEnvelope(this.self, to, name, message, options, this.#cell.turns.hand.trace));
  }

  near(to: ActorAddress): NearActor | undefined | null {
    return this.#cell.host.near(to);
  }

  castNear(actor: NearActor, name: string, message: unknown): CastOutcome {
    const cell = this.#cell;
    const trace = cell.knownTurns?.hand.trace;
    const { address: to } = actor;
    const { address: from } = cell;
    return actor.accept(
      trace === undefined
        ? { kind: 'cast', to, from, name, message }
        : { kind: 'cast', to, from, name, message, trace },
      false,
    );
  }

  call(to: ActorAddress, name: string, message: unknown, options: CallOptions, near?: NearActor): Promise<unknown> {
    return this.#cell.host.call(to, name, message, options, this.callScope(), near);
  }

  stream(to: ActorAddress, name: string, message: unknown, options: CallOptions): AsyncIterable<unknown> {
    return this.#cell.host.stream(to, name, message, options, this.callScope());
  }

  drained(to: ActorAddress): Promise<void> {
    return this.#cell.host.drained(to);
  }

  offload<Args, Result>(
    task: OffloadTask<Args, Result>,
    args: Args,
    options: OffloadOptions = {},
  ): Promise<Awaited<Result>> {
    const any = task as OffloadTask;
    return this.#cell.host.offload(any, args, options, this.callScope()) as Promise<Awaited<Result>>;
  }

  private callScope(): CallScope {
    return this.#cell.turns.hand.current.scopeOf(this.#cell.address);
  }
}
