/**
 * The children of one actor at work: starting them, restarting those that fail after their back-off, and stopping them
 * newest first. What to do about a failure is decided by the pure table in `supervision/children.ts`.
 */
import type { ActorAddress } from '#protocols/wire/address';
import { type ExitReason, type Signal, SHUTDOWN, type SpawnSpec } from '#protocols/wire/envelope';
import { SkepError, unreachable } from '#protocols/wire/error';
import type { Info, SupervisionOptions } from '../actor/definition.js';
import type { Timer } from '../clock/clock.js';
import { SharedTimers } from '../clock/shared-timers.js';
import { within } from '../clock/within.js';
import { Children, type Verdict } from '../supervision/children.js';
import type { CallScope, CellHost } from './cell-host.js';
import type { IsGone } from './cell-watch.js';

/** What the family needs of its head. */
export interface FamilyHead {
  readonly address: ActorAddress;
  readonly running: boolean;
  inform(info: Info): void;
  /** Too many restarts: the head itself fails. */
  crashed(reason: ExitReason): void;
}

type News = Extract<Signal, { type: 'failed' | 'exited' }>;

/** News of children whose start is still under way that are kept at most. */
const MAX_EARLY = 1_024;
const PARENT_ENDS: ExitReason = { class: 'shutdown', message: 'its parent ends it' };

export class Family {
  readonly #head: FamilyHead;
  readonly #host: CellHost;
  readonly #children: Children;
  readonly #timers: SharedTimers;
  /** Restarts that wait for their back-off. */
  readonly #restarts = new Map<ActorAddress, Timer>();
  /** Children that were told to restart at least once. */
  readonly #restarted = new Set<ActorAddress>();
  readonly #onGone = new Map<ActorAddress, (() => void)[]>();
  #early: News[] = [];
  #starting = 0;
  #life = 0;
  #closing = false;
  /** Whether the failures that are being judged are those of a dead thread or node. */
  #losing = false;

  constructor(head: FamilyHead, host: CellHost, options: SupervisionOptions | undefined) {
    this.#head = head;
    this.#host = host;
    this.#children = new Children(options);
    this.#timers = new SharedTimers(host.clock);
  }

  get size(): number {
    return this.#children.size;
  }

