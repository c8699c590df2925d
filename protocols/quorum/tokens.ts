/**
 * Where the tokens of a new member go. Tokens at random leave the fullest of ten nodes about a sixth above the mean at
 * 128 tokens each, and of a hundred nodes a quarter and more; so tokens are allocated instead, as Cassandra does since
 * CASSANDRA-7032. The newcomer takes for each of its tokens one slice of the size that all slices should have, each
 * time from the member that owns the most for its weight, out of that one's largest arc:
 *
 *     ...p ────────────────────────── t     the largest arc of the fullest member
 *     ...p ───── x ────────────────── t     the newcomer owns up to x, where x - p = 2^32 / all tokens
 *
 * It ends up with its share, from those who had too much, and no token of anybody else moves: a join moves what the
 * newcomer gets and nothing besides. Nothing here is random; the same members in the same order give the same ring.
 */
import { hashText } from '../hash.js';
import { type Member, POSITIONS } from './ring.js';

/** Tokens of a member of usual size. */
export const DEFAULT_TOKENS = 128;

/** What one token owns. */
interface Slice {
  /** Its last position, which is the token. */
  readonly end: number;
  /** Positions in it. */
  size: number;
}

interface Owner {
  readonly id: string;
  /** What it owns for its weight: positions divided by tokens. */
  load: number;
  readonly tokens: number;
  readonly slices: Slice[];
}

/**
 * Tokens for a member that joins `members`, ascending. A member with twice the tokens owns twice as much.
 * @throws RangeError when there is no room on the ring.
 */
export function allocateTokens(members: readonly Member[], id: string, count = DEFAULT_TOKENS): readonly number[] {
  const owners = ownersOf(members);
  if (owners.length === 0) return firstTokens(id, count);
  const total = owners.reduce((sum, { tokens }) => sum + tokens, count);
  const share = Math.floor(POSITIONS / total);
  const tokens: number[] = [];
  for (let left = count; left > 0; left -= 1) {
    const fullest = owners.reduce((most, owner) => (owner.load > most.load ? owner : most));
    const slice = fullest.slices.reduce((largest, one) => (one.size > largest.size ? one : largest));
    if (slice.size < 2) throw new RangeError(`no room for ${count} tokens of ${id}`);
    const taken = Math.min(share, slice.size - 1);
    tokens.push(wrap(slice.end - slice.size + taken));
    slice.size -= taken;
    fullest.load -= taken / fullest.tokens;
  }
  return tokens.toSorted((a, b) => a - b);
}

/** On an empty ring: evenly, from a place that depends on the name. */
function firstTokens(id: string, count: number): readonly number[] {
  const start = hashText(id);
  return Array.from({ length: count }, (_, index) => wrap(start + Math.floor((index * POSITIONS) / count))).toSorted(
    (a, b) => a - b,
  );
}

function ownersOf(members: readonly Member[]): readonly Owner[] {
  const owners = members.map(({ id, tokens }): Owner => ({ id, load: 0, tokens: tokens.length, slices: [] }));
  const all = members
    .flatMap(({ tokens }, index) => tokens.map((end) => ({ end, owner: owners[index] as Owner })))
    .toSorted((one, other) => one.end - other.end);
  for (const [index, { end, owner }] of all.entries()) {
    const before = all[index === 0 ? all.length - 1 : index - 1]?.end ?? end;
    const size = end > before ? end - before : end - before + POSITIONS;
    owner.slices.push({ end, size });
    owner.load += size / owner.tokens;
  }
  return owners;
}

function wrap(position: number): number {
  return ((position % POSITIONS) + POSITIONS) % POSITIONS;
}
