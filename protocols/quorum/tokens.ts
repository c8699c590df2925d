/**
 * Where the tokens of a new member go. Tokens at random leave the fullest of many nodes a quarter above the mean and more
 * at 128 tokens each; so they are allocated, as Cassandra does since CASSANDRA-7032. The newcomer takes one slice after
 * the other, of the size that all slices should have, out of the arcs of those who own most:
 *
 *     ...p ────────────────────────── t     an arc of one of the fullest members
 *     ...p ───── x ────────────────── t     the newcomer owns up to x, where x - p = 2^32 / all tokens
 *
 * Of all such arcs it takes the one after which copies are most even: the cut also puts the newcomer into the preference
 * lists of the arcs before, as far back as they reach, and whoever was last on them is relieved. No token of anybody
 * else moves, so a join moves what the newcomer gets and nothing besides. Nothing here is random; the same members in
 * the same order give the same ring.
 */
import { hashText } from '../hash.js';
import { type Member, POSITIONS } from './ring.js';

/** Tokens of a member of usual size. */
export const DEFAULT_TOKENS = 128;
/** The replicas that copies are evened out for. */
const REPLICAS = 3;
/** Members whose arcs are looked at for each token: those that own most for their weight. */
const FULLEST = 4;
/** Arcs of theirs that are weighed for each token. */
const WEIGHED = 48;

/** What a member has, the newcomer as the last one. */
interface Load {
  readonly tokens: number;
  /** Positions that it owns, as the first of their lists. */
  first: number;
  /** Positions on whose lists it is. */
  copies: number;
}

/** The ring as two lists in the order of positions, and what each member has of it. */
interface Board {
  readonly positions: number[];
  readonly owners: number[];
  readonly loads: readonly Load[];
}

/** What a cut does to copies: what the newcomer gains, and what each other member loses. */
interface CutEffect {
  gain: number;
  readonly losses: Map<number, number>;
}

/**
 * Tokens for a member that joins `members`, ascending. A member with twice the tokens owns twice as much.
 * @throws RangeError when there is no room on the ring.
 */
