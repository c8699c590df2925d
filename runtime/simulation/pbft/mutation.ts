/**
 * Messages changed a little in flight, as ByzzFuzz does (Winter et al., "Randomized testing of Byzantine fault tolerant
 * algorithms", OOPSLA 2023): small steps off what a correct replica says find more than random bytes, because they get
 * past the first check. What the liar itself signed it signs anew; what others signed breaks, as it must.
 */
import type { PbftMessage, PrePrepare, Signed } from '#protocols/pbft/message';
import type { Liar } from './liar.js';

/** The message with one thing in it changed. */
export function mutated(liar: Liar, message: PbftMessage): PbftMessage {
  if (message.type === 'proposal') return { ...message, prePrepare: mutatedOrder(liar, message.prePrepare) };
  const changed = changedOnce(liar, message);
  if (!('signature' in changed) || changed.type === 'request') return changed;
  const body = changed;
  // Under any name but its own the signature is worthless, and the message stands for a forgery.
  return liar.lair.sign(liar.id, body);
}

function mutatedOrder(liar: Liar, { view, seq, digest }: PrePrepare): Signed<PrePrepare> {
  const { random } = liar.lair;
  const body: PrePrepare = { type: 'pre-prepare', view, seq, digest };
  const change = random.pick(['view', 'seq', 'digest'] as const);
  return liar.lair.sign(liar.id, { ...body, [change]: changedValue(liar, body[change]) });
}

function changedOnce(liar: Liar, message: PbftMessage): PbftMessage {
  const { random } = liar.lair;
  const fields = (Object.entries(message) as readonly (readonly [string, unknown])[]).filter(
    ([name]) => name !== 'type' && name !== 'signature',
  );
  if (fields.length === 0) return message;
  const [name, value] = random.pick(fields);
  return { ...message, [name]: changedValue(liar, value) };
}

function changedValue(liar: Liar, value: unknown): unknown {
  const { random, overheard } = liar.lair;
  switch (typeof value) {
    case 'number':
      return Math.max(0, value + random.pick([-1, 1, -liar.lair.settings.checkpointEvery, liar.lair.settings.logSize]));
    case 'boolean':
      return !value;
    case 'string':
      return random.chance(0.5)
        ? liar.lair.wrongDigest()
        : (digestIn(overheard[random.below(overheard.length)]) ?? value);
    default:
  }
  if (Array.isArray(value)) {
    const items = value as readonly unknown[];
    const index = random.below(items.length + 1);
    return random.chance(0.5) ? items.toSpliced(index, 1) : items.toSpliced(index, 0, ...items.slice(0, 1));
  }
  if (value instanceof Uint8Array) return value.slice(1);
  return value;
}

function digestIn(message: PbftMessage | undefined): string | undefined {
  return message !== undefined && 'digest' in message ? message.digest : undefined;
}
