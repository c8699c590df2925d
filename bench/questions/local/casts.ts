/** Casts on one executor. The senders of skep keep to what `cast` says; Erlang, nact and XState hold up nobody. */
import { erlang, nodePeer, skep } from '../../harness/process.js';
import type { Question } from '../../harness/question.js';

export const casts: Question = {
  name: 'cast',
  suite: 'local',
  asks: 'How many casts a second does an actor send to another one, which counts them and adds up their numbers?',
  counts: 'messages',
  sizes: { full: { messages: 300_000 }, quick: { messages: 30_000 } },
  completes: ({ messages = 0 }) => messages,
  contenders: [
    skep('messages', 'cast'),
    erlang('messages', 'cast'),
    erlang('messages', 'cast-one-scheduler', 'Erlang/OTP, one scheduler'),
    erlang('messages', 'cast-gen-server', 'Erlang/OTP, gen_server:cast'),
    nodePeer('nact', 'nact/messages.mjs', 'cast'),
    nodePeer('moleculer', 'moleculer/messages.mjs', 'cast'),
    nodePeer('xstate', 'xstate/messages.mjs', 'cast'),
  ],
  goals: [
    { row: 'local cast', against: 'Erlang/OTP', atLeast: 2.5 },
    { row: 'local cast', against: 'nact', atLeast: 10 },
  ],
};

export const manyToOne: Question = {
  name: 'many-to-one',
  suite: 'local',
  asks: 'How many casts a second does one actor take from a hundred that send to it at once?',
  counts: 'messages',
  sizes: { full: { senders: 100, messages: 200_000 }, quick: { senders: 100, messages: 20_000 } },
  completes: ({ messages = 0 }) => messages,
  contenders: [
    skep('messages', 'cast'),
    erlang('messages', 'cast'),
    nodePeer('nact', 'nact/messages.mjs', 'cast'),
    nodePeer('xstate', 'xstate/messages.mjs', 'cast'),
  ],
};

export const bounces: Question = {
  name: 'many-pairs',
  suite: 'local',
  asks: 'How many messages a second do a thousand pairs of actors bounce, each pair one message?',
  counts: 'messages',
  sizes: { full: { pairs: 1_000, bounces: 200 }, quick: { pairs: 1_000, bounces: 20 } },
  completes: ({ pairs = 0, bounces: each = 0 }) => pairs * each,
  contenders: [
    skep('messages', 'bounce'),
    erlang('messages', 'bounce'),
    erlang('messages', 'bounce-one-scheduler', 'Erlang/OTP, one scheduler'),
    nodePeer('nact', 'nact/messages.mjs', 'bounce'),
    nodePeer('xstate', 'xstate/messages.mjs', 'bounce'),
  ],
};
