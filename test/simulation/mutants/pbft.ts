/** Bugs planted into the PBFT core: each is one that somebody has made, or that the paper's text warns of. */
import type { Mutant } from './mutant.js';

const ordering = 'protocols/pbft/ordering.js';
const evidence = 'protocols/pbft/evidence.js';
const viewChange = 'protocols/pbft/view-change.js';

export const pbftMutants: readonly Mutant[] = [
  {
    name: 'a batch is committed with 2f commits instead of 2f + 1',
    file: ordering,
    find: 'if (matching < quorum(config.settings))',
    replace: 'if (matching < quorum(config.settings) - 1)',
  },
  {
    name: 'a batch is prepared with 2f - 1 prepares',
    file: ordering,
    find: 'const enough = 2 * faulty(config.settings);',
    replace: 'const enough = 2 * faulty(config.settings) - 1;',
  },
  {
    name: 'a duplicate voter is counted among the prepares',
    file: ordering,
    find: 'prepares.set(message.replica, message);',
    replace: 'prepares.set(100 + prepares.size, message);',
  },
  {
    name: 'a duplicate voter is counted among the commits',
    file: ordering,
    find: 'commits.set(message.replica, message);',
    replace: 'commits.set(100 + commits.size, message);',
  },
  {
    name: 'a pre-prepare is accepted outside of the watermarks',
    file: ordering,
    find: 'if (!betweenWatermarks(state, seq))',
    replace: 'if (seq <= state.stable.seq)',
  },
  {
    name: 'the digest of a batch is not compared with that of its pre-prepare',
    file: ordering,
    find: 'if (state.config.digest(batchBytes(batch)) !== digest)',
    replace: 'if (false)',
  },
  {
    name: 'a second digest is accepted for a view and sequence number',
    file: ordering,
    find: 'if (slot.prePrepare !== undefined || seq <= state.ordered)',
    replace: 'if (false)',
  },
  {
    name: 'a prepare of the primary is counted',
    file: ordering,
    find: 'if (message.replica === primaryOf(state.config.settings, message.view))',
    replace: 'if (false)',
  },
  {
    name: 'prepares of other digests are counted',
    file: ordering,
    find: '.filter((vote) => vote.digest === digest)',
    replace: '',
  },
  {
    name: 'votes of other views are counted',
    file: ordering,
    find: 'return state.active && view === state.view;',
    replace: 'return state.active;',
  },
  {
    name: 'votes are taken while the replica waits for a view',
    file: ordering,
    find: 'return state.active && view === state.view;',
    replace: 'return view === state.view;',
  },
  {
    name: 'an accepted pre-prepare is not persisted',
    file: ordering,
    find: "{ kind: 'slot', seq, prePrepare: { type: 'pre-prepare', view, seq, digest }, signature: prePrepare.signature },",
    replace: '',
  },
  {
    name: 'a prepared certificate is not persisted',
    file: ordering,
    find: "effects.persist([{ kind: 'prepared', seq, certificate }]);",
    replace: '',
  },
  {
    name: 'the view is not persisted',
    file: viewChange,
    find: "effects.persist([{ kind: 'view', view, active, viewChange, chosen: forming?.chosen, newView }]);",
    replace: '',
  },
  {
    name: 'a view-change is sent without P',
    file: viewChange,
    find: 'const prepared = [...certificates.values()]',
    replace: 'const prepared = []',
  },
  {
    name: 'a view-change is not validated',
    file: viewChange,
    find: ': validViewChange(message, config.settings)',
    replace: ': true',
  },
  {
    name: 'a new-view is not validated',
    file: viewChange,
    find: 'if (!validNewView(message, state.config.settings))',
    replace: 'if (false)',
  },
  {
    name: 'O of a new-view is not computed anew',
    file: evidence,
    find: 'return orders.length === prePrepares.length && orders.every((order, index) => same(order, prePrepares[index]));',
    replace: 'return true;',
  },
  {
    name: 'a duplicate voter is counted in V',
    file: evidence,
    find: 'different(viewChanges) < quorum(settings) || different(viewChanges) !== viewChanges.length',
    replace: 'viewChanges.length < quorum(settings)',
  },
  {
    name: 'a duplicate voter is counted in P',
    file: evidence,
    find: 'different(prepares) >= 2 * faulty(settings)',
    replace: 'prepares.length >= 2 * faulty(settings)',
  },
  {
    name: 'a duplicate voter is counted in C',
    file: evidence,
    find: 'different(proof) >= quorum(settings)',
    replace: 'proof.length >= quorum(settings)',
  },
  {
    name: 'of what prepared the lowest view is ordered',
    file: evidence,
    find: 'if (view >= (highest.get(seq)?.view ?? 0))',
    replace: 'if (view <= (highest.get(seq)?.view ?? view))',
  },
  {
    name: 'signatures of requests are not verified',
    file: evidence,
    find: 'message.batch.forEach(claim);',
    replace: '',
  },
  {
    name: 'signatures in P are not verified',
    file: evidence,
    find: '[prePrepare, ...prepares].forEach(claim);',
    replace: ';',
  },
  {
    name: 'batches are executed as they commit, not in order',
    file: 'protocols/pbft/execution.js',
    find: 'const seq = state.executed + 1;',
    replace: 'const seq = [...state.decided.keys()].find((one) => one > state.executed) ?? 0;',
  },
  {
    name: 'the timestamp of a client is ignored',
    file: 'protocols/pbft/execution.js',
    find: 'if (timestamp <= (last.get(client) ?? clients.get(client)?.timestamp ?? -1))',
    replace: 'if (false)',
  },
  {
    name: 'a checkpoint is stable with 2f',
    file: 'protocols/pbft/checkpoint.js',
    find: 'if (proof.length >= quorum(state.config.settings))',
    replace: 'if (proof.length >= quorum(state.config.settings) - 1)',
  },
  {
    name: 'a transferred state is not compared with its digest',
    file: 'protocols/pbft/transfer.js',
    find: 'if (config.digest(message.state) !== digest)',
    replace: 'if (false)',
  },
  {
    name: 'the proof of a transferred state is not looked at',
    file: 'protocols/pbft/transfer.js',
    find: 'if (!provesStable(proof, seq, config.settings))',
    replace: 'if (false)',
  },
  {
    name: 'a transferred state comes without the last replies',
    file: 'protocols/pbft/transfer.js',
    find: 'state.clients.set(client, last);',
    replace: '',
  },
  {
    name: 'a client believes the first reply',
    file: 'protocols/pbft/client.js',
    find: 'if (equal.length < weak(config.settings))',
    replace: 'if (equal.length < 1)',
  },
  {
    name: 'a client counts replies that are not equal',
    file: 'protocols/pbft/client.js',
    find: '.filter(({ result }) => sameBytes(result, message.result))',
    replace: '',
  },
];
