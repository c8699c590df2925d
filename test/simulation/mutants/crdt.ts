/** Planted bugs of delta-CRDTs: those that implementations have had. Texts are of the compiled files. */
import type { Mutant } from './mutant.js';

export const mutants: readonly Mutant[] = [
  {
    name: 'a remove loses its context, and the element comes back',
    file: 'protocols/crdt/operation.js',
    find: 'contextOf(store === undefined ? removed : [...removed, origin.dot])',
    replace: 'contextOf(store === undefined ? [] : [...removed, origin.dot])',
  },
  {
    name: 'a delta that adds forgets what it supersedes',
    file: 'protocols/crdt/operation.js',
    find: 'contextOf(store === undefined ? removed : [...removed, origin.dot])',
    replace: 'contextOf(store === undefined ? removed : [origin.dot])',
  },
  {
    name: 'a remove takes concurrent adds with it: remove wins',
    file: 'protocols/crdt/store.js',
    find: 'return keepDots(other, (dot) => !contains(oneSeen, dot));',
    replace: 'return undefined;',
  },
  {
    name: 'the join ignores what the other has seen, and removes are not applied',
    file: 'protocols/crdt/store.js',
    find: 'else if (contains(otherSeen, mine))',
    replace: 'else if (false)',
  },
  {
    name: 'an element that is added again keeps its dot',
    file: 'protocols/crdt/replica.js',
    find: 'counter: lastOf(before.context, state.replica) + 1',
    replace:
      'counter: lastOf(before.context, state.replica) + (before.store === undefined && before.context.size > 0 ? 0 : 1)',
  },
  {
    name: 'a delta-group lacks the first of its interval: merged, it breaks the causal delta-merging condition',
    file: 'protocols/crdt/document.js',
    find: 'deltas.slice(from - first)',
    replace: 'deltas.slice(from - first + 1)',
  },
  {
    name: 'a neighbour of whom nothing is known gets what is in the buffer, and never the whole state',
    file: 'protocols/crdt/document.js',
    find: 'const from = document.acked.get(node) ?? 0;',
    replace: 'const from = document.acked.get(node) ?? first;',
  },
  {
    name: 'deltas are forgotten when one neighbour has acked them, and no whole state takes their place',
    file: 'protocols/crdt/document.js',
    find: 'if (from < first || from === 0)',
    replace: 'if (from === 0)',
  },
  {
    name: 'last writer wins: a tie is decided by whose entry comes first, not by replica id',
    file: 'protocols/crdt/value.js',
    find: 'compareClocks(one.payload.stamp, other.payload.stamp) || compareText(one.replica, other.replica)',
    replace: 'compareClocks(one.payload.stamp, other.payload.stamp)',
  },
  {
    name: 'deltas are sent before the state is durable',
    file: 'protocols/crdt/replica.js',
    find: 'effects.push(persist(state, [recordOf(document)]));',
    replace: '',
  },
  {
    name: 'merged states are acked before they are durable',
    file: 'protocols/crdt/merge.js',
    find: 'effects.push(persist(state, [...inflated].map(recordOf)));',
    replace: '',
  },
  {
    name: 'the causal context is not persisted: what was removed comes back after a restart',
    file: 'protocols/crdt/packet.js',
    find: 'writeState(writer, kind, state);\n    return writer.finish();',
    replace:
      'writeState(writer, kind, { store: state.store, context: new Map([...state.context].filter(([id]) => JSON.stringify([...state.store?.entries ?? []]).includes(id))) });\n    return writer.finish();',
  },
  {
    name: 'a restart with a damaged store goes on under the old id',
    file: 'protocols/crdt/open.js',
    find: 'return !damaged && identity !== undefined',
    replace: 'return identity !== undefined',
  },
  {
    name: 'the hybrid clock takes the wall time only',
    file: 'protocols/crdt/hlc.js',
    find: 'return wallMs > clock.wallMs ? { wallMs, count: 0 } : { wallMs: clock.wallMs, count: clock.count + 1 };',
    replace: 'return { wallMs, count: 0 };',
  },
  {
    name: 'the hybrid clock follows stamps of any distance',
    file: 'protocols/crdt/hlc.js',
    find: 'return stamp.wallMs > wallMs + maxAheadMs;',
    replace: 'return false;',
  },
  {
    name: 'a merged delta is not passed on: it is counted, and not buffered',
    file: 'protocols/crdt/document.js',
    find: 'document.deltas.push({ delta: difference(after, document.state), origin });',
    replace:
      'document.deltas.push({ delta: origin === undefined ? difference(after, document.state) : bottom, origin });',
  },
  {
    name: 'a restart forgets the hybrid clock',
    file: 'protocols/crdt/open.js',
    find: 'if (compareClocks(one.clock, clock) > 0)',
    replace: 'if (false)',
  },
  {
    name: 'a departed id is retired before all have what it left',
    file: 'protocols/crdt/prune.js',
    find: 'isInStores(state, departed) || !isConverged(state)',
    replace: 'false',
  },
  {
    name: 'retired ids are taken out of own states only, and come back with the deltas of others',
    file: 'protocols/crdt/merge.js',
    find: 'const known = withoutRetired(delta, state.retired);',
    replace: 'const known = delta;',
  },
  {
    name: 'an ack of one document counts for what was sent of it later',
    file: 'protocols/crdt/merge.js',
    find: 'Math.max(document.acked.get(node) ?? 0, seq)',
    replace: 'document.seq',
  },
  {
    name: 'two heirs: adoption leaves the old total in place, and it is counted twice',
    file: 'protocols/crdt/prune.js',
    find: 'removed.push(...left);\n',
    replace: '',
  },
];
