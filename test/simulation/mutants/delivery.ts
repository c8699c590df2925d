/** Bugs of reliable delivery. */
import type { Mutant } from './mutant.js';

const producer = 'protocols/delivery/producer.js';
const consumer = 'protocols/delivery/consumer.js';

export const deliveryMutants: readonly Mutant[] = [
  {
    name: 'sends before it is stored',
    file: producer,
    find: 'Math.min(base + settings.window, base + pending.length, stored + 1)',
    replace: 'Math.min(base + settings.window, base + pending.length)',
  },
  {
    name: 'forgets what was received and not handled',
    file: consumer,
    find: 'ack: { epoch, life, handled: upTo, received }',
    replace: 'ack: { epoch, life, handled: received, received }',
  },
  {
    name: 'believes a consumer that died to have what it had received',
    file: producer,
    find: 'if (ack.life > state.life) {',
    replace: 'if (ack.life > state.life && state.life === 0) {',
  },
  {
    name: 'never sends again',
    file: producer,
    find: 'for (let seq = missing; seq <= state.sent; seq += 1)',
    replace: 'for (let seq = missing; false; seq += 1)',
  },
  {
    name: 'hands over what came out of order',
    file: consumer,
    find: 'state.buffer.set(seq, payload);',
    replace: 'state.buffer.set(seq, payload); state.received = Math.max(state.received, seq);',
  },
  {
    name: 'a crashed handler counts as one that ended',
    file: consumer,
    find: "if (input.type === 'failed')",
    replace: 'if (false)',
  },
  {
    name: 'a new life of the consumer begins at its own number instead of at the base',
    file: consumer,
    find: '    skipTo(state, packet.base);\n',
    replace: '',
  },
  {
    name: 'the stored base counts as handled',
    file: producer,
    find: 'const before = base - 1;',
    replace: 'const before = base;',
  },
];
