/**
 * The hash ring: 2^32 positions, on which each member has some tokens (virtual nodes). A key belongs to the members that
 * own the first tokens at or after its position, distinct ones; that is its preference list. (Karger et al., "Consistent
 * hashing and random trees", STOC 1997; DeCandia et al., "Dynamo", SOSP 2007, sections 4.2 and 4.3.)
 *
 *     ──┬─────────┬───────────┬─────────┬──────>  position, 0 to 2^32 - 1, then from 0 again
 *       a         b           a         c         tokens
 *           └─ a key here: b, a, c
 *
 * While members change a ring has two sets of them: `members`, who answer, and `next`, who take over (`membership.ts`).
 * The tokens of both cut the ring into arcs; all keys of an arc have the same two preference lists.
 */
import { hashText } from '../hash.js';

/** Positions of the ring. */
export const POSITIONS = 2 ** 32;

/** A node on the ring. */
export interface Member {
  readonly id: string;
  /** Positions, ascending; no other member of a ring has any of them. */
  readonly tokens: readonly number[];
}

/** Who is where. Rings are numbered by whoever decides about membership; of two the one with the higher epoch holds. */
export interface Ring {
  readonly epoch: number;
  /** Sorted by id. */
  readonly members: readonly Member[];
  /** Who is to take over; undefined when nothing changes. Sorted by id. */
  readonly next: readonly Member[] | undefined;
}

/** Positions above the end of the arc before, up to and with `end`. */
export interface Arc {
  readonly end: number;
  /** The preference list: who answers for the keys of this arc. Distinct nodes, fewer than N only in a smaller ring. */
  readonly members: readonly string[];
  /** The preference list to come; `members` itself when nothing changes. */
  readonly next: readonly string[];
  /** All of both, each once. */
  readonly all: readonly string[];
}

/** A ring that has been laid out for lists of `n`. */
export interface Table {
  readonly n: number;
  /** By `end`, ascending. */
  readonly arcs: readonly Arc[];
  /** Those of the members, ascending. */
  readonly tokens: readonly Token[];
}

/** A token and whose it is. */
interface Token {
  readonly position: number;
  readonly id: string;
}

/** The position of a key. */
export function positionOf(key: string): number {
  return hashText(key);
}

/** Lays a ring out. */
export function layOut({ members, next }: Ring, n: number): Table {
  const old = tokensOf(members);
  const coming = next === undefined ? undefined : tokensOf(next);
  const ends = [...new Set([...old, ...(coming ?? [])].map(({ position }) => position))].toSorted((a, b) => a - b);
  const arcs = ends.map((end): Arc => {
    const list = preferenceList(old, end, n);
    const nextList = coming === undefined ? list : preferenceList(coming, end, n);
    return { end, members: list, next: nextList, all: coming === undefined ? list : union(list, nextList) };
  });
  return { n, arcs, tokens: old };
}

/** The arc of a position; undefined on a ring without members. */
export function arcAt({ arcs }: Pick<Table, 'arcs'>, position: number): Arc | undefined {
  let low = 0;
  let high = arcs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((arcs[middle] as Arc).end < position) low = middle + 1;
    else high = middle;
  }
  return arcs[low === arcs.length ? 0 : low];
}

/** All members from a position on, each once: after the first `n` come those who stand in when one does not answer. */
export function walkFrom({ tokens }: Table, position: number): readonly string[] {
  return preferenceList(tokens, position, tokens.length);
}

function tokensOf(members: readonly Member[]): readonly Token[] {
  return members
    .flatMap(({ id, tokens }) => tokens.map((position) => ({ position, id })))
    .toSorted((one, other) => one.position - other.position);
}

/** The owners of the tokens from a position on, each once. */
function preferenceList(tokens: readonly Token[], position: number, n: number): readonly string[] {
  const list: string[] = [];
  const first = firstAtOrAfter(tokens, position);
  for (let step = 0; step < tokens.length && list.length < n; step += 1) {
    const { id } = tokens[(first + step) % tokens.length] as Token;
    if (!list.includes(id)) list.push(id);
  }
  return list;
}

function firstAtOrAfter(tokens: readonly Token[], position: number): number {
  let low = 0;
  let high = tokens.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((tokens[middle] as Token).position < position) low = middle + 1;
    else high = middle;
  }
  return low === tokens.length ? 0 : low;
}

function union(one: readonly string[], other: readonly string[]): readonly string[] {
  return [...one, ...other.filter((id) => !one.includes(id))];
}
