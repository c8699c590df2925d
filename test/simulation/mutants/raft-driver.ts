/**
 * More bugs planted into Raft, and those of its driver and of its storage in the simulator: a driver can break every
 * promise of a correct core.
 */
import type { Mutant } from './mutant.js';

const driver = 'runtime/simulation/raft/driver.js';

export const raftDriverMutants: readonly Mutant[] = [
  {
    name: 'a log is up to date by its last term alone',
    file: 'protocols/raft/log.js',
    find: '(term === ours && index >= lastIndex(log))',
    replace: 'term === ours',
  },
  {
    name: 'pre-votes count as votes',
    file: 'protocols/raft/election.js',
    find: "type === 'pre-vote-response' ? state.role === 'pre-candidate' : state.role === 'candidate'",
    replace: "state.role === 'candidate' || state.role === 'pre-candidate'",
  },
  {
    name: 'an arbitrary change without joint consensus',
    file: 'protocols/raft/config.js',
    find: 'draft.votersOutgoing = new Set(draft.voters)',
    replace: 'draft.votersOutgoing = new Set()',
  },
  {
    name: 'an entry in the way is kept although its term differs',
    file: 'protocols/raft/log.js',
    find: 'if (!matches(log, index, term))',
    replace: 'if (index > lastIndex(log))',
  },
  {
    name: 'a vote is forgotten by a restart',
    file: 'protocols/raft/start.js',
    find: 'vote: isNews ? undefined : hardState.vote',
    replace: 'vote: undefined',
  },
  {
    name: 'damage that a restart finds is not noted',
    file: 'protocols/raft/start.js',
    find: 'hardState.damaged || restart.damaged || !whole || amnesiac',
    replace: 'amnesiac',
  },
  {
    name: 'a read that does not wait for the state machine',
    file: 'protocols/raft/read.js',
    find: 'state.waitingReads.push({ id, index })',
    replace: "out.early.push({ type: 'read', id, index })",
  },
  {
    name: 'a leader does not step down for a higher term',
    file: 'protocols/raft/receive.js',
    find: 'if (message.term > state.term)',
    replace: "if (message.term > state.term && state.role !== 'leader')",
  },
  {
    name: 'a snapshot is installed without its configuration',
    file: 'protocols/raft/snapshot.js',
    find: 'switchConfig(state, config, index, out)',
    replace: 'switchConfig(state, state.config, index, out)',
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
    name: 'the checksum of a record is not looked at',
    file: 'runtime/simulation/raft/records.js',
    find: 'sealed === checksum(key, packed)',
    replace: 'sealed >= 0',
  },
];
