/**
 * A cell is one living actor: its address, its state and its life cycle. It joins the lanes (`cell-turns.ts`), the
 * children (`cell-family.ts`), the monitors (`cell-watch.ts`) and the links (`cell-links.ts`). Signals never touch the user's state and are handled
 * as they arrive, so no flood of messages can delay them.
 *
 *     starting -> running -> failed -> starting ...      (failed: the mailbox is kept, nothing runs)
 *         |          '-- resume --'                      (its supervisor may halt it there, so that its life ends)
 *         '----------+---------'-> stopping -> stopped   (stopping: the handler at work, children, terminate)
 */
import { type ActorAddress, addressParts } from '#protocols/wire/address';
import { type ExitReason, type ExitSignalKind, type Signal, SHUTDOWN, type SpawnSpec } from '#protocols/wire/envelope';
import { SkepError, unreachable } from '#protocols/wire/error';
import type { Traceparent } from '#protocols/wire/trace-context';
import type { AnyDefinition, Info } from '../actor/definition.js';
import { failureReason } from '../actor/failure.js';
import { checkPhase } from '../actor/phase-table.js';
import type { Receiver } from '../flow/grants.js';
import type { CastOutcome } from '../flow/outcome.js';
import { within } from '../clock/within.js';
import { Journal } from '../persistence/journal.js';
import { endWith, type Span } from '../telemetry/tracer.js';
import { CellContext } from './cell-context.js';
import { Family } from './cell-family.js';
import type { CellHost } from './cell-host.js';
import { Links } from './cell-links.js';
import { type Call, type Cast, refuse } from './cell-refusal.js';
import { Turns } from './cell-turns.js';
import { Watch } from './cell-watch.js';
import { Current, NO_CHAIN } from './current.js';
import type { Loss } from './losses.js';
import { shutdownMsOf } from './shutdown-time.js';

/** What there is to wait for when nothing is under way; shared, because every actor has one. */
const DONE: Promise<void> = Promise.resolve();

const NOT_ALIVE: ExitReason = { class: 'noproc', message: 'no such actor' };

export type CellStatus = 'starting' | 'running' | 'failed' | 'stopping' | 'stopped';

export class Cell implements Receiver {
  readonly address: ActorAddress;
  readonly serial: number;
  readonly spec: SpawnSpec;
  /** Another one after a reload. */
  definition: AnyDefinition;
  readonly context: CellContext;
  readonly turns: Turns;
  /** What the actor persists; only where its definition says so. */
  readonly journal: Journal | undefined;
  incarnation = 0;
  /** Whether the executor has this cell in its run queue. */
  scheduled = false;

  readonly #host: CellHost;
  // Made when they are first needed: most actors have no children and watch nobody.
  #family: Family | undefined;
  #watch: Watch | undefined;
  #links: Links | undefined;
  #status: CellStatus = 'starting';
  #state: unknown;
  /** Whether there is a state that terminate has not seen. */
  #initialised = false;
  #named = false;
  #bornS = 0;
  /** The start or restart under way; never rejects. */
  #beginning: Promise<void> = DONE;
  #stopping: Promise<void> | undefined;
  /** What was begun in a life that was taken by force goes no further. */
  #life = 0;

  constructor(host: CellHost, address: ActorAddress, spec: SpawnSpec, definition: AnyDefinition) {
    this.#host = host;
    this.address = address;
    this.serial = addressParts(address).serial;
    this.spec = spec;
    this.definition = definition;
    this.context = new CellContext(this, host);
    this.turns = new Turns(this, host);
    if (definition.persistence !== undefined || definition.durable !== undefined)
      this.journal = new Journal(this, host);
  }

