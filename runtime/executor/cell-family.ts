/**
 * The children of one actor at work: starting them, ending the lives of those that fail and beginning new ones after
 * their back-off, and stopping them newest first. What to do about a failure is decided by the pure table in
 * `supervision/children.ts`; restarts of several children at once are in `cell-group.ts`.
 */
import { type ActorAddress, addressParts } from '#protocols/wire/address';
import { type ExitReason, type Signal, SHUTDOWN, type SpawnSpec } from '#protocols/wire/envelope';
import { SkepError, unreachable } from '#protocols/wire/error';
import type { Addressed } from '../actor/ref.js';
import type { Clock, Timer } from '../clock/clock.js';
import { SharedTimers } from '../clock/shared-timers.js';
import { within } from '../clock/within.js';
import { checkSignificant } from '../supervision/child-spec.js';
import { Children } from '../supervision/children.js';
import type { SupervisionOptions } from '../supervision/options.js';
import { GroupRestart, type PendingFailure } from './cell-group.js';
import type { CallScope } from './call-scope.js';
import type { CellHost, StartedHere } from './cell-host.js';
import type { IsGone } from './cell-watch.js';
import { type FamilyHead, PARENT_ENDS, TOO_SLOW } from './family-head.js';
import { type ChildNews, NewsClaims } from './child-news.js';
import { Starts } from './cell-starts.js';
import { SparseMap } from './sparse-map.js';
import { shutdownMsOf } from './shutdown-time.js';

export class Family {
  readonly children: Children;
  readonly claims = new NewsClaims();
  readonly clock: Clock;
  readonly options: SupervisionOptions;
  readonly #head: FamilyHead;
  readonly #host: CellHost;
  readonly #timers: SharedTimers;
  /** Restarts that wait for their back-off. */
  readonly #restarts = new SparseMap<ActorAddress, Timer>();
  /** Children that were told to stop: by their supervisor's will, or because they are given up. */
  readonly #leaving = new SparseMap<ActorAddress, 'ordered' | 'given-up'>();
  readonly #onGone = new SparseMap<ActorAddress, (() => void)[]>();
  /** Children whose failure the head made its own, with their reasons. */
  readonly #escalated = new SparseMap<ActorAddress, ExitReason>();
  #group: GroupRestart | undefined;
  readonly #starts = new Starts();
  #life = 0;
  /** All children are being stopped. */
  #ending = false;
  #closed: boolean;
  /** Whether the failures that are being judged are those of a dead thread or node. */
  #losing = false;

  constructor(head: FamilyHead, host: CellHost, options: SupervisionOptions, closed = false) {
    this.#closed = closed;
    this.#head = head;
    this.#host = host;
    this.clock = host.clock;
    this.options = options;
    this.children = new Children(options, host.random, addressParts(head.address));
    this.#timers = new SharedTimers(host.clock);
  }

