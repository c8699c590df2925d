/**
 * One life of a cell: its name, init and recovery at the beginning, and at the end the handler at work, the children and
 * terminate, each within its time. Whatever was waited for may belong to a life that was taken by force meanwhile, so
 * each step looks at the number of its life before it goes on.
 */
import type { ExitReason } from '#protocols/wire/envelope';
import { SkepError } from '#protocols/wire/error';
import type { Traceparent } from '#protocols/wire/trace-context';
import { checkPhase } from '../actor/phase-table.js';
import { within } from '../clock/within.js';
import { endWith, type Span } from '../telemetry/tracer.js';
import { CellParts } from './cell-parts.js';
import { Current, NO_CHAIN } from './current.js';
import { shutdownMsOf } from './shutdown-time.js';

/** What there is to wait for when nothing is under way; shared, because every actor has one. */
export const DONE: Promise<void> = Promise.resolve();

export type CellStatus = 'starting' | 'running' | 'failed' | 'stopping' | 'stopped';

export abstract class Life extends CellParts {
  #status: CellStatus = 'starting';
  #state: unknown;
  /** Whether there is a state that terminate has not seen. */
  protected initialised = false;
  #named = false;
  #bornS = 0;
  /** The start or restart under way; never rejects. */
  protected beginning: Promise<void> = DONE;
  #stopping: Promise<void> | undefined;
  /** What was begun in a life that was taken by force goes no further. */
  protected life = 0;

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

  /** The first life, in the span of its start where there is one. Rejects when the actor did not come to run; it is gone then, and its mail is refused. */
  async start(trace?: Traceparent, span?: Span): Promise<void> {
    const began = this.begin(trace, span);
    if (span !== undefined) endWith(span, began);
    this.beginning = began.catch(() => {});
    try {
      await began;
      this.beginning = DONE;
    } catch (error) {
      // A stop that came meanwhile waits for this start and takes everything down itself.
      if (!this.ending) await (this.#stopping ??= this.abort(error));
      throw error;
    }
  }

  /** Ends the actor in order: the handler at work, the children, terminate, and then everyone who should know. */
  stop(reason: ExitReason): Promise<void> {
    this.#stopping ??= this.stopInOrder(reason);
    return this.#stopping;
  }

  /** Name, then init. Rejects unless the actor runs afterwards. */
  protected async begin(trace?: Traceparent, span?: Span): Promise<void> {
    const life = this.life;
    this.#status = 'starting';
    this.incarnation += 1;
    this.definition = this.host.services.reloads.current(this.definition);
    if (this.incarnation > 1) this.host.meter.restarted(this.definition);
    this.#bornS = Math.trunc(this.host.clock.now() / 1_000);
    const { name } = this.spec;
    if (name !== undefined && !this.#named) {
      await this.host.claimName(name, this.address);
      this.#named = true;
    }
    if (!this.ending) await this.init(life, span?.trace ?? trace);
    if (this.status === 'starting' && life === this.life) {
      this.#status = 'running';
      this.turns.enterFirst();
      this.wake();
      return;
    }
    // The time to stop was up before init was done: what init made is still to be released.
    if (this.status === 'stopped') await this.terminate({ class: 'shutdown', message: 'stopped while it started' });
    throw new SkepError('ACTOR_STOPPED', `${this.definition.name} ended before it ran`, { actor: this.address });
  }

  private async init(life: number, trace: Traceparent | undefined): Promise<void> {
    const { parent } = this.spec;
    const origin = trace === undefined ? undefined : { name: '', trace };
    const current = new Current(this.host.clock, parent, NO_CHAIN, Number.POSITIVE_INFINITY, '', origin);
    this.turns.hand.current = current;
    try {
      const init = (): unknown => this.definition.init(this.spec.args, this.context);
      const state: unknown = await this.host.meter.inside(this, init);
      // A life that was taken meanwhile leaves nothing to the one that may have begun since.
      if (life !== this.life) return;
      if (this.definition.phases !== undefined) checkPhase(this.definition, state);
      this.#state = state;
      this.initialised = true;
      if (this.journal === undefined) return;
      const recovered: unknown = await this.journal.recover(state);
      if (life === this.life) this.#state = recovered;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const facts = { definition: this.definition.name, ...(cause instanceof SkepError ? { cause: cause.code } : {}) };
      throw new SkepError('INIT_FAILED', `init of ${this.definition.name} failed: ${why}`, facts, cause);
    } finally {
      this.turns.hand.finish(current);
    }
  }

  /** What a life leaves behind is cleared away before the next: its handler, streams, timers, monitors and children. */
  protected async endLife(reason: ExitReason, error: SkepError): Promise<void> {
    const life = this.life;
    this.context.cancelTimers();
    await within(this.host.clock, this.shutdownMs, this.turns.hand.idle());
    if (life !== this.life) return;
    this.turns.abandon(error);
    this.knownWatch?.demonitorAll();
    this.knownLinks?.breakAll(reason);
    this.host.services.lifeEnded(this.address);
    await this.knownFamily?.renew();
    if (life !== this.life) return;
    await this.terminate(reason);
    if (life === this.life) this.context.cancelTimers();
  }

  private async stopInOrder(reason: ExitReason): Promise<void> {
    const life = this.life;
    this.#status = 'stopping';
    this.turns.hand.cancel();
    this.turns.refuseAll();
    this.context.cancelTimers();
    const inTime = await within(
      this.host.clock,
      this.shutdownMs,
      Promise.all([this.beginning, this.turns.hand.idle()]),
    );
    if (life !== this.life) return;
    if (!inTime)
      this.host.log.warn('shutdown time exceeded', { actor: this.address, definition: this.definition.name });
    this.turns.abandon(
      new SkepError('ACTOR_STOPPED', `${this.definition.name} stopped: ${reason.message}`, { actor: this.address }),
    );
    await this.family.close();
    if (life !== this.life) return;
    await this.terminate(reason);
    if (life === this.life) this.end(reason, true);
  }

  /** A first life that did not begin leaves nothing; its parent, who waits for the start, has the error as its answer. */
  private async abort(error: unknown): Promise<void> {
    const reason: ExitReason = { class: 'crash', message: error instanceof Error ? error.message : String(error) };
    this.#status = 'stopping';
    this.context.cancelTimers();
    this.turns.abandon(new SkepError('ACTOR_STOPPED', reason.message, { actor: this.address }));
    await this.family.close();
    await this.terminate(reason);
    this.end(reason, false);
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
    this.context.cancelTimers();
    this.journal?.end();
    this.turns.refuseAll();
    this.knownWatch?.demonitorAll();
    this.host.remove(this);
    if (this.spec.name !== undefined) this.host.releaseName(this.spec.name, this.address);
    this.knownWatch?.tellEnd(reason);
    this.knownLinks?.breakAll(reason);
    if (tellParent) this.tellParent('exited', reason);
  }

  protected tellParent(type: 'failed' | 'exited', reason: ExitReason): void {
    const { address, incarnation } = this;
    if (this.spec.parent !== undefined) this.send(this.spec.parent, { type, child: address, reason, incarnation });
  }

  /** Milliseconds that each step of its end may take. */
  private get shutdownMs(): number {
    return shutdownMsOf(this.spec.shutdown, this.host.shutdownMs);
  }

  protected crashError(reason: ExitReason): SkepError {
    const facts = { actor: this.address, class: reason.class };
    return new SkepError('ACTOR_CRASHED', `${this.definition.name} crashed: ${reason.message}`, facts);
  }
}
