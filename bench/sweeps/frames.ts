/** What do larger payloads and fuller frames give, between nodes and between threads? */
import { nodePeer, skep } from '../harness/process.js';
import type { Sweep } from '../harness/sweep.js';

const PAYLOADS = [16, 64, 256, 1_024, 4_096, 16_384, 65_536];
const IN_TURN = [1, 4, 16, 64, 256, 1_024];
/** A run moves so many bytes, or so many messages where they are small. */
const payloadPoints = (bytesInAll: number, most: number) => (bytes: number) => {
  return { bytes, messages: Math.min(most, Math.max(64, Math.floor(bytesInAll / bytes))) };
};
/** A turn of one cast costs as much as one of many: the fewer casts in it, the fewer messages in all. */
const turnPoints = (turns: number, most: number) => (casts: number) => {
  return { casts, bytes: 32, messages: Math.min(most, turns * casts) };
};

const payloads = {
  counts: 'messages',
  along: { name: 'bytes', label: 'payload of a message', unit: 'bytes' },
  points: {
    full: PAYLOADS.map(payloadPoints(16 * 2 ** 20, 50_000)),
    quick: [16, 1_024, 65_536].map(payloadPoints(2 ** 20, 5_000)),
  },
  completes: ({ messages = 0 }) => messages,
  growth: { of: 'one message', operations: () => 1, atMost: 1.1 },
  also: { measure: 'MB/s', of: (perSecond, { bytes = 0 }) => (perSecond * bytes) / 1_000_000 },
} satisfies Partial<Sweep>;

const envelopes = {
  counts: 'messages',
  along: { name: 'casts', label: 'messages sent in one turn of the event loop', unit: 'count' },
  points: {
    full: IN_TURN.map(turnPoints(4_000, 100_000)),
    quick: [1, 16, 256].map(turnPoints(500, 8_000)),
  },
  completes: ({ messages = 0 }) => messages,
  growth: { of: 'one turn', operations: ({ casts = 0 }) => casts, atMost: 1.1 },
} satisfies Partial<Sweep>;

const overNats = [skep('frames', 'nodes'), nodePeer('nats', 'nats/frames.mjs', 'publishes')];
const overPorts = [skep('frames', 'threads'), nodePeer('postMessage', 'postmessage/frames.mjs', 'messages')];

export const frameSweep: Sweep = {
  ...payloads,
  name: 'frame-sweep',
  suite: 'nodes',
  asks: 'How many casts a second pass between two nodes, by the size of their payload?',
  contenders: overNats,
};

export const frameSweepThreads: Sweep = {
  ...payloads,
  name: 'frame-sweep-threads',
  suite: 'threads',
  asks: 'How many casts a second pass between two threads, by the size of their payload?',
  contenders: overPorts,
};

export const envelopesSweep: Sweep = {
  ...envelopes,
  name: 'envelopes-sweep',
  suite: 'nodes',
  asks: 'What does it give that all casts of a turn leave for another node as one frame?',
  contenders: overNats,
};

export const envelopesSweepThreads: Sweep = {
  ...envelopes,
  name: 'envelopes-sweep-threads',
  suite: 'threads',
  asks: 'What does it give that all casts of a turn leave for another thread as one frame?',
  contenders: overPorts,
};
