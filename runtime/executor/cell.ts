/**
 * A cell is one living actor: what messages and signals do to it. Messages wait in its lanes (`cell-turns.ts`). Signals
 * never touch the user's state and are handled as they arrive, so no flood of messages can delay them.
 *
 *     starting -> running -> failed -> starting ...      (failed: the mailbox is kept, nothing runs)
 *         |          '-- resume --'                      (its supervisor may halt it there, so that its life ends)
 *         '----------+---------'-> stopping -> stopped   (stopping: the handler at work, children, terminate)
 *
 * The parts are in `cell-parts.ts`, a life in `cell-life.ts`, failures and restarts in `cell-supervised.ts`.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { ExitReason, Signal, SpawnSpec } from '#protocols/wire/envelope';
import { unreachable } from '#protocols/wire/error';
import type { AnyDefinition, Info } from '../actor/definition.js';
import type { Receiver } from '../flow/grants.js';
import type { CastOutcome } from '../flow/outcome.js';
import { Journal } from '../persistence/journal.js';
import { CellContext } from './cell-context.js';
import { DONE } from './cell-extras.js';
import type { CellHost } from './cell-host.js';
import { type Call, type Cast, refuse } from './cell-refusal.js';
import { SupervisedLife } from './cell-supervised.js';
import { Turns } from './cell-turns.js';
import type { Loss } from './losses.js';

const NOT_ALIVE: ExitReason = { class: 'noproc', message: 'no such actor' };

export class Cell extends SupervisedLife implements Receiver {
  readonly journal: Journal | undefined;
  /** Messages taken out of the mailbox in all its lives, as of the last time it was asked to rest. */
  #processed = 0;
  #turns: Turns | undefined;
  #context: CellContext | undefined;

  constructor(host: CellHost, serial: number, spec: SpawnSpec, definition: AnyDefinition) {
    super(host, serial, spec, definition);
    if (definition.persistence !== undefined || definition.durable !== undefined)
      this.journal = new Journal(this, host);
  }

  get turns(): Turns {
    return this.#turns ?? this.#wakeUp();
  }
  get knownTurns(): Turns | undefined {
    return this.#turns;
  }
  get context(): CellContext {
    return (this.#context ??= new CellContext(this));
  }
  get ready(): boolean {
    return this.#turns?.ready === true;
  }
  get mailboxSize(): number {
    return this.#turns?.mailboxSize ?? 0;
  }
  /** What it has before it, see `Turns.load`. */
  get load(): number {
    return this.#turns?.load ?? 0;
  }
  /** Messages taken out of the mailbox in all its lives. */
  get processed(): number {
    return this.#turns?.processed ?? this.#processed;
  }
  get room(): number | undefined {
    return this.turns.room;
  }

  /** Whether its life is over: its address is dead, or that of a cell which came after. */
  get gone(): boolean {
    return this.status === 'stopped';
  }

  /** Resolves once senders need not wait, or the actor ends. */
  drained(): Promise<void> {
    return this.#turns?.drained() ?? DONE;
  }

  run(budget: number): number {
    const { upgrades } = this.host.services.reloads;
    if (upgrades !== undefined && this.running && !this.turns.hand.busy) upgrades.apply(this);
    return this.turns.run(budget);
  }

  /** Gives up what its turns need, if nothing happened since it was asked last. */
  rest(): boolean {
    const turns = this.#turns;
    if (turns !== undefined) {
      const idle = turns.idle && !this.scheduled && turns.processed === this.#processed;
      this.#processed = turns.processed;
      if (!idle) return this.status === 'stopped';
      this.#turns = undefined;
    }
    this.#context = undefined;
    return true;
  }

  protected ended(): void {
    if (this.#turns !== undefined) this.host.awake.ended();
    this.#turns = undefined;
    this.#context = undefined;
  }

  #wakeUp(): Turns {
    const turns = new Turns(this, this.host, this.#processed);
    this.#turns = turns;
    this.host.awake.add(this);
    return turns;
  }

  wake(): void {
    if (!this.scheduled) this.host.schedule(this);
  }

  /** Takes a cast or call; `onCredit` when it came from another executor. */
  accept(envelope: Cast | Call, onCredit: boolean): CastOutcome {
    if (!this.ending) return this.turns.accept(envelope, onCredit);
    refuse(this.host, this, envelope, 'stopped');
    return 'refused';
  }

  /** Takes a call of an actor on this executor, whose deadline is known. */
  acceptCall(envelope: Call, deadlineMs: number): void {
    if (this.ending) refuse(this.host, this, envelope, 'stopped');
    else this.turns.acceptCall(envelope, false, deadlineMs);
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
        this.knownWatch?.removeWatcher(signal.watcher, to);
        return;
      case 'down':
        if (this.knownWatch?.isWatching(signal.address) !== true) return;
        if (this.definition.info === undefined) this.knownWatch.fired(signal.address);
        else this.inform(signal);
        return;
      case 'failed':
      case 'exited':
        this.knownFamily?.news(signal);
        return;
      case 'started':
      case 'halted':
        this.knownFamily?.news({ type: signal.type, child: from });
        return;
      case 'restart':
        if (from === this.spec.parent) this.restart(signal.incarnation ?? this.incarnation + 1, signal.reason);
        return;
      case 'resume':
        if (from === this.spec.parent) this.resume();
        return;
      case 'halt':
        if (from === this.spec.parent) this.halt(signal.reason, signal.brutal);
        return;
      case 'link':
        if (this.isHalted) this.answer(from, to, { type: 'exit', by: 'link', reason: NOT_ALIVE });
        else this.links.linked(from, to);
        return;
      case 'unlink':
        this.knownLinks?.drop(from);
        return;
      case 'exit':
        this.exitSignal(signal.by, from, signal.reason);
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
      this.knownWatch?.forgetWatchers(gone);
      this.#turns?.dropCallers(gone);
      for (const address of this.knownWatch?.watchedThatAre(gone) ?? [])
        this.signal({ type: 'down', address, reason }, address, this.address);
      for (const peer of this.knownLinks?.peersThatAre(gone) ?? []) this.exitSignal('link', peer, reason);
    }
    if (concerns !== 'all-but-supervisors') this.knownFamily?.lost(gone, reason, culprit);
    if (concerns === 'supervisors' || this.spec.parent === undefined || !gone(this.spec.parent)) return;
    void this.stop({ class: 'shutdown', message: `its parent is gone: ${reason.message}` });
  }
}
