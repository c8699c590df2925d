/** One node of Raft with a log of the test's choice, and what it sends. Entries begin behind the snapshot 1 of term 1. */
import { newConfig } from '#protocols/raft/config';
import type { RaftEffect } from '#protocols/raft/effect';
import type { RaftInput } from '#protocols/raft/input';
import type { RaftMessage } from '#protocols/raft/message';
import { raftSettings } from '#protocols/raft/settings';
import { startRaft } from '#protocols/raft/start';
import { stepRaft } from '#protocols/raft/step';
import type { Entry, NodeId, RaftState, Settings } from '#protocols/raft/types';

interface Given extends Partial<Omit<Settings, 'id'>> {
  readonly id?: NodeId;
  readonly voters?: readonly NodeId[];
  readonly learners?: readonly NodeId[];
  /** Terms of the entries 2, 3, ... */
  readonly log?: readonly number[];
  readonly term?: number;
  readonly vote?: NodeId;
  readonly commit?: number;
}

/** The entry that stands for a term and an index. */
export function entry(term: number, index: number, text = `${term}.${index}`): Entry {
  return { type: 'normal', term, index, id: text, data: new TextEncoder().encode(text) };
}

/** A node that was restarted with this log; its state machine has applied what is committed. */
export function nodeWith(given: Given = {}): RaftState {
  const {
    id = 'n1',
    voters = ['n1', 'n2', 'n3'],
    learners = [],
    log = [],
    term,
    vote,
    commit = 1,
    ...settings
  } = given;
  const { state } = startRaft(raftSettings(id, settings), 7, {
    type: 'restart',
    hardState: { term: term ?? log.at(-1) ?? 1, vote, commit, damaged: false, amnesiac: false },
    snapshot: { index: 1, term: 1, config: newConfig(voters, learners) },
    entries: log.map((of, at) => entry(of, at + 2)),
    damaged: false,
    applied: commit,
  });
  return state;
}

/** Steps a node, whose writes are done at once; gives all effects. */
export function step(state: RaftState, input: RaftInput): readonly RaftEffect[] {
  const effects = [...stepRaft(state, input).effects];
  for (const effect of effects) {
    if (effect.type === 'persist') effects.push(...step(state, { type: 'persisted', ...effect.token }));
    if (effect.type === 'apply')
      effects.push(...step(state, { type: 'applied', index: effect.entries.at(-1)?.index ?? 0 }));
    if (effect.type === 'restore') effects.push(...step(state, { type: 'applied', index: effect.snapshot.index }));
  }
  return effects;
}

/** Gives a node a message, and gives what it sends. */
export function tell(state: RaftState, from: NodeId, message: RaftMessage): readonly RaftMessage[] {
  return messages(step(state, { type: 'receive', from, message }));
}

export function messages(effects: readonly RaftEffect[]): readonly RaftMessage[] {
  return effects.flatMap((effect) => (effect.type === 'send' ? [effect.message] : []));
}

/** What effects say of a request. */
export function refusals(effects: readonly RaftEffect[]): readonly string[] {
  return effects.flatMap((effect) => (effect.type === 'reject' ? [effect.reason] : []));
}

/** Makes a node the leader of its next term, by the votes of others. */
export function makeLeader(state: RaftState): RaftState {
  step(state, { type: 'campaign' });
  const others = state.config.voters.filter((voter) => voter !== state.settings.id);
  for (const voter of others)
    if (state.role === 'pre-candidate')
      tell(state, voter, { type: 'pre-vote-response', term: state.term + 1, reject: false });
  for (const voter of others)
    if (state.role === 'candidate') tell(state, voter, { type: 'vote-response', term: state.term, reject: false });
  if (state.role !== 'leader') throw new Error(`${state.settings.id} is ${state.role}`);
  return state;
}

/** Terms of the entries 2, 3, ... */
export function terms({ log }: RaftState): readonly number[] {
  return log.entries.map(({ term }) => term);
}

export function append(
  term: number,
  index: number,
  logTerm: number,
  entries: readonly Entry[] = [],
  commit = 0,
): Extract<RaftMessage, { readonly type: 'append' }> {
  return { type: 'append', term, index, logTerm, entries, commit, recoverTo: 0 };
}

/** An acknowledgement of all up to an index. */
export function ack(term: number, index: number): Extract<RaftMessage, { readonly type: 'append-response' }> {
  return { type: 'append-response', term, index, reject: false, rejectHint: 0, logTerm: 0, damaged: false };
}

export function heartbeat(term: number, commit = 0, round = 1): Extract<RaftMessage, { readonly type: 'heartbeat' }> {
  return { type: 'heartbeat', term, commit, round, sentAt: 0 };
}