  /** Starts a child, at once where it can; fails when it does not start, or when its parent ended or restarted. */
  spawn(spec: SpawnSpec, node: string | undefined, scope: CallScope): Promise<ActorAddress> | StartedHere {
    if (this.#closed) throw new SkepError('ACTOR_STOPPED', `${this.#head.address} is stopping and starts nothing`);
    checkSignificant(spec, this.options.autoShutdown);
    const life = this.#life;
    this.#starts.begin();
    let started: Promise<ActorAddress> | StartedHere;
    try {
      started = this.#host.startSoon(spec, node, scope);
    } catch (error) {
      return this.#starts.failed(error);
    }
    if (!('then' in started)) return this.#take(started, spec, life, scope);
    return started.then(
      (address) => this.#take({ address }, spec, life, scope).address,
      (error: unknown) => this.#starts.failed(error),
    );
  }

  /** A start succeeded. */
  #take<S extends Addressed | StartedHere>(started: S, spec: SpawnSpec, life: number, scope: CallScope): S {
    try {
      if (life !== this.#life || this.#closed || scope.cancelled()) {
        const { address } = started;
        this.#stop(address, PARENT_ENDS);
        const why = scope.cancelled() ? 'its caller gave up' : 'its parent ended';
        throw new SkepError('CALL_CANCELLED', `the start of ${spec.definition} was undone: ${why}`, { address });
      }
      if ('serial' in started && spec.id === undefined) this.children.addHere(started.serial, spec);
      else this.children.add(started.address, spec);
      if (this.#starts.hasNews) for (const news of this.#starts.take(started.address)) this.news(news);
      return started;
    } finally {
      this.#starts.over();
    }
  }

  /** A child says something of itself. */
  news(news: ChildNews): void {
    if (!this.children.has(news.child)) {
      this.#starts.keep(news);
      return;
    }
    if (this.#isStale(news) || this.claims.tell(news)) return;
    switch (news.type) {
      case 'failed':
        this.#failed(news);
        return;
      case 'exited':
        this.#exited(news.child, news.reason);
        return;
      case 'started':
        if (!this.#restarts.has(news.child)) this.children.setStatus(news.child, 'running');
        return;
      case 'halted':
        return;
      default:
        unreachable(news);
    }
  }

  /**
   * An executor or a node died: its children there failed, all at once and for one cause. Where the culprit is known the
   * others did not fail themselves, and their return is no restart that counts.
   */
  lost(gone: IsGone, reason: ExitReason, culprit?: ActorAddress): void {
    let sameEvent = false;
    // Children that go together with siblings have one failure between them, whoever is to blame.
    const alone = this.children.strategy === 'one-for-one';
    const blamed = culprit === undefined || (gone(culprit) && this.children.has(culprit));
    let count = 0;
    this.#losing = true;
    for (const child of this.children.addresses()) {
      if (!gone(child) || this.children.statusOf(child) === 'stopped') continue;
      count += 1;
      const forGood = reason.class === 'node-down';
      const news: ChildNews = forGood
        ? { type: 'exited', child, reason }
        : { type: 'failed', child, reason, lost: true };
      if (this.claims.tell(news)) continue;
      if (this.#ending || this.#leaving.has(child)) this.#settle(child, reason);
      else if (forGood || !this.#restarts.has(child)) {
        const excused = alone ? culprit !== undefined && child !== culprit : !blamed;
        this.#failed({ child, reason, lost: true, sameEvent, excused });
        sameEvent ||= !excused;
      }
    }
    this.#losing = false;
    if (count > 0) this.#host.log.warn('children lost', { actor: this.#head.address, count, reason: reason.message });
  }

  /** Ends a child for good, in order and within its time, or by force; resolves when it is gone. */
  async stopChild(child: ActorAddress, reason: ExitReason): Promise<void> {
    const spec = this.children.specOf(child);
    if (spec === undefined || this.children.statusOf(child) === 'stopped') return;
    this.#group?.without(child);
    this.#leaving.set(child, 'ordered');
    const gone = new Promise<void>((resolve) => {
      this.#onGone.set(child, [...(this.#onGone.get(child) ?? []), resolve]);
    });
    if (spec.shutdown === 'brutal') this.send(child, { type: 'halt', reason, brutal: true });
    this.#stop(child, reason);
    if (await within(this.clock, this.shutdownMsOf(child), gone)) return;
    this.send(child, { type: 'halt', reason: TOO_SLOW, brutal: true });
    this.#stop(child, TOO_SLOW);
    this.#settle(child, TOO_SLOW);
  }

  /** A new life of the head begins without children; starts that are under way belong to the old one. */
  async renew(): Promise<void> {
    this.#life += 1;
    await this.#stopAll();
    this.#ending = false;
  }

  /** The head ends: children that are still to come are stopped as they arrive. */
  async close(): Promise<void> {
    await this.#stopAll();
    this.#closed = true;
  }

  /** The head was killed: nobody waits for its children, which end by themselves. */
  abandon(): void {
    this.#life += 1;
    this.#quieten();
    for (const child of this.children.newestFirst()) {
      this.#stop(child, PARENT_ENDS);
      this.#ending = true;
      this.#forget(child);
    }
    this.#ending = false;
  }

  /** The head told this address to stop by itself; if it is a child, it is not to come back. */
  leaves(child: ActorAddress): void {
    if (this.children.has(child) && this.children.statusOf(child) !== 'stopped') this.#leaving.set(child, 'ordered');
  }

  /** The head goes on after a failure; those whose failure it was go on with it. */
  resume(): void {
    for (const [child] of this.#escalated.entries()) this.send(child, { type: 'resume' });
    this.#escalated.clear();
  }

  /** Resolves when no group of children is being halted or started. */
  async quiet(): Promise<void> {
    await this.#group?.quiet();
  }

  /** Begins a new life of a child. */
  restart(child: ActorAddress, reason: ExitReason): void {
    const spec = this.children.specOf(child);
    if (spec === undefined) return;
    this.send(child, { type: 'restart', spec, reason, incarnation: this.children.nextLife(child) });
  }

  shutdownMsOf(child: ActorAddress): number {
    return shutdownMsOf(this.children.specOf(child)?.shutdown, this.#host.shutdownMs);
  }

  send(to: ActorAddress, signal: Signal): void {
    this.#host.deliver({ kind: 'signal', to, from: this.#head.address, signal });
  }

  /**
   * Whether news is of a life before the present one. An answer that nobody is at that address has no life; it means
   * something only to who has ordered the end.
   */
  #isStale(news: ChildNews): boolean {
    if (news.type !== 'failed' && news.type !== 'exited') return false;
    if (news.incarnation !== undefined) {
      // One that ended while a restart was on its way to it has ended in the life before.
      return this.children.statusOf(news.child) === 'running' && this.children.isOver(news.child, news.incarnation);
    }
    if (news.type === 'failed' || news.reason.class === 'node-down') return false;
    return !this.#ending && !this.#leaving.has(news.child);
  }

  #failed(failure: PendingFailure): void {
    const { child, reason } = failure;
    if (this.#ending || this.#leaving.has(child)) return;
    if (this.#group !== undefined && this.children.answerTo(child, reason, failure) === 'restart') {
      this.#group.later(failure);
      return;
    }
    const verdict = this.children.judge(child, reason, this.clock.now(), failure);
    switch (verdict.type) {
      case 'ignore':
        return;
      case 'restart':
        // Of those that a dead thread takes with it one line tells; ten thousand would only hold up their return.
        this.#host.log[this.#losing ? 'debug' : 'warn']('child restarts', {
          child,
          reason: reason.message,
          class: reason.class,
          delayMs: verdict.delayMs,
        });
        if (this.children.strategy === 'one-for-one') this.#restartAlone(failure, verdict.delayMs);
        else void this.#restartGroup(failure, verdict.delayMs);
        return;
      case 'resume':
        this.send(child, { type: 'resume' });
        return;
      case 'stop-child':
        this.#giveUp(failure);
        return;
      case 'escalate':
        this.#escalated.set(child, reason);
        this.#head.crashed(reason);
        return;
      case 'fail-self': {
        const { restarts, withinMs } = verdict;
        this.#host.log.error('restart intensity exceeded', { actor: this.#head.address, child, restarts, withinMs });
        this.#escalated.set(child, reason);
        const message = `a child failed again after ${restarts} restarts in ${withinMs} ms: ${reason.message}`;
        this.#head.crashed({ class: 'shutdown', message });
        return;
      }
      default:
        unreachable(verdict);
    }
  }

  #giveUp({ child, reason, lost }: PendingFailure): void {
    this.#leaving.set(child, 'given-up');
    this.#stop(child, reason);
    // A child whose node is gone cannot say that it ended.
    if (lost === true && reason.class === 'node-down') this.#settle(child, reason);
  }

  #restartAlone({ child, reason, lost }: PendingFailure, delayMs: number): void {
    this.children.setStatus(child, 'restarting');
    if (lost !== true) this.send(child, { type: 'halt', reason, brutal: false });
    this.#restarts.get(child)?.cancel();
    this.#restarts.delete(child);
    // Node makes a millisecond of zero; the child takes its signals in order anyway.
    if (delayMs === 0) return this.restart(child, reason);
    const timer = this.#timers.after(delayMs, () => {
      this.#restarts.delete(child);
      this.restart(child, reason);
    });
    this.#restarts.set(child, timer);
  }

  async #restartGroup(failure: PendingFailure, delayMs: number): Promise<void> {
    const group = new GroupRestart(
      {
        children: this.children,
        claims: this.claims,
        clock: this.clock,
        send: (child, signal) => this.send(child, signal),
        restart: (child, reason) => this.restart(child, reason),
        shutdownMsOf: (child) => this.shutdownMsOf(child),
        stopChild: (child, reason) => this.stopChild(child, reason),
        ended: (child, reason) => this.#settle(child, reason),
      },
      failure,
    );
    this.#group = group;
    const pending = await group.run(delayMs);
    if (this.#group !== group) return;
    this.#group = undefined;
    for (const next of pending) {
      const status = this.children.statusOf(next.child);
      if (status !== undefined && status !== 'stopped') this.#failed(next);
    }
  }

  #exited(child: ActorAddress, reason: ExitReason): void {
    const status = this.children.statusOf(child);
    if (status === 'stopped') return;
    const leaves = this.#ending || this.#leaving.has(child);
    if (!leaves && this.children.afterEnd(child, reason) === 'restart') {
      this.#failed({ child, reason, lost: true });
      return;
    }
    const toldToRestart = !leaves && status === 'restarting' && !this.#restarts.has(child);
    this.#settle(child, reason);
    // Somebody may have stopped it while a restart was on its way to it: the restart has revived it, for nobody. One
    // whose spec is kept will say that it runs.
    if (toldToRestart && !this.children.has(child)) this.#stop(child, SHUTDOWN);
  }

  /** The end of a child is final: what remains is its spec, if it has an id. */
  #settle(child: ActorAddress, reason: ExitReason): void {
    const spec = this.children.specOf(child);
    if (spec === undefined) return;
    const why = this.#leaving.get(child);
    this.#forget(child);
    if (this.#ending) return;
    this.#head.inform({ type: 'exit', child, reason, gaveUp: why === 'given-up' });
    if (why !== 'ordered' && this.children.endsWith(spec)) {
      this.#head.crashed({ class: 'shutdown', message: `its significant child ${spec.id ?? child} ended` });
    }
  }

  #forget(child: ActorAddress): void {
    this.#restarts.get(child)?.cancel();
    this.#restarts.delete(child);
    this.#leaving.delete(child);
    this.#escalated.delete(child);
    if (!this.#ending && this.children.keeps(child)) this.children.setStatus(child, 'stopped');
    else this.children.remove(child);
    for (const done of this.#onGone.get(child) ?? []) done();
    this.#onGone.delete(child);
  }

  /** Stops all children, newest first, each after the other has ended or its time is up. */
  async #stopAll(): Promise<void> {
    this.#ending = true;
    this.#quieten();
    // Those that failed have failed before their siblings are told anything.
    for (const [child, reason] of this.#escalated.entries()) await this.stopChild(child, reason);
    while (this.children.size > 0) {
      for (const child of this.children.newestFirst()) {
        // Its node or thread may have died while an elder one was waited for: nothing is to be heard of it.
        if (this.children.statusOf(child) === 'stopped') this.#forget(child);
        else await this.stopChild(child, PARENT_ENDS);
      }
    }
    // A restart that was decided just before may have been told meanwhile.
    this.#quieten();
  }

  /** No restart that was decided happens. */
  #quieten(): void {
    this.#group?.abort();
    this.#group = undefined;
    for (const [, timer] of this.#restarts.entries()) timer.cancel();
    this.#restarts.clear();
  }

  #stop(child: ActorAddress, reason: ExitReason): void {
    this.send(child, { type: 'stop', reason });
  }
}