export function allocateTokens(members: readonly Member[], id: string, count = DEFAULT_TOKENS): readonly number[] {
  if (members.length === 0) return firstTokens(id, count);
  const board = boardOf(members, count);
  const slice = Math.floor(POSITIONS / (board.positions.length + count));
  const tokens: number[] = [];
  for (let placed = 1; placed <= count; placed += 1) {
    const at = bestCut(board, slice, placed);
    if (at === undefined) throw new RangeError(`no room for ${count} tokens of ${id}`);
    tokens.push(cut(board, at, Math.min(slice, sizeAt(board, at) - 1)));
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

function boardOf(members: readonly Member[], count: number): Board {
  const all = members
    .flatMap(({ tokens }, owner) => tokens.map((position) => ({ position, owner })))
    .toSorted((one, other) => one.position - other.position);
  const loads = [...members.map(({ tokens }) => tokens.length), count].map(
    (tokens): Load => ({ tokens, first: 0, copies: 0 }),
  );
  const board = { positions: all.map(({ position }) => position), owners: all.map(({ owner }) => owner), loads };
  for (const [at, owner] of board.owners.entries()) {
    const size = sizeAt(board, at);
    (loads[owner] as Load).first += size;
    if (members.length >= REPLICAS) for (const replica of listAt(board, at)) (loads[replica] as Load).copies += size;
  }
  return board;
}

/** The arc that is cut best for the token of that number. */
function bestCut(board: Board, slice: number, placed: number): number | undefined {
  const { owners, loads } = board;
  const others = loads.slice(0, -1).map(({ first, tokens }, owner) => ({ owner, load: first / tokens }));
  const fullest = new Set(
    others
      .toSorted((one, other) => other.load - one.load || one.owner - other.owner)
      .slice(0, FULLEST)
      .map(({ owner }) => owner),
  );
  const candidates = [...owners.keys()].filter((at) => fullest.has(owners[at] as number) && sizeAt(board, at) > 1);
  // Not all are weighed for each token, and others for the next.
  const stride = Math.max(1, Math.floor(candidates.length / WEIGHED));
  let best: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (let index = placed % stride; index < candidates.length; index += stride) {
    const at = candidates[index] as number;
    const size = sizeAt(board, at);
    // Scraps do not add up to a share: they are for when there is nothing else.
    const short = Math.max(0, slice - size + 1);
    const cost = costOf(board, at, Math.min(slice, size - 1), placed, slice) + 4 * (short / slice) ** 2;
    if (cost < least) [best, least] = [at, cost];
  }
  return best;
}

/** How much further from even everything is after a cut: sums of squares, in slices. */
function costOf(board: Board, at: number, taken: number, placed: number, slice: number): number {
  const { owners, loads } = board;
  const fair = slice * Math.min(REPLICAS, loads.length);
  const { gain, losses } = effectOf(board, at, taken);
  const away = (is: number, should: number, tokens: number): number => ((is / tokens - should) / slice) ** 2;
  const newcomer = loads.at(-1) as Load;
  // After each of its tokens the newcomer should have that many of its copies.
  let cost = away(newcomer.copies + gain, (fair * placed) / newcomer.tokens, newcomer.tokens);
  for (const [owner, lost] of losses) {
    const { copies, tokens } = loads[owner] as Load;
    cost += away(copies - lost, fair, tokens) - away(copies, fair, tokens);
  }
  const { first, tokens } = loads[owners[at] as number] as Load;
  // Members are few or many, but first replicas take all writes: they count double.
  return cost + 2 * (away(first - taken, slice, tokens) - away(first, slice, tokens));
}

/** The lists that change when the first `taken` positions of an arc become the newcomer's. */
function effectOf(board: Board, at: number, taken: number): CutEffect {
  const effect: CutEffect = { gain: 0, losses: new Map() };
  const { owners, loads } = board;
  // Each of so few is on every list.
  if (loads.length <= REPLICAS) return effect;
  enter(board, effect, at, taken);
  const between: number[] = [];
  for (let back = 1; back < owners.length; back += 1) {
    const before = (at - back + owners.length) % owners.length;
    const owner = owners[before] as number;
    if (!between.includes(owner)) between.push(owner);
    // From here on back the lists are full, or have the newcomer, before they come to the cut.
    if (owner === loads.length - 1 || between.length >= REPLICAS) break;
    enter(board, effect, before, sizeAt(board, before));
  }
  return effect;
}

/** The newcomer comes onto the list of an arc, unless it is there already, and the last one goes. */
function enter(board: Board, effect: CutEffect, at: number, size: number): void {
  const list = listAt(board, at);
  if (list.includes(board.loads.length - 1)) return;
  effect.gain += size;
  const last = list[REPLICAS - 1];
  if (last !== undefined) effect.losses.set(last, (effect.losses.get(last) ?? 0) + size);
}

/** Makes a cut; the position of the new token. */
function cut(board: Board, at: number, taken: number): number {
  const { positions, owners, loads } = board;
  const { gain, losses } = effectOf(board, at, taken);
  const newcomer = loads.at(-1) as Load;
  newcomer.first += taken;
  newcomer.copies += gain;
  for (const [owner, lost] of losses) (loads[owner] as Load).copies -= lost;
  (loads[owners[at] as number] as Load).first -= taken;
  const position = wrap((positions[at] as number) - sizeAt(board, at) + taken);
  // The lowest arc begins at the highest token: its cut may come out on the other side of zero.
  const index = at === 0 && position > (positions[0] as number) ? positions.length : at;
  positions.splice(index, 0, position);
  owners.splice(index, 0, loads.length - 1);
  return position;
}

/** Positions of the arc that ends at a token. */
function sizeAt({ positions }: Board, at: number): number {
  const end = positions[at] as number;
  const before = positions[at === 0 ? positions.length - 1 : at - 1] as number;
  return end > before ? end - before : end - before + POSITIONS;
}

function listAt({ owners }: Board, at: number): readonly number[] {
  const list: number[] = [];
  for (let step = 0; step < owners.length && list.length < REPLICAS; step += 1) {
    const owner = owners[(at + step) % owners.length] as number;
    if (!list.includes(owner)) list.push(owner);
  }
  return list;
}

function wrap(position: number): number {
  return ((position % POSITIONS) + POSITIONS) % POSITIONS;
}
