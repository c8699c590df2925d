/**
 * One life of a cell: its name, init and recovery at the beginning, and at the end the handler at work, the children and
 * terminate, each within its time. Whatever was waited for may belong to a life that was taken by force meanwhile, so
 * each step looks at the number of its life before it goes on.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { ExitReason } from '#protocols/wire/envelope';
import { SkepError } from '#protocols/wire/error';
import type { Traceparent } from '#protocols/wire/trace-context';
import { checkPhase } from '../actor/phase-table.js';
import { within } from '../clock/within.js';
import { endWith, type Span } from '../telemetry/tracer.js';
import { DONE } from './cell-extras.js';
import { isThenable } from './cell-hand.js';
import { CellParts } from './cell-parts.js';
import { Current, NO_CHAIN } from './current.js';
import { shutdownMsOf } from './shutdown-time.js';

/** Steps of promises that a handler which stopped its own actor, and goes on after that, is left to come to its end. */
const MOMENT = 8;

export type CellStatus = 'starting' | 'running' | 'failed' | 'stopping' | 'stopped';

export abstract class Life extends CellParts {
  #status: CellStatus = 'starting';
  #state: unknown;
  /** Whether there is a state that terminate has not seen. */
  protected initialised = false;
  #bornS = 0;

  /** The start or restart under way; never rejects. */
  protected get beginning(): Promise<void> {
    return this.knownExtras?.beginning ?? DONE;
  }
  protected set beginning(beginning: Promise<void>) {
    if (beginning !== DONE || this.knownExtras !== undefined) this.extras.beginning = beginning;
  }
  /** What was begun in a life that was taken by force goes no further. */
  protected get life(): number {
    return this.knownExtras?.taken ?? 0;
  }

