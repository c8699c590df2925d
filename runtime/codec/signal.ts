/**
 * Reads signals that came in a frame. Signals steer life cycles, so each field is checked before anything acts on it;
 * by hand, because monitors and exits of a busy node are many, but for the spec of a restart, which is rare and large.
 */
import { type ActorAddress, parseAddress } from '#protocols/wire/address';
import {
  type ExitReason,
  type ExitSignalKind,
  failureClasses,
  type Signal,
  spawnSpecSchema,
} from '#protocols/wire/envelope';

const exitClasses = new Set<unknown>([
  'normal',
  'shutdown',
  'killed',
  'noproc',
  ...failureClasses,
] satisfies ExitReason['class'][]);
const exitKinds = new Set<unknown>(['link', 'exit', 'kill'] satisfies ExitSignalKind[]);

/** The signal that a decoded value is. @throws Error saying what is wrong with it. */
export function readSignal(value: unknown): Signal {
  const fields = record(value);
  const type = fields['type'] as Signal['type'];
  switch (type) {
    case 'monitor':
    case 'demonitor':
      return { type, watcher: address(fields['watcher']) };
    case 'down':
      return { type, address: address(fields['address']), reason: reason(fields['reason']) };
    case 'failed':
    case 'exited':
      return { type, child: address(fields['child']), reason: reason(fields['reason']), ...incarnation(fields) };
    case 'restart':
      return {
        type,
        spec: spawnSpecSchema.parse(fields['spec']),
        reason: reason(fields['reason']),
        ...incarnation(fields),
      };
    case 'started':
    case 'resume':
    case 'halted':
    case 'link':
    case 'unlink':
      return { type };
    case 'halt':
      if (typeof fields['brutal'] !== 'boolean') throw new Error('a halt does not say whether it is brutal');
      return { type, reason: reason(fields['reason']), brutal: fields['brutal'] };
    case 'exit':
      if (!exitKinds.has(fields['by'])) throw new Error('an exit signal does not say what sent it');
      return { type, by: fields['by'] as ExitSignalKind, reason: reason(fields['reason']) };
    case 'stop':
      return { type, reason: reason(fields['reason']) };
    case 'executor-down':
    case 'executor-up':
      return {
        type,
        executor: address(fields['executor']),
        reason: reason(fields['reason']),
        ...(fields['culprit'] === undefined ? {} : { culprit: address(fields['culprit']) }),
        nextSerial: serial(fields['nextSerial']),
      };
    default:
      // Not `unreachable`: the type is only what a peer claims.
      throw new Error(`a signal has the unknown type ${String(type satisfies never)}`);
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw new Error('expected a signal or a reason');
  return value as Readonly<Record<string, unknown>>;
}

function address(value: unknown): ActorAddress {
  if (typeof value !== 'string' || parseAddress(value) === undefined) throw new Error('a signal names no address');
  return value as ActorAddress;
}

function incarnation({ incarnation: value }: Readonly<Record<string, unknown>>): { readonly incarnation?: number } {
  if (value === undefined) return {};
  if (!Number.isSafeInteger(value) || (value as number) < 1) throw new Error('expected an incarnation from 1');
  return { incarnation: value as number };
}

function serial(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new Error('expected a serial');
  return value as number;
}

function reason(value: unknown): ExitReason {
  const fields = record(value);
  if (!exitClasses.has(fields['class']) || typeof fields['message'] !== 'string') throw new Error('expected a reason');
  return { class: fields['class'] as ExitReason['class'], message: fields['message'] };
}
