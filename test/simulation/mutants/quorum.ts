/** Bugs planted in the quorum store, each of which the simulator has to find. */
import type { Mutant } from './mutant.js';

export const mutants: readonly Mutant[] = [
  {
    name: 'a read is answered by R - 1',
    file: 'protocols/quorum/get.js',
    find: 'tally(arc.members, counted) >= r && tally(arc.next, heard) >= r',
    replace: 'tally(arc.members, counted) >= r - 1 && tally(arc.next, heard) >= r - 1',
  },
  {
    name: 'a write is acknowledged by W - 1',
    file: 'protocols/quorum/put.js',
    find: 'tally(arc.members, acked) >= w && tally(arc.next, acked) >= w',
    replace: 'tally(arc.members, acked) >= w - 1 && tally(arc.next, acked) >= w - 1',
  },
  {
    name: 'a replica acknowledges before it persists',
    file: 'protocols/quorum/step.js',
    find: "send(state, from, { type: 'stored', epoch, ref });",
    replace: "state.effects.push({ type: 'send', to: from, message: { type: 'stored', epoch, ref } });",
  },
  {
    name: 'the context of a write is ignored',
    file: 'protocols/quorum/versions.js',
    find: 'local.siblings.filter((sibling) => !covers(context, sibling.dot))',
    replace: 'local.siblings.filter(() => true)',
  },
  {
    name: 'a write supersedes siblings that its client has not seen',
    file: 'protocols/quorum/versions.js',
    find: 'local.siblings.filter((sibling) => !covers(context, sibling.dot))',
    replace: 'local.siblings.filter((sibling) => !covers(local.clock, sibling.dot))',
  },
  {
    name: 'a copy replaces a record in the place of being merged',
    file: 'protocols/quorum/records.js',
    find: 'const merged = mergeVersions(before, versions);',
    replace: 'const merged = versions;',
  },
  {
    name: 'a tombstone is collected at once',
    file: 'protocols/quorum/collect.js',
    find: 'return state.tick - entry.since >= state.settings.graceTicks;',
    replace: 'return true;',
  },
  {
    name: 'a tombstone is collected with the consent of one',
    file: 'protocols/quorum/collect.js',
    find: ' || candidate.silent.size > 0',
    replace: '',
  },
  {
    name: 'a hint is forgotten once it is sent',
    file: 'protocols/quorum/hints.js',
    find: 'state.deliveries.set(ref, {',
    replace: 'removeHint(state, target, key); state.deliveries.set(ref, {',
  },
  {
    name: 'hints are without bound',
    file: 'protocols/quorum/records.js',
    find: 'state.hintCount >= state.settings.maxHints',
    replace: 'false',
  },
  {
    name: 'the ring lists a node twice',
    file: 'protocols/quorum/ring.js',
    find: 'if (!list.includes(id))',
    replace: 'if (true)',
  },
  {
    name: 'a replica without its disk counts in reads',
    file: 'protocols/quorum/step.js',
    find: 'complete: !state.recovering',
    replace: 'complete: true',
  },
  {
    name: 'numbers of writes begin anew in each life',
    file: 'protocols/quorum/step.js',
    find: 'counter: identity.ceiling,',
    replace: 'counter: 0,',
  },
  {
    name: 'while members change W of the old list do for a write',
    file: 'protocols/quorum/put.js',
    find: ' && tally(arc.next, acked) >= w',
    replace: '',
  },
  {
    name: 'a message of an older epoch is obeyed',
    file: 'protocols/quorum/step.js',
    find: 'message.epoch < ring.epoch',
    replace: 'false',
  },
  {
    name: 'a partial comparison counts as a copy',
    file: 'protocols/quorum/sync.js',
    find: 'if (session.partial) {',
    replace: 'if (false) {',
  },
  {
    name: 'anti-entropy does not ask for what it lacks',
    file: 'protocols/quorum/sync.js',
    find: 'wanted.push(key)',
    replace: 'undefined',
  },
  {
    name: 'who gains copies from one source too few',
    file: 'protocols/quorum/takeover.js',
    find: 'arc.members.length - quorum + 1',
    replace: 'arc.members.length - quorum',
  },
];
