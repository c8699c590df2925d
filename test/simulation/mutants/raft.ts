/**
 * Bugs of Raft that people have made, planted in the core one at a time. Each has to be found by the simulator.
 */
import type { Mutant } from './mutant.js';
import { raftDriverMutants } from './raft-driver.js';

const raft = (file: string, name: string, find: string, replace: string): Mutant => ({
  name,
  file: `protocols/raft/${file}.js`,
  find,
  replace,
});

export const raftMutants: readonly Mutant[] = [
  // Elections.
  raft('election', 'votes for a log that is not up to date', ' && isUpToDate(state.log, index, logTerm)', ''),
  raft('election', 'votes twice in a term', 'state.vote === from', 'true'),
  raft(
    'output',
    'the vote is not persisted',
    'return { term, vote, commit, damaged, amnesiac };',
    'return { term, vote: undefined, commit, damaged, amnesiac };',
  ),
  raft('output', 'the term is not persisted', 'before.term !== state.term', 'false'),
  raft(
    'output',
    'a vote leaves before it is durable',
    'const early = isEarly(message);',
    "const early = isEarly(message) || message.type === 'vote-response';",
  ),
  raft(
    'election',
    'a joint configuration elects by one majority',
    'quorumVote(state.config,',
    'quorumVote({ ...state.config, votersOutgoing: [] },',
  ),
  raft('election', 'a node that lost its log or its votes votes', 'return !damaged && !amnesiac;', 'return true;'),
  // Replication.
  raft('quorum', 'a majority is n / 2', 'Math.floor(count / 2) + 1', 'Math.max(1, Math.floor(count / 2))'),
  raft(
    'replication',
    'an entry of an old term is committed by counting',
    'termAt(state.log, index) !== state.term',
    'termAt(state.log, index) === undefined',
  ),
  raft(
    'follower',
    'each append truncates what is behind its entries',
    'const conflict = findConflict(log, entries);',
    'const end = index + entries.length; if (end < lastIndex(log)) { truncate(log, end + 1); state.handed = Math.min(state.handed, end); } const conflict = findConflict(log, entries);',
  ),
  raft(
    'follower',
    'a follower commits entries that it does not have',
    'Math.min(message.commit, last)',
    'message.commit',
  ),
  raft(
    'follower',
    'the entry before is not compared',
    'if (!matches(log, index, logTerm))',
    'if (index > lastIndex(log))',
  ),
  {
    ...raft(
      'follower',
      'a follower acknowledges one entry too many',
      'acknowledge(state, from, last, out)',
      'acknowledge(state, from, last + 1, out)',
    ),
    slow: true,
  },
  raft(
    'output',
    'an acknowledgement leaves before the entries are durable',
    'const early = isEarly(message);',
    "const early = isEarly(message) || message.type === 'append-response';",
  ),
  raft(
    'replication',
    'a leader counts itself before its entries are durable',
    'progress === undefined || progress.recoverTo > 0 ? 0 : progress.match',
    'voter === state.settings.id ? state.handed : (progress?.match ?? 0)',
  ),
  raft(
    'follower',
    'entries that replace others are not written',
    'state.handed = Math.min(state.handed, conflict - 1);',
    '',
  ),
  raft(
    'replication',
    'a heartbeat commits what the follower is not known to have',
    'const known = Math.min(progress.match, commit);',
    'const known = commit;',
  ),
  raft('receive', 'messages of earlier terms are heard', 'if (message.term < state.term)', 'if (false)'),
  raft(
    'replication',
    'learners are counted',
    'quorumValue(state.config, (voter) => matchOf(state, voter))',
    'quorumValue({ ...state.config, voters: state.config.voters.map((voter, at) => state.config.learners[at] ?? voter) }, (voter) => matchOf(state, voter))',
  ),
  raft(
    'follower',
    'a damaged log is sound after the first append',
    'recovery === undefined || recovery.term !== state.term || last < recovery.index',
    'false',
  ),
  // Reads.
  raft('read', 'a read asks no quorum', 'round === 0 || round > confirmed', 'round === 0'),
  raft('read', 'a read does not wait for an entry of the term', 'if (!hasCommittedInTerm(state)) {', 'if (false) {'),
  raft('read', 'a lease is longer than the promise', '(electionTicks - 1) * (1 - clockDrift)', '4 * electionTicks'),
  // Membership.
  raft(
    'membership',
    'two changes of the configuration at once',
    'state.pendingConfIndex > state.applied || !hasCommittedInTerm(state)',
    'false',
  ),
  raft(
    'replication',
    'a joint configuration commits by one majority',
    'quorumValue(state.config, (voter) => matchOf(state, voter))',
    'quorumValue({ ...state.config, votersOutgoing: [] }, (voter) => matchOf(state, voter))',
  ),
  // Snapshots and sessions.
  raft('snapshot', 'an old snapshot replaces a newer state', 'if (index <= state.commit)', 'if (false)'),
  raft('snapshot', 'chunks of a snapshot are taken in any order', 'offset === received && ', ''),
  raft('sessions', 'sessions are lost in snapshots', 'return [...sessions].map(', 'return [].map('),
  raft('sessions', 'a retry is applied again', 'if (replies.has(seq))', 'if (false)'),
  ...raftDriverMutants,
];
