/**
 * Bugs planted into Raft, its sessions, its driver and its storage: the classical ones of the literature and of issue
 * trackers, each a line. The simulator has to find every one of them.
 */
import type { Mutant } from './mutant.js';

const election = 'protocols/raft/election.js';
const follower = 'protocols/raft/follower.js';
const membership = 'protocols/raft/membership.js';
const output = 'protocols/raft/output.js';
const quorum = 'protocols/raft/quorum.js';
const read = 'protocols/raft/read.js';
const receive = 'protocols/raft/receive.js';
const replication = 'protocols/raft/replication.js';
const driver = 'runtime/simulation/raft/driver.js';
const storage = 'runtime/simulation/raft/storage.js';

export const mutants: readonly Mutant[] = [
  {
    name: 'a vote for a log that is not up to date',
    file: election,
    find: 'free && isSound(state) && isUpToDate(state.log, index, logTerm)',
    replace: 'free && isSound(state)',
  },
  {
    name: 'a log is up to date by its last term alone',
    file: 'protocols/raft/log.js',
    find: '(term === ours && index >= lastIndex(log))',
    replace: 'term === ours',
  },
  { name: 'more than one vote in a term', file: election, find: 'state.vote === from ||', replace: 'true ||' },
  {
    name: 'pre-votes count as votes',
    file: election,
    find: "type === 'pre-vote-response' ? state.role === 'pre-candidate' : state.role === 'candidate'",
    replace: "state.role === 'candidate' || state.role === 'pre-candidate'",
  },
  {
    name: 'a node that lost entries votes',
    file: election,
    find: 'free && isSound(state) && isUpToDate(state.log, index, logTerm)',
    replace: 'free && isUpToDate(state.log, index, logTerm)',
  },
  {
    name: 'a node campaigns with a change of the configuration that it has not applied',
    file: election,
    find: ' || hasUnappliedChange(state)',
    replace: '',
  },
  {
    name: 'a lease that followers do not keep',
    file: election,
    find: "reads === 'lease' && elapsed < electionTicks",
    replace: 'false',
  },
  { name: 'half of the voters are a quorum', file: quorum, find: 'Math.floor(count / 2) + 1', replace: 'Math.ceil(count / 2)' },
  {
    name: 'joint consensus commits by the new voters alone',
    file: quorum,
    find: 'return Math.min(incoming, majorityValue(config.votersOutgoing, valueOf));',
    replace: 'return incoming;',
  },
  {
    name: 'joint consensus elects by the new voters alone',
    file: quorum,
    find: 'const outgoing = majorityVote(config.votersOutgoing, voteOf);',
    replace: 'const outgoing = incoming;',
  },
  {
    name: 'learners count in the quorum',
    file: quorum,
    find: 'const incoming = majorityValue(config.voters, valueOf);',
    replace: 'const incoming = majorityValue([...config.voters, ...config.learners], valueOf);',
  },
  {
    name: 'an arbitrary change without joint consensus',
    file: 'protocols/raft/config.js',
    find: 'draft.votersOutgoing = new Set(draft.voters)',
    replace: 'draft.votersOutgoing = new Set()',
  },
  {
    name: 'two changes of the configuration at once',
    file: membership,
    find: 'state.pendingConfIndex > state.applied || !hasCommittedInTerm(state)',
    replace: 'false',
  },
  {
    name: 'entries of old terms are committed by counting (figure 8)',
    file: replication,
    find: 'termAt(state.log, index) !== state.term',
    replace: 'termAt(state.log, index) === undefined',
  },
  {
    name: 'a leader counts its own entries before they are durable',
    file: replication,
    find: 'progress.recoverTo > 0 ? 0 : progress.match',
    replace: 'progress.recoverTo > 0 ? 0 : voter === state.settings.id ? lastIndex(state.log) : progress.match',
  },
  {
    name: 'a heartbeat commits what the follower is not known to have',
    file: replication,
    find: 'Math.min(progress.match, commit)',
    replace: 'commit',
  },
  {
    name: 'every append truncates',
    file: follower,
    find: 'findConflict(log, entries)',
    replace: '(entries[0]?.index ?? 0)',
  },
  {
    name: 'an entry in the way is kept although its term differs',
    file: 'protocols/raft/log.js',
    find: 'if (!matches(log, index, term))',
    replace: 'if (index > lastIndex(log))',
  },
  {
    name: 'a follower commits beyond the last new entry',
    file: follower,
    find: 'Math.min(message.commit, last)',
    replace: 'Math.min(message.commit, lastIndex(log))',
  },
  {
    name: 'an append is accepted wherever it fits by its index',
    file: follower,
    find: '!matches(log, index, logTerm)',
    replace: 'index > lastIndex(log)',
  },
  {
    name: 'a follower acknowledges its whole log',
    file: follower,
    find: 'acknowledge(state, from, last, out)',
    replace: 'acknowledge(state, from, lastIndex(log), out)',
  },
  {
    name: 'a damaged node is sound again with the first append',
    file: follower,
    find: 'recovery === undefined || recovery.term !== state.term || last < recovery.index',
    replace: 'false',
  },
  {
    name: 'an acknowledgement leaves before the sync',
    file: output,
    find: "case 'append-response':",
    replace: "return false; case 'append-response': return true;",
  },
  {
    name: 'a vote leaves before the sync',
    file: output,
    find: "case 'vote-response':",
    replace: "return false; case 'vote-response': return true;",
  },
  { name: 'a vote is not persisted', file: output, find: 'before.vote !== state.vote ||', replace: '' },
  {
    name: 'a vote is forgotten by a restart',
    file: 'protocols/raft/start.js',
    find: 'vote: hardState.vote',
    replace: 'vote: undefined',
  },
  {
    name: 'damage that a restart finds is not noted',
    file: 'protocols/raft/start.js',
    find: 'hardState.damaged || restart.damaged || !whole || amnesiac',
    replace: 'amnesiac',
  },
  {
    name: 'a read without a quorum',
    file: read,
    find: 'pendingReads.push({ id, from, round: (state.round += 1), index: state.commit })',
    replace: 'return answer(state, { id, from, round: 0, index: state.commit }, out)',
  },
  {
    name: 'a read before an entry of the term is committed',
    file: read,
    find: 'if (!hasCommittedInTerm(state)) {',
    replace: 'if (false) {',
  },
  {
    name: 'a read that does not wait for the state machine',
    file: read,
    find: 'state.waitingReads.push({ id, index })',
    replace: "out.early.push({ type: 'read', id, index })",
  },
  {
    name: 'a lease that is twice as long as the promise',
    file: read,
    find: '(ticks + lateTicks - since) * (1 + clockDrift) < (electionTicks - 1) * (1 - clockDrift)',
    replace: 'ticks - since < 2 * electionTicks',
  },
  {
    name: 'a lease goes on while leadership is handed over',
    file: 'protocols/raft/transfer.js',
    find: 'state.leaseBroken = true',
    replace: 'state.leaseBroken = false; state.leadTransferee = undefined',
  },
  {
    name: 'a leader does not step down for a higher term',
    file: receive,
    find: 'if (message.term > state.term)',
    replace: "if (message.term > state.term && state.role !== 'leader')",
  },
  {
    name: 'messages of old terms are heard',
    file: receive,
    find: 'if (message.term < state.term)',
    replace: 'if (false)',
  },
  {
    name: 'a snapshot that is behind is installed',
    file: 'protocols/raft/snapshot.js',
    find: 'if (index <= state.commit)',
    replace: 'if (false)',
  },
  {
    name: 'a snapshot is installed without its configuration',
    file: 'protocols/raft/snapshot.js',
    find: 'switchConfig(state, config, index, out)',
    replace: 'switchConfig(state, state.config, index, out)',
  },
  {
    name: 'a write that is durable counts in whatever term',
    file: 'protocols/raft/step.js',
    find: 'if (token.term !== state.term)',
    replace: 'if (false)',
  },
  {
    name: 'sessions are lost in snapshots',
    file: 'protocols/raft/sessions.js',
    find: 'replies: [...replies]',
    replace: 'replies: []',
  },
  {
    name: 'a retried command takes effect again',
    file: 'protocols/raft/sessions.js',
    find: 'if (replies.has(seq))',
    replace: 'if (false)',
  },
  {
    name: 'a node that lost its disk comes back under its old id (amnesia)',
    file: 'runtime/simulation/raft/cluster.js',
    find: 'String(Number(before) + MOST_PLACES)',
    replace: 'before',
  },
  {
    name: 'a driver does not wait for a sync while another is under way',
    file: driver,
    find: "if (effect.type === 'persist' && !this.#written.has(effect)) {",
    replace: "if (effect.type === 'persist' && !this.#written.has(effect) && !this.#syncing) {",
  },
  {
    name: 'a node that hung does not count the ticks that it missed',
    file: driver,
    find: 'const count = Math.floor((passedUs + 1) / setup.tickUs);',
    replace: 'const count = 1; this.#tickedUs = world.monotonicUs(this.place) - setup.tickUs;',
  },
  {
    name: 'the commit record is written once, in place',
    file: storage,
    find: 'version % 2',
    replace: '0',
  },
];
