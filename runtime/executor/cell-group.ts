/**
 * The restart of several children at once, as OTP's `restart_multiple_children`: the failed one ends first, then its
 * siblings newest first, each before the next; after the back-off they begin again oldest first, each when the one
 * before runs. Failures of others meanwhile wait until the group is through.
 *
 *     halting --all halted--> waiting --back-off--> starting --all started--> over
 *                                                      '--one fails--> over, and judged again with that one in front
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { ExitReason, Signal } from '#protocols/wire/envelope';
import { unreachable } from '#protocols/wire/error';
import type { Clock, Timer } from '../clock/clock.js';
import { within } from '../clock/within.js';
import type { Children, FailureFacts } from '../supervision/children.js';
import type { ChildNews, Claimed, NewsClaims } from './child-news.js';

/** What a group restart needs of its family. */
export interface GroupParts {
  readonly children: Children;
  readonly claims: NewsClaims;
  readonly clock: Clock;
  send(child: ActorAddress, signal: Signal): void;
  restart(child: ActorAddress, reason: ExitReason): void;
  /** Milliseconds that the child has to end in order. */
  shutdownMsOf(child: ActorAddress): number;
  /** Ends a child for good. */
  stopChild(child: ActorAddress, reason: ExitReason): Promise<void>;
  /** A child ended by itself and does not come back. */
  ended(child: ActorAddress, reason: ExitReason): void;
}

/** A failure that is still to be judged. */
export interface PendingFailure extends FailureFacts {
  readonly child: ActorAddress;
  readonly reason: ExitReason;
}

export class GroupRestart {
  readonly #parts: GroupParts;
  readonly #pivot: PendingFailure;
  readonly #members: readonly ActorAddress[];
  readonly #givenUp = new Set<ActorAddress>();
  readonly #pending = new Map<ActorAddress, PendingFailure>();
  #phase: 'halting' | 'waiting' | 'starting' = 'halting';
  #aborted = false;
  #timer: Timer | undefined;
  #onAct: (() => void)[] = [];

  constructor(parts: GroupParts, pivot: PendingFailure) {
    this.#parts = parts;
    this.#pivot = pivot;
    this.#members = parts.children.affectedBy(pivot.child);
  }

  /** Carries it out; gives what failed meanwhile, in the order in which it is to be judged. */
  async run(delayMs: number): Promise<readonly PendingFailure[]> {
    await this.#haltAll();
    if (this.#aborted) return [];
    this.#phase = 'waiting';
    this.#tellActs();
    await new Promise<void>((resolve) => {
      this.#timer = this.#parts.clock.after(delayMs, resolve);
    });
    if (this.#aborted) return [];
    this.#phase = 'starting';
    const failure = await this.#startAll();
    this.#tellActs();
    if (this.#aborted) return [];
    return [...this.#pending.values(), ...(failure === undefined ? [] : [failure])];
  }

  /** Remembers a failure for when the group is through. */
  later(failure: PendingFailure): void {
    this.#pending.set(failure.child, failure);
  }

  /** The group starts without this member. */
  without(child: ActorAddress): void {
    this.#givenUp.add(child);
  }

  /** Ends it where it stands; nothing more of it happens. */
  abort(): void {
    this.#aborted = true;
    this.#timer?.cancel();
    this.#parts.claims.clear();
    this.#tellActs();
  }

  /** Resolves when children may be acted on: between the halting and the starting, as between two tries of OTP. */
  quiet(): Promise<void> {
    return this.#phase === 'waiting' ? Promise.resolve() : new Promise((resolve) => this.#onAct.push(resolve));
  }

  #tellActs(): void {
    for (const act of this.#onAct.splice(0)) act();
  }

  async #haltAll(): Promise<void> {
    const { children } = this.#parts;
    const siblings = this.#members.filter((child) => child !== this.#pivot.child).reverse();
    const down = new Set(this.#pivot.lost === true ? [this.#pivot.child] : []);
    for (const child of [this.#pivot.child, ...siblings]) {
      if (this.#aborted) return;
      const spec = children.specOf(child);
      if (spec === undefined || children.statusOf(child) === 'stopped') continue;
      const failed = this.#pending.get(child);
      this.#pending.delete(child);
      children.setStatus(child, 'restarting');
      const reason: ExitReason =
        child === this.#pivot.child
          ? this.#pivot.reason
          : { class: 'shutdown', message: `its sibling ${this.#pivot.child} failed` };
      if (spec.restart === 'temporary') await this.#parts.stopChild(child, reason);
      else if (!down.has(child) && failed?.lost !== true) await this.#halt(child, reason);
    }
  }

  async #halt(child: ActorAddress, reason: ExitReason): Promise<void> {
    const brutal = this.#parts.children.specOf(child)?.shutdown === 'brutal' && child !== this.#pivot.child;
    const halted = this.#parts.claims.until(child, (news) => this.#whileHalting(news));
    this.#parts.send(child, { type: 'halt', reason, brutal });
    if (brutal || (await within(this.#parts.clock, this.#parts.shutdownMsOf(child), halted))) {
      await halted;
      return;
    }
    if (this.#aborted) return;
    // It ignores its supervisor: its life is taken. A thread that is stuck answers when it is free or replaced.
    this.#parts.send(child, { type: 'halt', reason, brutal: true });
    await halted;
  }

  #whileHalting(news: ChildNews): Claimed {
    switch (news.type) {
      case 'halted':
        return 'done';
      case 'failed':
        return news.lost === true ? 'done' : 'taken';
      case 'started':
        return 'taken';
      case 'exited':
        if (this.#parts.children.afterEnd(news.child, news.reason) !== 'restart')
          this.#parts.ended(news.child, news.reason);
        return 'done';
      default:
        return unreachable(news);
    }
  }

  /** Starts the members in order; gives the one that failed to. */
  async #startAll(): Promise<PendingFailure | undefined> {
    const { children } = this.#parts;
    for (const child of this.#members) {
      // Given up while the back-off lasted, or forgotten.
      if (!children.has(child) || this.#givenUp.has(child)) continue;
      const spec = children.specOf(child);
      if (spec?.restart === 'temporary') continue;
      children.setStatus(child, 'restarting');
      const outcome = this.#parts.claims.until(child, (news) => whileStarting(children, news));
      this.#parts.restart(child, this.#pivot.reason);
      const news = await outcome;
      if (this.#aborted) return undefined;
      if (news.type === 'started') children.setStatus(child, 'running');
      else if (news.type === 'failed') return { child, reason: news.reason };
      else if (news.type === 'exited') {
        if (children.afterEnd(child, news.reason) === 'restart') return { child, reason: news.reason };
        this.#parts.ended(child, news.reason);
      }
    }
    return undefined;
  }
}

/** What news of a child means that was told to begin a life: it did, or it did not; the end of one before is no news. */
export function whileStarting(children: Children, news: ChildNews): Claimed {
  switch (news.type) {
    case 'halted':
      return 'taken';
    case 'started':
      return 'done';
    case 'failed':
    case 'exited':
      return children.isOver(news.child, news.incarnation) ? 'taken' : 'done';
    default:
      return unreachable(news);
  }
}
