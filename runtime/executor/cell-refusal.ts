/** Messages that an actor will not handle: what their senders are told, and how they are counted. */
import type { ActorAddress } from '#protocols/wire/address';
import type { Envelope } from '#protocols/wire/envelope';
import { SkepError, toWireError } from '#protocols/wire/error';
import type { AnyDefinition } from '../actor/definition.js';
import { handles, phaseOf } from '../actor/phase-table.js';
import type { Receipt } from '../delivery/receipt.js';
import type { CellHost } from './cell-host.js';

/** A cast; of reliable delivery when there is a receipt, which never crosses the wire. */
export type Cast = Extract<Envelope, { kind: 'cast' }> & { readonly receipt?: Receipt };
export type Call = Extract<Envelope, { kind: 'call' }>;

interface Refuser {
  readonly address: ActorAddress;
  readonly definition: AnyDefinition;
}

/** Makes a message a dead letter and, where a caller waits and `notify` is set, answers it with the reason. */
export function refuse(
  host: CellHost,
  { address, definition }: Refuser,
  envelope: Cast | Call,
  reason: 'stopped' | 'mailbox-full' | 'displaced',
  notify = true,
): void {
  if (envelope.kind === 'cast' && envelope.receipt !== undefined) {
    envelope.receipt.refused(reason);
    return;
  }
  host.deadLetter(reason, envelope);
  if (envelope.kind !== 'call' || !notify) return;
  const facts = { actor: address, call: envelope.name };
  const error =
    reason === 'stopped'
      ? new SkepError('ACTOR_STOPPED', `${definition.name} stopped before it answered "${envelope.name}"`, facts)
      : new SkepError('MAILBOX_FULL', `the mailbox of ${definition.name} is full`, facts);
  host.deliver({ kind: 'fail', to: envelope.from, id: envelope.id, error: toWireError(error) });
}

/** Why a definition cannot answer a call at all, or not in the phase that the state is in; undefined when it can. */
export function callFailure(
  definition: AnyDefinition,
  envelope: Call,
  handler: unknown,
  state: unknown,
): SkepError | undefined {
  const { name, credit } = envelope;
  if (handler === undefined) {
    const known = Object.keys(definition.calls as object);
    const text = `${definition.name} has no call "${name}"; it has: ${known.join(', ') || 'none'}`;
    return new SkepError('NO_SUCH_HANDLER', text, { definition: definition.name, known });
  }
  if (definition.phases !== undefined && !handles(definition, 'calls', name, state)) {
    const phase = phaseOf(state);
    const text = `${definition.name} has no call "${name}" in phase "${phase}"`;
    return new SkepError('NO_SUCH_HANDLER', text, { definition: definition.name, call: name, phase });
  }
  // Without credit a stream could not send its first item and its caller would wait for nothing.
  if (credit > 0 || definition.streams.size === 0 || !definition.streams.has(name)) return undefined;
  const text = `"${name}" of ${definition.name} is a stream and was called for one reply`;
  return new SkepError('BAD_USAGE', text, { definition: definition.name, call: name });
}

/** Why a call may not wait for an actor: the actor waits for it. Undefined when it does not. */
export function cycleOf({ chain, name }: Call, address: ActorAddress): SkepError | undefined {
  // A loop, because `includes` is slow for so short a list.
  for (const waiting of chain) {
    if (waiting !== address) continue;
    const facts = { chain: [...chain, address], call: name };
    return new SkepError('CALL_CYCLE', `call "${name}" comes back to ${address}`, facts);
  }
  return undefined;
}
