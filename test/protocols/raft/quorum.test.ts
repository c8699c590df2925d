/** What majorities have and how they vote, against definitions that try all subsets. */
import fc from 'fast-check';
import t from 'tap';
import { newConfig } from '#protocols/raft/config';
import { majority, majorityValue, majorityVote, quorumValue, quorumVote } from '#protocols/raft/quorum';
import type { NodeId } from '#protocols/raft/types';

const voters = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'), { maxLength: 7 });
const values = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'), fc.nat({ max: 9 }));
const votes = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'), fc.boolean());

/** All subsets that are more than half. */
function majorities(members: readonly NodeId[]): readonly (readonly NodeId[])[] {
  const subsets = Array.from({ length: 2 ** members.length }, (_, bits) =>
    members.filter((_, at) => (bits & (1 << at)) !== 0),
  );
  return subsets.filter((subset) => 2 * subset.length > members.length);
}

t.test('majority sizes are those of the table', (t) => {
  t.same(
    [1, 2, 3, 4, 5, 6, 7].map((count) => majority(count)),
    [1, 2, 2, 3, 3, 4, 4],
  );
  t.end();
});

t.test('a value is reached by a majority, as by the best of all majorities, and never decided by nobody', (t) => {
  fc.assert(
    fc.property(voters, values, (members, have) => {
      const valueOf = (voter: NodeId): number => have[voter] ?? 0;
      const best = Math.max(...majorities(members).map((some) => Math.min(...some.map(valueOf))));
      const expected = members.length === 0 ? Number.POSITIVE_INFINITY : best;
      return majorityValue(members, valueOf) === expected;
    }),
    { numRuns: 2_000 },
  );
  t.end();
});

t.test('a vote is won when some majority granted it, and lost when none still can', (t) => {
  fc.assert(
    fc.property(voters, votes, (members, cast) => {
      const voteOf = (voter: NodeId): boolean | undefined => cast[voter];
      const won = majorities(members).some((some) => some.every((voter) => voteOf(voter) === true));
      const open = majorities(members).some((some) => some.every((voter) => voteOf(voter) !== false));
      const expected = members.length === 0 || won ? 'won' : open ? 'pending' : 'lost';
      return majorityVote(members, voteOf) === expected;
    }),
    { numRuns: 2_000 },
  );
  t.end();
});

t.test('a joint decision takes a majority of each side; that of a side alone is not one', (t) => {
  const joint = { ...newConfig(['a', 'b', 'c']), votersOutgoing: ['c', 'd', 'e'] };
  const have: Record<string, number> = { a: 9, b: 9, c: 5, d: 3, e: 1 };
  t.equal(
    quorumValue(joint, (voter) => have[voter] ?? 0),
    3,
  );
  const results = [
    ['abc', 'lost', 'de'],
    ['ab', 'pending', ''],
    ['abcd', 'won', ''],
    ['abd', 'pending', 'e'],
    ['de', 'lost', 'ab'],
  ].map(([granted = '', , refused = '']) =>
    quorumVote(joint, (voter) => (granted.includes(voter) ? true : refused.includes(voter) ? false : undefined)),
  );
  t.same(results, ['lost', 'pending', 'won', 'pending', 'lost']);
  fc.assert(
    fc.property(voters, voters, values, (one, other, known) => {
      const config = { ...newConfig(one), votersOutgoing: other };
      const valueOf = (voter: NodeId): number => known[voter] ?? 0;
      return quorumValue(config, valueOf) === Math.min(majorityValue(one, valueOf), majorityValue(other, valueOf));
    }),
  );
  t.end();
});
