/**
 * Lives under a supervisor: a failure stands still and asks, and the supervisor halts, restarts or resumes. Exit signals
 * end a life too, as in Erlang, and so does the loss of the thread that it was on.
 *
 *     running -> failed -> starting ...      (failed: the mailbox is kept, nothing runs)
 *           '-- resume --'                   (its supervisor may halt it there, so that its life ends)
 */
import type { ActorAddress } from '#protocols/wire/address';
import { type ExitReason, type ExitSignalKind, SHUTDOWN } from '#protocols/wire/envelope';
import { failureReason } from '../actor/failure.js';
import { DONE } from './cell-extras.js';
import { Life } from './cell-life.js';

export abstract class SupervisedLife extends Life {
  /** A new life after the thread of the life before died; a failure is the supervisor's to judge. */
  revive(incarnation: number): void {
    this.incarnation = incarnation - 1;
    this.status = 'failed';
    this.restart(incarnation, SHUTDOWN);
  }

  /** Stands still with its mailbox and asks the supervisor. */
  crashed(reason: ExitReason): void {
    if (this.status !== 'running' && this.status !== 'starting') return;
    this.status = 'failed';
    this.host.meter.failed(this.definition);
    this.knownTurns?.hand.cancel();
    this.journal?.end();
    this.knownTurns?.abandonStreams(this.crashError(reason));
    if (this.spec.parent === undefined) void this.stop(reason);
    else this.tellParent('failed', reason);
  }

  /** Whether a life has ended and the next has not begun. */
  protected get isHalted(): boolean {
    return this.status === 'failed' && !this.initialised;
  }

  /** An exit signal, as Erlang's: it ends a life, unless it is normal or trapped. */
  protected exitSignal(by: ExitSignalKind, from: ActorAddress, reason: ExitReason): void {
    if (by === 'link' && this.knownLinks?.drop(from) !== true) return;
    if (by === 'kill') {
      if (this.status !== 'running' && this.status !== 'starting') return;
      const killed: ExitReason = { class: 'killed', message: reason.message };
      this.cut(killed);
      this.crashed(killed);
    } else if (this.definition.trapExits === true) {
      this.inform({ type: 'exit-signal', from, reason, linked: by === 'link' });
    } else if (reason.class !== 'normal') this.crashed(reason);
    else if (from === this.address) void this.stop(reason);
  }

  /** Ends a life by force: no terminate, no waiting, and what is under way finds that it is over. */
  private cut(reason: ExitReason): void {
    this.extras.taken += 1;
    this.beginning = DONE;
    this.initialised = false;
    this.journal?.end();
    this.cancelTimers();
    this.knownTurns?.abandon(this.crashError(reason));
    this.knownWatch?.demonitorAll();
    this.knownLinks?.breakAll(reason);
    this.knownFamily?.abandon();
  }

  /** The supervisor ends this life, and may begin another. */
  protected halt(reason: ExitReason, brutal: boolean): void {
    if (brutal) this.cut(reason);
    if (this.ending) {
      if (brutal && this.status === 'stopping') this.end(reason, true);
      return;
    }
    this.status = 'failed';
    this.knownTurns?.hand.cancel();
    const life = this.life;
    const ended = this.beginning.then(() => this.endLife(reason, this.crashError(reason)));
    this.beginning = ended;
    void ended.then(() => {
      if (life === this.life && !this.ending && this.spec.parent !== undefined)
        this.send(this.spec.parent, { type: 'halted' });
    });
  }

  /** The supervisor begins the next life, once the one before has ended. */
  protected restart(incarnation: number, reason: ExitReason): void {
    if (this.status === 'running') this.tellStarted();
    if (this.status !== 'failed') return;
    this.status = 'starting';
    const life = this.life;
    this.beginning = this.beginning.then(async () => {
      if (this.initialised) await this.endLife(reason, this.crashError(reason));
      if (life !== this.life || this.status !== 'starting') return;
      this.incarnation = Math.max(this.incarnation, incarnation - 1);
      try {
        await this.begin();
      } catch (error) {
        if (life === this.life) this.beginFailed(error);
        return;
      }
      this.tellStarted();
    });
  }

  /**
   * The supervisor lets this life go on. One that never had a state begins anew, as in Akka, and one that stores its
   * state begins with what it has stored.
   */
  protected resume(): void {
    if (this.status !== 'failed') return;
    if (!this.initialised || this.journal !== undefined) {
      this.restart(this.incarnation + 1, SHUTDOWN);
      return;
    }
    this.status = 'running';
    this.knownFamily?.resume();
    this.wake();
  }

  private tellStarted(): void {
    if (this.spec.parent !== undefined) this.send(this.spec.parent, { type: 'started' });
  }

  private beginFailed(error: unknown): void {
    // Ended or halted meanwhile: its supervisor knows.
    if (this.status !== 'starting') return;
    this.host.log.error('restart failed', { actor: this.address, definition: this.definition.name, error });
    this.crashed(failureReason(error));
  }
}
