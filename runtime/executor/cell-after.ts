/**
 * What a handler asked for that takes place once it is done: its message is put aside, its call answered later, its
 * phase changed. All of it is undone when the handler throws, so that a failed handler leaves no half of a transition.
 */
import { SkepError } from '#protocols/wire/error';
import type { ReplyToken } from '../actor/reply-token.js';
import type { Aside } from './cell-aside.js';
import type { Cast } from './cell-refusal.js';
import type { KeptUntil } from './cell-stash.js';
import { envelopeOf, type Letter } from './letter.js';
import type { Current } from './current.js';

/** What is in hand: a message, or one of the runtime's own occasions. */
export type Occasion = Letter | 'info' | 'timeout' | 'enter';

export class After {
  next: { readonly state: unknown } | undefined;
  repeats = false;
  readonly inserts: Cast[] = [];
  readonly timeouts: (readonly [name: string, delayMs: number])[] = [];
  readonly #aside: Aside;
  readonly #current: Current;
  #keep: KeptUntil | undefined;
  #token: ReplyToken | undefined;

  constructor(aside: Aside, current: Current) {
    this.#aside = aside;
    this.#current = current;
  }

  /** Whether what the handler returns is no reply. */
  get silent(): boolean {
    return this.#keep !== undefined || this.#token !== undefined;
  }

  keep(letter: Letter, until: KeptUntil): void {
    if (this.#keep === undefined) this.#aside.makeRoom();
    if (this.#token !== undefined)
      throw new SkepError('BAD_USAGE', `call "${envelopeOf(letter).name}" is deferred and cannot be put aside as well`);
    this.#keep = until;
  }

  /** The token of the call in hand; the same one each time. */
  defer(letter: Letter): ReplyToken {
    const { name } = envelopeOf(letter);
    if (!('deadlineMs' in letter)) throw new SkepError('BAD_USAGE', `"${name}" is a cast: nobody waits for its reply`);
    if (this.#keep !== undefined)
      throw new SkepError('BAD_USAGE', `call "${name}" is put aside and cannot be deferred as well`);
    this.#token ??= { type: 'reply-token', id: this.#aside.deferred.add(letter.envelope, letter.deadlineMs) };
    return this.#token;
  }

  /** The handler is done, and its reply on its way. */
  commit(): void {
    const { about, cancelled } = this.#current;
    if (this.#keep !== undefined && typeof about === 'object' && !cancelled) this.#aside.stash.keep(about, this.#keep);
    this.#aside.transit(this);
  }

  /** The handler threw: its caller, where there is one, hears of that. */
  discard(): void {
    if (this.#token !== undefined) this.#aside.deferred.drop(this.#token.id);
  }
}
