/**
 * Casts from thread to thread. The processes of Erlang are bound to two schedulers; `postMessage` is one message each from
 * the main thread to a Worker; comedy sends to an actor in mode `threaded`.
 */
import { erlang, nodePeer, skep } from '../../harness/process.js';
import type { Question } from '../../harness/question.js';

export const castThreads: Question = {
  name: 'cast-threads',
  suite: 'threads',
  asks: 'How many casts a second pass from one thread to another under flow control, and what does a receiver beside that is too slow change about it?',
  counts: 'messages',
  sizes: { full: { messages: 100_000 }, quick: { messages: 10_000 } },
  completes: ({ messages = 0 }) => messages,
  contenders: [
    skep('messages', 'cast-threads'),
    skep('messages', 'cast-threads-slow', { name: 'skep, a slow receiver beside' }),
    nodePeer('postMessage', 'postmessage/messages.mjs', 'cast'),
    erlang('messages', 'cast-threads'),
    nodePeer('comedy', 'comedy/messages.mjs', 'cast'),
  ],
  goals: [
    { row: 'cast across threads', against: 'postMessage', atLeast: 3 },
    { row: 'cast across threads', against: 'Erlang/OTP', atLeast: 1 },
  ],
};

export const pingPongThreads: Question = {
  name: 'ping-pong-threads',
  suite: 'threads',
  asks: 'How many times a second do two actors on two threads bounce one message?',
  counts: 'messages',
  sizes: { full: { pairs: 1, bounces: 20_000 }, quick: { pairs: 1, bounces: 2_000 } },
  completes: ({ pairs = 0, bounces = 0 }) => pairs * bounces,
  contenders: [
    skep('messages', 'bounce-threads'),
    nodePeer('postMessage', 'postmessage/messages.mjs', 'bounce'),
    erlang('messages', 'bounce-threads'),
  ],
};

export const manyToOneThreads: Question = {
  name: 'many-to-one-threads',
  suite: 'threads',
  asks: 'How many casts a second does one actor take from a hundred on another thread that send to it at once?',
  counts: 'messages',
  sizes: { full: { senders: 100, messages: 100_000 }, quick: { senders: 100, messages: 10_000 } },
  completes: ({ messages = 0 }) => messages,
  contenders: [
    skep('messages', 'cast-threads'),
    nodePeer('postMessage', 'postmessage/messages.mjs', 'cast'),
    erlang('messages', 'cast-threads'),
  ],
};
