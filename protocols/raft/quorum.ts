/**
 * What a majority has, and how it votes; in a joint configuration two majorities have to agree. The same function finds
 * the commit index from the indexes that members have, the round of heartbeats that a majority answered, and the tick
 * since when a majority hears this leader. (Dissertation, 3.6.2 and 4.3; etcd's quorum package.)
 */
import type { Config, NodeId } from './types.js';

/** Members of a majority of `count`. */
export function majority(count: number): number {
  return Math.floor(count / 2) + 1;
}

/** The highest value that a majority of the voters has reached; infinity without voters, so that they never decide. */
export function majorityValue(voters: readonly NodeId[], valueOf: (voter: NodeId) => number): number {
  const size = voters.length;
  if (size === 0) return Number.POSITIVE_INFINITY;
  // Descending, by insertion: there are three or five of them.
  const values: number[] = [];
  for (let count = 0; count < size; count += 1) {
    const value = valueOf(voters[count] as NodeId);
    let hole = count;
    for (; hole > 0 && (values[hole - 1] as number) < value; hole -= 1) values[hole] = values[hole - 1] as number;
    values[hole] = value;
  }
  return values[majority(size) - 1] as number;
}

/** The highest value that a quorum has reached. */
export function quorumValue(config: Config, valueOf: (voter: NodeId) => number): number {
  const incoming = majorityValue(config.voters, valueOf);
  if (config.votersOutgoing.length === 0) return incoming;
  return Math.min(incoming, majorityValue(config.votersOutgoing, valueOf));
}

/** `pending` while votes that have not come could still decide. */
export type VoteResult = 'pending' | 'lost' | 'won';

/** How a majority votes; won without voters. `voteOf` is undefined for those that have not voted. */
export function majorityVote(voters: readonly NodeId[], voteOf: (voter: NodeId) => boolean | undefined): VoteResult {
  if (voters.length === 0) return 'won';
  let granted = 0;
  let missing = 0;
  for (const voter of voters) {
    const vote = voteOf(voter);
    if (vote === undefined) missing += 1;
    else if (vote) granted += 1;
  }
  const needed = majority(voters.length);
  if (granted >= needed) return 'won';
  return granted + missing >= needed ? 'pending' : 'lost';
}

/** How a quorum votes: lost as soon as one majority is lost, won when both are won. */
export function quorumVote(config: Config, voteOf: (voter: NodeId) => boolean | undefined): VoteResult {
  const incoming = majorityVote(config.voters, voteOf);
  const outgoing = majorityVote(config.votersOutgoing, voteOf);
  if (incoming === outgoing) return incoming;
  return incoming === 'lost' || outgoing === 'lost' ? 'lost' : 'pending';
}
