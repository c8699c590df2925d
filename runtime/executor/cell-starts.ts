/**
 * The starts of children that are under way, and what was heard of such a child: news of it may be faster than the answer
 * to the call that started it.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { ChildNews } from './child-news.js';

/** News that are kept at most. */
const MAX_EARLY = 1_024;

export class Starts {
  #count = 0;
  #early: ChildNews[] = [];

  get hasNews(): boolean {
    return this.#early.length > 0;
  }

  begin(): void {
    this.#count += 1;
  }

  over(): void {
    this.#count -= 1;
    if (this.#count === 0 && this.hasNews) this.#early = [];
  }

  failed(error: unknown): never {
    this.over();
    throw error;
  }

  /** Keeps news of what is no child, as it may be about to be one. */
  keep(news: ChildNews): void {
    if (this.#count > 0 && this.#early.length < MAX_EARLY) this.#early.push(news);
  }

  /** The news of one that is a child now. */
  take(child: ActorAddress): readonly ChildNews[] {
    const mine = this.#early.filter((news) => news.child === child);
    if (mine.length > 0) this.#early = this.#early.filter((news) => news.child !== child);
    return mine;
  }
}
