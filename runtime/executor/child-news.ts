/**
 * News of children, and who waits for it. Whoever restarts or halts a child claims its news until it has what it waits
 * for; what nobody claims is the supervisor's to judge.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { ExitReason } from '#protocols/wire/envelope';
import { SparseMap } from './sparse-map.js';

/** What a child says of itself, or what is known of it. */
export type ChildNews =
  | {
      readonly type: 'failed';
      readonly child: ActorAddress;
      readonly reason: ExitReason;
      readonly incarnation?: number;
      /** Nothing is left of it: its executor died. */
      readonly lost?: boolean;
    }
  | {
      readonly type: 'exited';
      readonly child: ActorAddress;
      readonly reason: ExitReason;
      readonly incarnation?: number;
    }
  | { readonly type: 'halted' | 'started'; readonly child: ActorAddress };

/** What a claim does with a piece of news: it was waited for, it is taken silently, or it is not this claim's matter. */
export type Claimed = 'done' | 'taken' | 'left';

interface Claim {
  readonly decide: (news: ChildNews) => Claimed;
  readonly resolve: (news: ChildNews) => void;
}

export class NewsClaims {
  readonly #claims = new SparseMap<ActorAddress, Claim>();

  /** The first news of the child that `decide` calls `done`. A later claim on the same child takes the place of this one. */
  until(child: ActorAddress, decide: (news: ChildNews) => Claimed): Promise<ChildNews> {
    return new Promise((resolve) => this.#claims.set(child, { decide, resolve }));
  }

  /** Gives news to whoever claimed it; false when it is nobody's. */
  tell(news: ChildNews): boolean {
    const claim = this.#claims.get(news.child);
    const claimed = claim?.decide(news) ?? 'left';
    if (claim === undefined || claimed === 'left') return false;
    if (claimed === 'done') {
      this.#claims.delete(news.child);
      claim.resolve(news);
    }
    return true;
  }

  /** Nobody waits any more. */
  clear(): void {
    this.#claims.clear();
  }
}
