/**
 * Counting votes: what a set of claims is, and when votes decide. Pure, without any knowledge of the run.
 */

/** One answer to what the claims are. */
export interface Vote {
  readonly agent: string;
  /** See {@link canonicalClaims}. */
  readonly claims: string;
}

/** What the votes say. */
type Judgement =
  | { readonly kind: 'agreed'; readonly losers: readonly Vote[] }
  | { readonly kind: 'undecided'; readonly disputed: boolean };

/** Claims as one string: equal strings are equal sets. */
export function canonicalClaims(claims: readonly string[]): string {
  return JSON.stringify([...new Set(claims)].sort());
}

/** Claims win with at least two votes that are more than half of all. */
export function judge(votes: readonly Vote[]): Judgement {
  const counts = new Map<string, number>();
  for (const { claims } of votes) {
    counts.set(claims, (counts.get(claims) ?? 0) + 1);
  }
  for (const [claims, count] of counts) {
    if (count >= 2 && count * 2 > votes.length) {
      return { kind: 'agreed', losers: votes.filter((vote) => vote.claims !== claims) };
    }
  }
  return { kind: 'undecided', disputed: counts.size > 1 };
}
