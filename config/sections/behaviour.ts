/**
 * The sections that say how the runtime behaves: `membership`, `mailbox`, `calls`, `supervision` and `log`.
 */
import * as z from 'zod';
import { crossField, option, whole } from '../option.js';

/** A day, in ms: the longest time that any option may name. */
const DAY_MS = 86_400_000;

/** A timeout must outlive this many heartbeats, or one late heartbeat reads as a death. */
const HEARTBEATS_PER_TIMEOUT = 2;

export const membership = z
  .strictObject({
    heartbeatMs: option(whole(10, 60_000), {
      text: 'Time between two heartbeats of a node. Shorter finds a dead node sooner and costs more messages.',
      unit: 'ms',
    }),
    timeoutMs: option(whole(21, 600_000), {
      text:
        'Silence after which a node counts as dead and its tasks run elsewhere. Must be more than 2 x ' +
        '`membership.heartbeatMs`; too short turns a pause (garbage collection, a busy machine) into a death.',
      unit: 'ms',
    }),
  })
  .superRefine((value, context) => {
    const least = HEARTBEATS_PER_TIMEOUT * value.heartbeatMs;
    if (value.timeoutMs > least) return;
    const message =
      `given ${value.timeoutMs}; must be more than ${HEARTBEATS_PER_TIMEOUT} x membership.heartbeatMs ` +
      `(${value.heartbeatMs}), so at least ${least + 1} ms`;
    context.addIssue(crossField('timeoutMs', 'membership.heartbeatMs', message));
  });

export const mailbox = z
  .strictObject({
    capacity: option(whole(1, 10_000_000), {
      text: 'Messages that may wait for one actor. A full mailbox applies its overflow policy; a larger one uses memory.',
      unit: 'messages',
      default: 10_000,
    }),
    highWater: option(whole(1, 10_000_000), {
      text: 'Above this many waiting messages `cast` tells the sender to slow down. At most `mailbox.capacity`.',
      unit: 'messages',
      computed: {
        words: 'half of `mailbox.capacity`, rounded up',
        value: (_host, settled) => {
          const capacity = settled('mailbox.capacity');
          return typeof capacity === 'number' && capacity >= 1 ? Math.ceil(capacity / 2) : 1;
        },
      },
    }),
  })
  .superRefine((value, context) => {
    if (value.highWater <= value.capacity) return;
    const message = `given ${value.highWater}; must be at most mailbox.capacity (${value.capacity})`;
    context.addIssue(crossField('highWater', 'mailbox.capacity', message));
  });

export const calls = z.strictObject({
  timeoutMs: option(whole(1, DAY_MS), {
    text: 'Time that a call waits for its reply when it names none. A handler slower than this fails its callers.',
    unit: 'ms',
    default: 5000,
  }),
});

export const supervision = z.strictObject({
  maxRestarts: option(whole(0, 10_000), {
    text: 'Restarts that a supervisor allows within `supervision.withinMs` before it fails itself. 0 allows none.',
    unit: 'restarts',
    default: 3,
  }),
  withinMs: option(whole(1, DAY_MS), {
    text: 'Period in which restarts are counted. Longer is stricter: old crashes count for longer.',
    unit: 'ms',
    default: 5000,
  }),
});

export const log = z.strictObject({
  level: option(z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']), {
    text: 'Least severe line that is written. `trace` writes a line for each message and slows a node down.',
    default: 'info',
  }),
  format: option(z.enum(['auto', 'json', 'pretty']), {
    text: 'Form of the lines: `json` for programs, `pretty` for people, `auto` is pretty on a terminal, else json.',
    default: 'auto',
  }),
});
