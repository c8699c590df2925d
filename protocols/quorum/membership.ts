/**
 * How the members of a ring change. Nodes do not decide about it: whoever does (one node, an operator, a consensus group)
 * keeps the ring and makes every change with these functions, one after the other, each with a higher epoch.
 *
 *     settled ── join, leave ──> changing ── join, leave ──> changing        { members, next }
 *        ^                          │  writes reach W of both lists, reads are answered by `members`,
 *        │                          │  and who gains an arc copies it from `members`
 *        └──────── commit ──────────┘  once each that gains has said that it is done
 *
 * Dynamo lets each node change the ring and gossips it, and for a while two nodes may read and write a key at different
 * places; with R + W > N that breaks the one promise that the numbers make. Two sets side by side are the joint
 * configuration of Raft (Ongaro 2014, section 4.3), with the data in the place of the log, and are near Cassandra's
 * pending ranges. A join and a leave may overlap: the second change replaces `next`, and copying begins again.
 */
import { allocateTokens, DEFAULT_TOKENS } from './tokens.js';
import { layOut, type Member, type Ring } from './ring.js';

/** A ring of its first members, in the order given. */
export function newRing(ids: readonly string[], tokens = DEFAULT_TOKENS): Ring {
  const members = ids.reduce<readonly Member[]>((all, id) => withMember(all, id, tokens), []);
  return { epoch: 1, members, next: undefined };
}

/** The ring after somebody has asked to join; the ring itself when that is a member already, or about to be one. */
export function joinRing(ring: Ring, id: string, tokens = DEFAULT_TOKENS): Ring {
  const coming = ring.next ?? ring.members;
  if (coming.some((member) => member.id === id)) return ring;
  // Who comes back before the leave is done keeps its tokens, unless somebody else has got one of them.
  const before = ring.members.find((member) => member.id === id);
  const taken = new Set(coming.flatMap((member) => member.tokens));
  const stays = before !== undefined && !before.tokens.some((token) => taken.has(token));
  return changed(ring, stays ? sorted([...coming, before]) : withMember(coming, id, tokens));
}

/** The ring after a member was asked to leave, or was given up; the ring itself when it is none. */
export function leaveRing(ring: Ring, id: string): Ring {
  const coming = ring.next ?? ring.members;
  if (!coming.some((member) => member.id === id)) return ring;
  return changed(
    ring,
    coming.filter((member) => member.id !== id),
  );
}

/** The ring once all who gain are done. */
export function commitRing({ epoch, members, next }: Ring): Ring {
  return { epoch: epoch + 1, members: next ?? members, next: undefined };
}

/** Who has to copy something before the change may be committed. */
export function gainersOf(ring: Ring, n: number): ReadonlySet<string> {
  const gainers = new Set<string>();
  if (ring.next === undefined) return gainers;
  for (const { members, next } of layOut(ring, n).arcs)
    for (const id of next) if (!members.includes(id)) gainers.add(id);
  return gainers;
}

function changed({ epoch, members }: Ring, next: readonly Member[]): Ring {
  const same =
    next.length === members.length &&
    next.every(({ id, tokens }, index) => members[index]?.id === id && members[index].tokens.join() === tokens.join());
  return { epoch: epoch + 1, members, next: same ? undefined : next };
}

/** With one more, whose tokens are allocated among those that will be there. */
function withMember(members: readonly Member[], id: string, tokens: number): readonly Member[] {
  return sorted([...members, { id, tokens: allocateTokens(members, id, tokens) }]);
}

function sorted(members: readonly Member[]): readonly Member[] {
  return members.toSorted((one, other) => (one.id < other.id ? -1 : 1));
}