  get family(): Family {
    return (this.#family ??= new Family(this, this.#host, {
      ...this.#host.defaults.supervision,
      ...this.definition.supervision,
    }));
  }
  /** The children, if there ever were any. */
  get knownFamily(): Family | undefined {
    return this.#family;
  }
  get watch(): Watch {
    return (this.#watch ??= new Watch(this.address, (to, signal) => this.#send(to, signal)));
  }
  get links(): Links {
    return (this.#links ??= new Links((from, to, signal) => this.#host.deliver({ kind: 'signal', to, from, signal })));
  }

  get status(): CellStatus {
    return this.#status;
  }
  get running(): boolean {
    return this.#status === 'running';
  }
  get ending(): boolean {
    return this.#status === 'stopping' || this.#status === 'stopped';
  }
  get state(): unknown {
    return this.#state;
  }
  set state(state: unknown) {
    this.#state = state;
  }
  get ready(): boolean {
    return this.turns.ready;
  }
  get room(): number | undefined {
    return this.turns.room;
  }
  /** When the present life began, in seconds of the executor's clock: a small integer takes no memory of its own. */
  get bornS(): number {
    return this.#bornS;
  }
  /** Children, oldest first. */
  get children(): readonly ActorAddress[] {
    return this.#family?.children.addresses() ?? [];
  }
  /** How many it watches, and how many watch it. */
  get monitors(): { readonly watching: number; readonly watchers: number } {
    return this.#watch?.sizes ?? { watching: 0, watchers: 0 };
  }

  /** Resolves once senders need not wait, or the actor ends. */
  drained(): Promise<void> {
    return this.turns.drained();
  }

  /** The first life, in the span of its start where there is one. Rejects when the actor did not come to run; it is gone then, and its mail is refused. */
  async start(trace?: Traceparent, span?: Span): Promise<void> {
    const began = this.#begin(trace, span);
    if (span !== undefined) endWith(span, began);
    this.#beginning = began.catch(() => {});
    try {
      await began;
      this.#beginning = DONE;
    } catch (error) {
      // A stop that came meanwhile waits for this start and takes everything down itself.
      if (!this.ending) await (this.#stopping ??= this.#abort(error));
      throw error;
    }
  }

  /** A new life after the thread of the life before died; a failure is the supervisor's to judge. */
  revive(incarnation: number): void {
    this.incarnation = incarnation - 1;
    this.#status = 'failed';
    this.#restart(incarnation, SHUTDOWN);
  }

  run(budget: number): number {
    const { upgrades } = this.#host.services.reloads;
    if (upgrades !== undefined && this.running && !this.turns.hand.busy) upgrades.apply(this);
    return this.turns.run(budget);
  }

  wake(): void {
    this.#host.schedule(this);
  }

  /** Takes a cast or call; `onCredit` when it came from another executor. */
  accept(envelope: Cast | Call, onCredit: boolean): CastOutcome {
    if (!this.ending) return this.turns.accept(envelope, onCredit);
    refuse(this.#host, this, envelope, 'stopped');
    return 'refused';
  }

  inform(info: Info): void {
    if (this.definition.info !== undefined && !this.ending) this.turns.inform(info);
  }

  /** A signal from `from`, sent to this actor under the address `to`. */
  signal(signal: Signal, from: ActorAddress, to: ActorAddress): void {
    switch (signal.type) {
      case 'monitor':
        this.watch.addWatcher(signal.watcher, to);
        return;
      case 'demonitor':
        this.#watch?.removeWatcher(signal.watcher, to);
        return;
      case 'down':
        if (this.#watch?.isWatching(signal.address) !== true) return;
        if (this.definition.info === undefined) this.#watch.fired(signal.address);
        else this.inform(signal);
        return;
      case 'failed':
      case 'exited':
        this.#family?.news(signal);
        return;
      case 'started':
      case 'halted':
        this.#family?.news({ type: signal.type, child: from });
        return;
      case 'restart':
        if (from === this.spec.parent) this.#restart(signal.incarnation ?? this.incarnation + 1, signal.reason);
        return;
      case 'resume':
        if (from === this.spec.parent) this.#resume();
        return;
      case 'halt':
        if (from === this.spec.parent) this.#halt(signal.reason, signal.brutal);
        return;
      case 'link':
        if (this.#isHalted) this.#answer(from, to, { type: 'exit', by: 'link', reason: NOT_ALIVE });
        else this.links.linked(from, to);
        return;
      case 'unlink':
        this.#links?.drop(from);
        return;
      case 'exit':
        this.#exitSignal(signal.by, from, signal.reason);
        return;
      case 'stop':
        void this.stop(signal.reason);
        return;
      case 'executor-down':
      case 'executor-up':
        // For the executor, which takes it before any actor could.
        return;
      default:
        unreachable(signal);
    }
  }

  /** An executor or node died: what this actor watched, supervised or served there is gone, and perhaps its parent. */
  lost({ gone, reason, culprit, concerns }: Loss): void {
    if (concerns !== 'supervisors') {
      this.#watch?.forgetWatchers(gone);
      this.turns.dropCallers(gone);
      for (const address of this.#watch?.watchedThatAre(gone) ?? [])
        this.signal({ type: 'down', address, reason }, address, this.address);
      for (const peer of this.#links?.peersThatAre(gone) ?? []) this.#exitSignal('link', peer, reason);
    }
    if (concerns !== 'all-but-supervisors') this.#family?.lost(gone, reason, culprit);
    if (concerns === 'supervisors' || this.spec.parent === undefined || !gone(this.spec.parent)) return;
    void this.stop({ class: 'shutdown', message: `its parent is gone: ${reason.message}` });
  }

  /** Ends the actor in order: the handler at work, the children, terminate, and then everyone who should know. */
  stop(reason: ExitReason): Promise<void> {
    this.#stopping ??= this.#stop(reason);
    return this.#stopping;
  }

  /** Stands still with its mailbox and asks the supervisor. */
  crashed(reason: ExitReason): void {
    if (this.#status !== 'running' && this.#status !== 'starting') return;
    this.#status = 'failed';
    this.#host.meter.failed(this.definition);
    this.turns.hand.cancel();
    this.journal?.end();
    this.turns.abandonStreams(this.#crashError(reason));
    if (this.spec.parent === undefined) void this.stop(reason);
    else this.#tellParent('failed', reason);
  }

  /** Whether a life has ended and the next has not begun. */
  get #isHalted(): boolean {
    return this.#status === 'failed' && !this.#initialised;
  }

  /** An exit signal, as Erlang's: it ends a life, unless it is normal or trapped. */
  #exitSignal(by: ExitSignalKind, from: ActorAddress, reason: ExitReason): void {
    if (by === 'link' && this.#links?.drop(from) !== true) return;
    if (by === 'kill') {
      if (this.#status !== 'running' && this.#status !== 'starting') return;
      const killed: ExitReason = { class: 'killed', message: reason.message };
      this.#cut(killed);
      this.crashed(killed);
    } else if (this.definition.trapExits === true) {
      this.inform({ type: 'exit-signal', from, reason, linked: by === 'link' });
    } else if (reason.class !== 'normal') this.crashed(reason);
    else if (from === this.address) void this.stop(reason);
  }

  /** Ends a life by force: no terminate, no waiting, and what is under way finds that it is over. */
  #cut(reason: ExitReason): void {
    this.#life += 1;
    this.#beginning = DONE;
    this.#initialised = false;
    this.journal?.end();
    this.context.cancelTimers();
    this.turns.abandon(this.#crashError(reason));
    this.#watch?.demonitorAll();
    this.#links?.breakAll(reason);
    this.#family?.abandon();
  }

  /** The supervisor ends this life, and may begin another. */
  #halt(reason: ExitReason, brutal: boolean): void {
    if (brutal) this.#cut(reason);
    if (this.ending) {
      if (brutal && this.#status === 'stopping') this.#end(reason, true);
      return;
    }
    this.#status = 'failed';
    this.turns.hand.cancel();
    const life = this.#life;
    const ended = this.#beginning.then(() => this.#endLife(reason, this.#crashError(reason)));
    this.#beginning = ended;
    void ended.then(() => {
      if (life === this.#life && !this.ending && this.spec.parent !== undefined)
        this.#send(this.spec.parent, { type: 'halted' });
    });
  }

  /** The supervisor begins the next life, once the one before has ended. */
  #restart(incarnation: number, reason: ExitReason): void {
    if (this.#status === 'running') this.#tellStarted();
    if (this.#status !== 'failed') return;
    this.#status = 'starting';
    const life = this.#life;
    this.#beginning = this.#beginning.then(async () => {
      if (this.#initialised) await this.#endLife(reason, this.#crashError(reason));
      if (life !== this.#life || this.status !== 'starting') return;
      this.incarnation = Math.max(this.incarnation, incarnation - 1);
      await this.#begin().then(
        () => this.#tellStarted(),
        (error: unknown) => {
          if (life === this.#life) this.#beginFailed(error);
        },
      );
    });
  }

  /** The supervisor lets this life go on. One that never had a state begins anew, as in
   * Akka, and one that stores its state begins with what it has stored. */
  #resume(): void {
    if (this.#status !== 'failed') return;
    if (!this.#initialised || this.journal !== undefined) {
      this.#restart(this.incarnation + 1, SHUTDOWN);
      return;
    }
    this.#status = 'running';
    this.#family?.resume();
    this.wake();
  }

  #tellParent(type: 'failed' | 'exited', reason: ExitReason): void {
    const { address, incarnation } = this;
    if (this.spec.parent !== undefined) this.#send(this.spec.parent, { type, child: address, reason, incarnation });
  }

  #tellStarted(): void {
    if (this.spec.parent !== undefined) this.#send(this.spec.parent, { type: 'started' });
  }

  /** Name, then init. Rejects unless the actor runs afterwards. */
  async #begin(trace?: Traceparent, span?: Span): Promise<void> {
    const life = this.#life;
    this.#status = 'starting';
    this.incarnation += 1;
    this.definition = this.#host.services.reloads.current(this.definition);
    if (this.incarnation > 1) this.#host.meter.restarted(this.definition);
    this.#bornS = Math.trunc(this.#host.clock.now() / 1_000);
    const { name } = this.spec;
    if (name !== undefined && !this.#named) {
      await this.#host.claimName(name, this.address);
      this.#named = true;
    }
    if (!this.ending) await this.#init(life, span?.trace ?? trace);
    if (this.status === 'starting' && life === this.#life) {
      this.#status = 'running';
      this.turns.enterFirst();
      this.wake();
      return;
    }
    // The time to stop was up before init was done: what init made is still to be released.
    if (this.status === 'stopped') await this.#terminate({ class: 'shutdown', message: 'stopped while it started' });
    throw new SkepError('ACTOR_STOPPED', `${this.definition.name} ended before it ran`, { actor: this.address });
  }

  async #init(life: number, trace: Traceparent | undefined): Promise<void> {
    const { parent } = this.spec;
    const origin = trace === undefined ? undefined : { name: '', trace };
    const current = new Current(this.#host.clock, parent, NO_CHAIN, Number.POSITIVE_INFINITY, '', origin);
    this.turns.hand.current = current;
    try {
      const init = (): unknown => this.definition.init(this.spec.args, this.context);
      const state: unknown = await this.#host.meter.inside(this, init);
      // A life that was taken meanwhile leaves nothing to the one that may have begun since.
      if (life !== this.#life) return;
      if (this.definition.phases !== undefined) checkPhase(this.definition, state);
      this.#state = state;
      this.#initialised = true;
      if (this.journal === undefined) return;
      const recovered: unknown = await this.journal.recover(state);
      if (life === this.#life) this.#state = recovered;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const facts = { definition: this.definition.name, ...(cause instanceof SkepError ? { cause: cause.code } : {}) };
      throw new SkepError('INIT_FAILED', `init of ${this.definition.name} failed: ${why}`, facts, cause);
    } finally {
      this.turns.hand.finish(current);
    }
  }

  #beginFailed(error: unknown): void {
    // Ended or halted meanwhile: its supervisor knows.
    if (this.#status !== 'starting') return;
    this.#host.log.error('restart failed', { actor: this.address, definition: this.definition.name, error });
    this.crashed(failureReason(error));
  }

  /** What a life leaves behind is cleared away before the next: its handler, streams, timers, monitors and children. */
  async #endLife(reason: ExitReason, error: SkepError): Promise<void> {
    const life = this.#life;
    this.context.cancelTimers();
    await within(this.#host.clock, this.#shutdownMs, this.turns.hand.idle());
    if (life !== this.#life) return;
    this.turns.abandon(error);
    this.#watch?.demonitorAll();
    this.#links?.breakAll(reason);
    this.#host.services.lifeEnded(this.address);
    await this.#family?.renew();
    if (life !== this.#life) return;
    await this.#terminate(reason);
    if (life === this.#life) this.context.cancelTimers();
  }

  async #stop(reason: ExitReason): Promise<void> {
    const life = this.#life;
    this.#status = 'stopping';
    this.turns.hand.cancel();
    this.turns.refuseAll();
    this.context.cancelTimers();
    const inTime = await within(
      this.#host.clock,
      this.#shutdownMs,
      Promise.all([this.#beginning, this.turns.hand.idle()]),
    );
    if (life !== this.#life) return;
    if (!inTime)
      this.#host.log.warn('shutdown time exceeded', { actor: this.address, definition: this.definition.name });
    this.turns.abandon(
      new SkepError('ACTOR_STOPPED', `${this.definition.name} stopped: ${reason.message}`, { actor: this.address }),
    );
    await this.family.close();
    if (life !== this.#life) return;
    await this.#terminate(reason);
    if (life === this.#life) this.#end(reason, true);
  }

  /** A first life that did not begin leaves nothing; its parent, who waits for the start, has the error as its answer. */
  async #abort(error: unknown): Promise<void> {
    const reason: ExitReason = { class: 'crash', message: error instanceof Error ? error.message : String(error) };
    this.#status = 'stopping';
    this.context.cancelTimers();
    this.turns.abandon(new SkepError('ACTOR_STOPPED', reason.message, { actor: this.address }));
    await this.family.close();
    await this.#terminate(reason);
    this.#end(reason, false);
  }

  /** Runs terminate once for each state that init made. */
  async #terminate(reason: ExitReason): Promise<void> {
    if (!this.#initialised) return;
    this.#initialised = false;
    const { terminate } = this.definition;
    if (terminate === undefined) return;
    this.turns.hand.current = new Current(this.#host.clock);
    const work = (async () => this.#host.meter.inside(this, () => terminate(this.#state, reason, this.context)))();
    work.catch((error: unknown) => this.#host.log.error('terminate failed', { actor: this.address, error }));
    if (await within(this.#host.clock, this.#shutdownMs, work)) return;
    this.#host.log.warn('shutdown time exceeded', { actor: this.address, definition: this.definition.name });
  }

  /** The last step: leftovers are refused, and watchers and the parent are told. */
  #end(reason: ExitReason, tellParent: boolean): void {
    this.#status = 'stopped';
    this.context.cancelTimers();
    this.journal?.end();
    this.turns.refuseAll();
    this.#watch?.demonitorAll();
    this.#host.remove(this);
    if (this.spec.name !== undefined) this.#host.releaseName(this.spec.name, this.address);
    this.#watch?.tellEnd(reason);
    this.#links?.breakAll(reason);
    if (tellParent) this.#tellParent('exited', reason);
  }

  /** Milliseconds that each step of its end may take. */
  get #shutdownMs(): number {
    return shutdownMsOf(this.spec.shutdown, this.#host.shutdownMs);
  }

  #crashError(reason: ExitReason): SkepError {
    const facts = { actor: this.address, class: reason.class };
    return new SkepError('ACTOR_CRASHED', `${this.definition.name} crashed: ${reason.message}`, facts);
  }

  /** Answers under the address that the other one used. */
  #answer(to: ActorAddress, as: ActorAddress, signal: Signal): void {
    this.#host.deliver({ kind: 'signal', to, from: as, signal });
  }

  #send(to: ActorAddress, signal: Signal): void {
    this.#host.deliver({ kind: 'signal', to, from: this.address, signal });
  }
}