  /** Starts a child. Rejects when it does not start, or when its parent ended or restarted meanwhile. */
  async spawn(spec: SpawnSpec, node: string | undefined, scope: CallScope): Promise<ActorAddress> {
    if (this.#closing) throw new SkepError('ACTOR_STOPPED', `${this.#head.address} is stopping and starts nothing`);
    const life = this.#life;
    this.#starting += 1;
    try {
      const address = await this.#host.start(spec, node, scope);
      if (life !== this.#life || this.#closing || scope.cancelled()) {
        this.#stop(address, PARENT_ENDS);
        const why = scope.cancelled() ? 'its caller gave up' : 'its parent ended';
        throw new SkepError('CALL_CANCELLED', `the start of ${spec.definition} was undone: ${why}`, { address });
      }
      this.#children.add(address, spec);
      this.#replay(address);
      return address;
    } finally {
      this.#starting -= 1;
      if (this.#starting === 0) this.#early = [];
    }
  }

  /** A child failed or ended. */
  news(signal: News): void {
    if (!this.#children.has(signal.child)) {
      // It may be faster than the answer to the call that started it.
      if (this.#starting > 0 && this.#early.length < MAX_EARLY) this.#early.push(signal);
    } else if (signal.type === 'failed') this.#failed(signal.child, signal.reason, false);
    else this.#exited(signal.child, signal.reason);
  }

  /**
   * An executor or a node died: its children there failed, all at once and for one cause. Where the culprit is known the
   * others did not fail themselves, and their return is no restart that counts.
   */
  lost(gone: IsGone, reason: ExitReason, culprit?: ActorAddress): void {
    let sameEvent = false;
    let count = 0;
    this.#losing = true;
    for (const child of this.#children.addresses()) {
      if (!gone(child) || this.#restarts.has(child)) continue;
      count += 1;
      if (culprit !== undefined && child !== culprit) this.#judge(child, reason, this.#children.excuse(child, reason));
      else {
        this.#failed(child, reason, sameEvent);
        sameEvent = true;
      }
    }
    this.#losing = false;
    if (count > 0) this.#host.log.warn('children lost', { actor: this.#head.address, count, reason: reason.message });
  }

  /** Stops all children, newest first, each after the other has ended or its time is up. */
  async stopAll(): Promise<void> {
    this.#cancelRestarts();
    while (this.#children.size > 0) {
      for (const child of this.#children.newestFirst()) {
        // Its node or thread may have died while an elder one was waited for: nothing is to be heard of it.
        if (!this.#children.has(child)) continue;
        const gone = new Promise<void>((resolve) => {
          this.#onGone.set(child, [...(this.#onGone.get(child) ?? []), resolve]);
        });
        this.#stop(child, PARENT_ENDS);
        const inTime = await within(this.#host.clock, this.#host.shutdownMs, gone);
        if (!inTime) this.#forget(child);
      }
    }
  }

  /** A new life of the head begins without children; starts that are under way belong to the old one. */
  async renew(): Promise<void> {
    this.#life += 1;
    await this.stopAll();
  }

  /** The head ends: children that are still to come are stopped as they arrive. */
  async close(): Promise<void> {
    await this.stopAll();
    this.#closing = true;
    this.#cancelRestarts();
  }

  #failed(child: ActorAddress, reason: ExitReason, sameEvent: boolean): void {
    this.#judge(child, reason, this.#children.judge(child, reason, this.#host.clock.now(), sameEvent));
  }

  #judge(child: ActorAddress, reason: ExitReason, verdict: Verdict): void {
    switch (verdict.type) {
      case 'ignore':
        return;
      case 'restart':
        this.#restartLater(child, verdict.spec, reason, verdict.delayMs);
        return;
      case 'stop-child':
        this.#stop(child, reason);
        // A child whose node is gone cannot say that it ended.
        if (reason.class === 'node-down') this.#exited(child, reason);
        return;
      case 'fail-self': {
        const { restarts, withinMs } = verdict;
        this.#host.log.error('restart intensity exceeded', { actor: this.#head.address, child, restarts, withinMs });
        this.#head.crashed({
          class: reason.class === 'normal' || reason.class === 'shutdown' ? 'crash' : reason.class,
          message: `a child failed again after ${restarts} restarts in ${withinMs} ms: ${reason.message}`,
        });
        return;
      }
      default:
        unreachable(verdict);
    }
  }

  #restartLater(child: ActorAddress, spec: SpawnSpec, reason: ExitReason, delayMs: number): void {
    // Of those that a dead thread takes with it one line tells; ten thousand would only hold up their return.
    const level = this.#losing ? 'debug' : 'warn';
    this.#host.log[level]('child restarts', { child, reason: reason.message, class: reason.class, delayMs });
    this.#restarts.get(child)?.cancel();
    const timer = this.#timers.after(delayMs, () => {
      this.#restarts.delete(child);
      this.#restarted.add(child);
      this.#send(child, { type: 'restart', spec, reason });
    });
    this.#restarts.set(child, timer);
  }

  #exited(child: ActorAddress, reason: ExitReason): void {
    if (reason.class === 'normal' && this.#head.running && this.#children.specOf(child)?.restart === 'permanent') {
      this.#failed(child, reason, false);
      return;
    }
    const restarted = this.#restarted.has(child);
    this.#forget(child);
    // Somebody may have stopped it while a restart was on its way to it: the restart has revived it, for nobody.
    if (restarted) this.#stop(child, SHUTDOWN);
    this.#head.inform({ type: 'exit', child, reason });
  }

  #forget(child: ActorAddress): void {
    this.#restarts.get(child)?.cancel();
    this.#restarts.delete(child);
    this.#restarted.delete(child);
    this.#children.remove(child);
    for (const done of this.#onGone.get(child) ?? []) done();
    this.#onGone.delete(child);
  }

  #replay(child: ActorAddress): void {
    const mine = this.#early.filter((signal) => signal.child === child);
    if (mine.length === 0) return;
    this.#early = this.#early.filter((signal) => signal.child !== child);
    for (const signal of mine) this.news(signal);
  }

  #cancelRestarts(): void {
    for (const timer of this.#restarts.values()) timer.cancel();
    this.#restarts.clear();
  }

  #stop(child: ActorAddress, reason: ExitReason): void {
    this.#send(child, { type: 'stop', reason });
  }

  #send(to: ActorAddress, signal: Signal): void {
    this.#host.deliver({ kind: 'signal', to, from: this.#head.address, signal });
  }
}
