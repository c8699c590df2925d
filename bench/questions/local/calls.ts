/** Calls on one executor. XState is no peer: nothing of it answers an event. */
import { erlang, nodePeer, skep } from '../../harness/process.js';
import type { Question } from '../../harness/question.js';

const CALLERS = 128;

export const call: Question = {
  name: 'call',
  suite: 'local',
  asks: 'How many calls a second does an actor make to another one, each when the last was answered? Moleculer calls its action as a function, without a queue.',
  counts: 'calls',
  sizes: { full: { calls: 100_000 }, quick: { calls: 10_000 } },
  completes: ({ calls = 0 }) => calls,
  contenders: [
    skep('messages', 'call'),
    erlang('messages', 'call'),
    nodePeer('nact', 'nact/messages.mjs', 'call'),
    nodePeer('moleculer', 'moleculer/messages.mjs', 'call'),
  ],
  goals: [{ row: 'local call, one after another', against: 'Erlang/OTP', atLeast: 1 }],
};

/**
 * Without nact: it knows its questions by random numbers of 32 bits, and of two under way with the same number one is
 * never answered. With 128 under way that ended one of a few million calls.
 */
export const calls128: Question = {
  name: 'call-128',
  suite: 'local',
  asks: 'How many calls a second does one actor answer to 128 that each call again when they were answered?',
  counts: 'calls',
  sizes: {
    full: { callers: CALLERS, calls: CALLERS * 1_600 },
    quick: { callers: CALLERS, calls: CALLERS * 160 },
  },
  completes: ({ calls = 0 }) => calls,
  contenders: [
    skep('messages', 'call'),
    erlang('messages', 'call'),
    erlang('messages', 'call-one-scheduler', 'Erlang/OTP, one scheduler'),
    nodePeer('moleculer', 'moleculer/messages.mjs', 'call'),
  ],
  goals: [{ row: 'local call, 128 at once', against: 'Erlang/OTP', atLeast: 2 }],
};
