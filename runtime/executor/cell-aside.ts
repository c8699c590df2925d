/**
 * What few actors need and no idle one pays for: messages put aside, calls answered later, phases. It is made when an
 * actor first asks for any of it.
 */
import type { ActorAddress } from '#protocols/wire/address';
import { SkepError } from '#protocols/wire/error';
import { checkPhase } from '../actor/phase-table.js';
import type { ReplyToken } from '../actor/reply-token.js';
import { After } from './cell-after.js';
import { Deferred } from './cell-deferred.js';
import type { Hand, Work } from './cell-hand.js';
import type { CellHost } from './cell-host.js';
import { Phases, type PhasesOwner } from './cell-phases.js';
import type { KeptUntil } from './cell-stash.js';
import { Stash } from './cell-stash.js';
import type { Letter } from './letter.js';
import type { IsGone } from './cell-watch.js';

/** Messages that an actor keeps aside unless its definition says otherwise. */
const DEFAULT_CAPACITY = 1_000;

export class Aside {
  readonly #owner: PhasesOwner;
  readonly #host: CellHost;
  readonly #hand: Hand;
  #stash: Stash | undefined;
  #deferred: Deferred | undefined;
  #phases: Phases | undefined;

  constructor(owner: PhasesOwner, host: CellHost, hand: Hand) {
    this.#owner = owner;
    this.#host = host;
    this.#hand = hand;
  }

  get stash(): Stash {
    return (this.#stash ??= new Stash());
  }
  get deferred(): Deferred {
    return (this.#deferred ??= new Deferred(this.#host));
  }
  get phases(): Phases {
    return (this.#phases ??= new Phases(this.#owner, this.#host, this.stash));
  }
  /** Messages kept or ahead of the mailbox. */
  get size(): number {
    return this.#stash?.size ?? 0;
  }
  /** Whether something is to run before infos and mailbox. */
  get ready(): boolean {
    return this.#stash?.hasAhead === true || this.#phases?.entering === true;
  }

  // ---- what handlers ask for ---------------------------------------------------------------------------------

  keep(what: string, until: KeptUntil): void {
    if (until === 'phase') this.#needPhases(what);
    const letter = this.#letter(what);
    this.#after(what).keep(letter, until);
  }

  unstashAll(): void {
    this.#stash?.release('unstash');
    this.#owner.wake();
  }

  defer(): ReplyToken {
    const letter = this.#letter('defer');
    return this.#after('defer').defer(letter);
  }

  /** Answers a deferred call by its token; false when nobody waits any more. */
  answer(token: ReplyToken, outcome: { readonly value: unknown } | { readonly error: SkepError }): boolean {
    if (this.#deferred === undefined) return false;
    return 'error' in outcome
      ? this.#deferred.fail(token.id, outcome.error)
      : this.#deferred.reply(token.id, outcome.value);
  }

  next(state: unknown): void {
    const after = this.#transition('next');
    checkPhase(this.#owner.definition, state);
    after.next = { state };
  }

  repeat(state: unknown): void {
    const after = this.#transition('repeat');
    after.repeats = true;
    if (state === undefined) return;
    checkPhase(this.#owner.definition, state);
    after.next = { state };
  }

  insert(cast: string, message: unknown): void {
    const { definition, context } = this.#owner;
    const after = this.#transition('insert');
    if (!Object.hasOwn(definition.casts, cast))
      throw new SkepError('NO_SUCH_HANDLER', `${definition.name} has no cast "${cast}" to insert`, { cast });
    after.inserts.push({ kind: 'cast', to: context.self, from: context.self, name: cast, message });
  }

  timeout(name: string, delayMs: number): void {
    this.#needPhases('timeout');
    if (!(delayMs >= 0))
      throw new SkepError('BAD_USAGE', `timeout "${name}" of ${delayMs}: expected milliseconds from 0`, { name });
    this.#after('timeout').timeouts.push([name, delayMs]);
  }

  // ---- turns -------------------------------------------------------------------------------------------------

  /** What runs next; undefined when it was nothing after all. */
  take(): Work | Letter | undefined {
    if (this.#phases?.entering === true) return this.#phases.takeEntry();
    const item = this.#stash?.next();
    return item !== undefined && 'timeout' in item ? this.phases.takeTimeout(item) : item;
  }

  /** A message or an info is about to be handled. */
  event(): void {
    this.#phases?.event();
  }

  /** A handler is done: what it asked for happens. */
  transit(after: After): void {
    if (this.#owner.definition.phases !== undefined) this.phases.transit(after);
  }

  /** @throws SkepError STASH_FULL. */
  makeRoom(): void {
    const { definition } = this.#owner;
    const capacity = definition.stash?.capacity ?? DEFAULT_CAPACITY;
    if (this.stash.kept < capacity) return;
    const text = `${definition.name} keeps ${capacity} messages aside, as many as its stash.capacity allows`;
    throw new SkepError('STASH_FULL', text, { definition: definition.name, capacity });
  }

  cancel(from: ActorAddress, id: number): boolean {
    this.#deferred?.cancel(from, id);
    return this.#stash?.cancel(from, id) === true;
  }

  dropCallers(gone: IsGone): void {
    this.#deferred?.dropCallers(gone);
  }

  // ---- ends --------------------------------------------------------------------------------------------------

  failDeferred(error: SkepError): void {
    this.#deferred?.failAll(error);
  }

  cancelTimeouts(): void {
    this.#phases?.cancelAll();
  }

  /** The life ended: what is kept is mail of the next. */
  revert(): void {
    this.#stash?.revert();
  }

  drain(): readonly Letter[] {
    return this.#stash?.drain() ?? [];
  }

  #letter(what: string): Letter {
    const { about } = this.#hand.current;
    if (typeof about === 'object') return about;
    throw new SkepError('BAD_USAGE', `ctx.${what}: there is no message in hand, but ${about ?? 'something else'}`);
  }

  #transition(what: string): After {
    this.#needPhases(what);
    if (this.#hand.current.about === 'enter')
      throw new SkepError('BAD_USAGE', `ctx.${what}: a phase that is being entered cannot be left or changed there`);
    return this.#after(what);
  }

  #needPhases(what: string): void {
    const { name, phases } = this.#owner.definition;
    if (phases === undefined) throw new SkepError('BAD_USAGE', `ctx.${what}: definition ${name} has no phases`);
  }

  #after(what: string): After {
    const { current } = this.#hand;
    if (current.about === undefined)
      throw new SkepError('BAD_USAGE', `ctx.${what}: only while a message, an info or a time-out is handled`);
    return (current.after ??= new After(this, current));
  }
}