  get status(): CellStatus {
    return this.#status;
  }
  protected set status(status: CellStatus) {
    this.#status = status;
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
  /** When the present life began, in seconds of the executor's clock: a small integer takes no memory of its own. */
  get bornS(): number {
    return this.#bornS;
  }

  /**
   * The first life, in the span of its start where there is one. Undefined when the actor runs already, because nothing
   * had to be waited for. Rejects when it did not come to run; it is gone then, and its mail is refused.
   */
  start(trace?: Traceparent, span?: Span): Promise<void> | undefined {
    const began = this.begin(trace, span);
    if (began !== undefined) return this.started(began, span);
    span?.end();
    return undefined;
  }

  private async started(began: Promise<void>, span: Span | undefined): Promise<void> {
    if (span !== undefined) endWith(span, began);
    this.beginning = began.catch(() => {});
    try {
      await began;
      this.beginning = DONE;
    } catch (error) {
      // A stop that came meanwhile waits for this start and takes everything down itself.
      if (!this.ending) await (this.extras.stopping ??= this.abort(error));
      throw error;
    }
  }

  /** Ends the actor in order: the handler at work, the children, terminate, and then everyone who should know. */
  stop(reason: ExitReason): Promise<void> {
    return (this.extras.stopping ??= this.stopInOrder(reason));
  }

  /** Name, then init. Undefined when the actor runs; rejects unless it does afterwards. */
  protected begin(trace?: Traceparent, span?: Span): Promise<void> | undefined {
    const life = this.life;
    this.#status = 'starting';
    this.incarnation += 1;
    this.definition = this.host.services.reloads.current(this.definition);
    if (this.incarnation > 1) this.host.meter.restarted(this.definition);
    this.#bornS = Math.trunc(this.host.clock.now() / 1_000);
    const { name } = this.spec;
    const inherited = span?.trace ?? trace;
    if (name !== undefined && this.knownExtras?.named !== true) return this.beginNamed(name, life, inherited);
    const initialising = this.ending ? undefined : this.init(life, inherited);
    return initialising === undefined ? this.began(life) : initialising.then(() => this.began(life));
  }

  private async beginNamed(name: string, life: number, trace: Traceparent | undefined): Promise<void> {
    await this.host.claimName(name, this.address);
    this.extras.named = true;
    if (!this.ending) await this.init(life, trace);
    await this.began(life);
  }

  /** Name and init are done: the actor runs, unless its end came first. */
  private began(life: number): Promise<void> | undefined {
    if (this.status !== 'starting' || life !== this.life) return this.endedBefore();
    this.#status = 'running';
    if (this.definition.phases !== undefined) this.turns.enterFirst();
    if (this.knownTurns !== undefined) this.wake();
    return undefined;
  }

  private async endedBefore(): Promise<never> {
    // The time to stop was up before init was done: what init made is still to be released.
    if (this.status === 'stopped') await this.terminate({ class: 'shutdown', message: 'stopped while it started' });
    throw new SkepError('ACTOR_STOPPED', `${this.definition.name} ended before it ran`, { actor: this.address });
  }

  /** Undefined when init is done. Most are done at once, and a promise for each would cost more than the actor. */
  private init(life: number, trace: Traceparent | undefined): Promise<void> | undefined {
    // An init that asks for nothing needs no hand; one that does finds it is its starter's.
    if (trace !== undefined || this.knownTurns !== undefined) {
      const origin = trace === undefined ? undefined : { name: '', trace };
      const forever = Number.POSITIVE_INFINITY;
      this.turns.hand.current = new Current(this.host.clock, this.starter, NO_CHAIN, forever, '', origin);
    }
    try {
      const init = (): unknown => this.definition.init(this.spec.args, this.context);
      const state: unknown = this.host.meter.inside(this, init);
      if (this.journal !== undefined || isThenable(state)) return this.initLater(life, state, this.turns.hand.current);
      this.adopt(life, state);
    } catch (cause) {
      this.endInit();
      return Promise.reject(this.initError(cause));
    }
    this.endInit();
    return undefined;
  }

  private endInit(): void {
    if (this.knownTurns !== undefined) this.knownTurns.hand.finish(this.knownTurns.hand.current);
  }

  private async initLater(life: number, initial: unknown, current: Current): Promise<void> {
    try {
      const state: unknown = await initial;
      if (!this.adopt(life, state) || this.journal === undefined) return;
      const recovered: unknown = await this.journal.recover(state);
      if (life === this.life) this.#state = recovered;
    } catch (cause) {
      throw this.initError(cause);
    } finally {
      this.turns.hand.finish(current);
    }
  }

  /** A life that was taken meanwhile leaves nothing to the one that may have begun since. */
  private adopt(life: number, state: unknown): boolean {
    if (life !== this.life) return false;
    if (this.definition.phases !== undefined) checkPhase(this.definition, state);
    this.#state = state;
    this.initialised = true;
    return true;
  }

  private initError(cause: unknown): SkepError {
    const why = cause instanceof Error ? cause.message : String(cause);
    const facts = { definition: this.definition.name, ...(cause instanceof SkepError ? { cause: cause.code } : {}) };
    return new SkepError('INIT_FAILED', `init of ${this.definition.name} failed: ${why}`, facts, cause);
  }

  /** Who started it, while it starts. */
  get starter(): ActorAddress | undefined {
    return this.#status === 'starting' ? this.spec.parent : undefined;
  }

  /** What a life leaves behind is cleared away before the next: its handler, streams, timers, monitors and children. */
  protected async endLife(reason: ExitReason, error: SkepError): Promise<void> {
    const life = this.life;
    this.cancelTimers();
    const { knownTurns } = this;
    if (knownTurns !== undefined) await within(this.host.clock, this.shutdownMs, knownTurns.hand.idle());
    if (life !== this.life) return;
    this.knownTurns?.abandon(error);
    this.knownWatch?.demonitorAll();
    this.knownLinks?.breakAll(reason);
    this.host.services.lifeEnded(this.address);
    await this.knownFamily?.renew();
    if (life !== this.life) return;
    await this.terminate(reason);
    if (life === this.life) this.cancelTimers();
  }

  private async stopInOrder(reason: ExitReason): Promise<void> {
    const life = this.life;
    this.#status = 'stopping';
    const { beginning, knownTurns } = this;
    knownTurns?.hand.cancel();
    knownTurns?.refuseAll();
    this.cancelTimers();
    const atWork = beginning !== DONE || knownTurns?.hand.busy === true;
    const inTime = atWork
      ? within(this.host.clock, this.shutdownMs, Promise.all([beginning, knownTurns?.hand.idle()]))
      : DONE;
    if ((await inTime) === false && life === this.life)
      this.host.log.warn('shutdown time exceeded', { actor: this.address, definition: this.definition.name });
    // Who stops itself has a handler on the stack: one that goes on after it is left a moment.
    for (let left = MOMENT; left > 0 && !atWork && this.knownTurns?.hand.empty === false; left -= 1) await DONE;
    if (life !== this.life) return;
    if (this.knownTurns?.idle === false) this.knownTurns.abandon(this.stoppedError(reason.message));
    if (this.closesFamily()) await this.family.close();
    if (life !== this.life) return;
    if (this.terminates) await this.terminate(reason);
    if (life === this.life) this.end(reason, true);
  }

  /** Starts no children from now on; true when there may be some. */
  private closesFamily(): boolean {
    this.extras.childless = true;
    return this.knownFamily !== undefined;
  }

  /** A first life that did not begin leaves nothing; its parent, who waits for the start, has the error as its answer. */
  private async abort(error: unknown): Promise<void> {
    const reason: ExitReason = { class: 'crash', message: error instanceof Error ? error.message : String(error) };
    this.#status = 'stopping';
    this.cancelTimers();
    this.knownTurns?.abandon(new SkepError('ACTOR_STOPPED', reason.message, { actor: this.address }));
    if (this.closesFamily()) await this.family.close();
    await this.terminate(reason);
    this.end(reason, false);
  }

  /** Whether terminate has something to do. */
  private get terminates(): boolean {
    return this.initialised && this.definition.terminate !== undefined;
  }

  /** Runs terminate once for each state that init made. */
  private async terminate(reason: ExitReason): Promise<void> {
    if (!this.initialised) return;
    this.initialised = false;
    const { terminate } = this.definition;
    if (terminate === undefined) return;
    this.turns.hand.current = new Current(this.host.clock);
    const work = (async () => this.host.meter.inside(this, () => terminate(this.#state, reason, this.context)))();
    work.catch((error: unknown) => this.host.log.error('terminate failed', { actor: this.address, error }));
    if (await within(this.host.clock, this.shutdownMs, work)) return;
    this.host.log.warn('shutdown time exceeded', { actor: this.address, definition: this.definition.name });
  }

  /** The last step: leftovers are refused, and watchers and the parent are told. */
  protected end(reason: ExitReason, tellParent: boolean): void {
    this.#status = 'stopped';
    // Refs that know this actor may outlive it for long.
    this.#state = undefined;
    this.cancelTimers();
    this.journal?.end();
    this.knownTurns?.refuseAll();
    this.knownWatch?.demonitorAll();
    this.host.remove(this);
    if (this.spec.name !== undefined) this.host.releaseName(this.spec.name, this.address);
    this.knownWatch?.tellEnd(reason);
    this.knownLinks?.breakAll(reason);
    if (tellParent) this.tellParent('exited', reason);
    // Whoever still holds the cell does not hold what it had.
    this.#state = undefined;
    this.knownExtras?.end();
    this.ended();
  }

  /** Nothing more is to come. */
  protected abstract ended(): void;

  protected tellParent(type: 'failed' | 'exited', reason: ExitReason): void {
    const { address, incarnation } = this;
    if (this.spec.parent !== undefined) this.send(this.spec.parent, { type, child: address, reason, incarnation });
  }

  cancelTimer(key: string): void {
    this.timers?.get(key)?.cancel();
    this.timers?.delete(key);
    this.knownTurns?.forgetTimer(key);
  }

  /** Ends all timers; a restarted actor begins without any. */
  protected cancelTimers(): void {
    for (const key of [...(this.timers?.keys() ?? [])]) this.cancelTimer(key);
    this.timers = undefined;
    this.knownTurns?.cancelTimeouts();
  }

  /** Milliseconds that each step of its end may take. */
  private get shutdownMs(): number {
    return shutdownMsOf(this.spec.shutdown, this.host.shutdownMs);
  }

  private stoppedError(why: string): SkepError {
    return new SkepError('ACTOR_STOPPED', `${this.definition.name} stopped: ${why}`, { actor: this.address });
  }

  protected crashError(reason: ExitReason): SkepError {
    const facts = { actor: this.address, class: reason.class };
    return new SkepError('ACTOR_CRASHED', `${this.definition.name} crashed: ${reason.message}`, facts);
  }
}
