/** Makes the envelope of a cast. */
import type { ActorAddress } from '#protocols/wire/address';
import type { Envelope } from '#protocols/wire/envelope';
import type { CastOptions } from '../actor/ref.js';
import { priorityNumber } from '../mailbox/priority.js';

/** The envelope of a cast. @throws SkepError BAD_USAGE when its priority is none. */
export function castEnvelope(
  from: ActorAddress,
  to: ActorAddress,
  name: string,
  message: unknown,
  options: CastOptions | undefined,
): Extract<Envelope, { kind: 'cast' }> {
  return options?.priority === undefined
    ? { kind: 'cast', to, from, name, message }
    : { kind: 'cast', to, from, name, message, priority: priorityNumber(options.priority) };
}
