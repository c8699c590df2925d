/** Makes the envelope of a cast. */
import type { ActorAddress } from '#protocols/wire/address';
import type { Envelope } from '#protocols/wire/envelope';
import { readTraceparent, type Traceparent } from '#protocols/wire/trace-context';
import type { CastOptions } from '../actor/ref.js';
import { priorityNumber } from '../mailbox/priority.js';

/** The envelope of a cast; `parent` is the trace of what the sender is doing. @throws SkepError BAD_USAGE when its priority is none. */
export function castEnvelope(
  from: ActorAddress,
  to: ActorAddress,
  name: string,
  message: unknown,
  options: CastOptions | undefined,
  parent?: Traceparent,
): Extract<Envelope, { kind: 'cast' }> {
  // Several forms, so that an envelope without trace and priority is as small as it can be.
  const trace = options?.traceparent === undefined ? parent : readTraceparent(options.traceparent);
  if (options?.priority !== undefined) {
    const priority = priorityNumber(options.priority);
    return { kind: 'cast', to, from, name, message, trace, priority };
  }
  return trace === undefined
    ? { kind: 'cast', to, from, name, message }
    : { kind: 'cast', to, from, name, message, trace };
}
