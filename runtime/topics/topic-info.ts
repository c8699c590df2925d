/** How a message of a topic reaches a subscriber that named no cast: as a cast of its own name, made an info at its turn. */
import type { ActorAddress } from '#protocols/wire/address';
import type { Info } from '../actor/definition.js';

/** The name of that cast, which no definition has by accident. */
export const TOPIC_CAST = '$topic';

/** The info that such a cast carries; undefined when it is malformed. */
export function topicInfo(message: unknown, sender: ActorAddress): Extract<Info, { type: 'topic' }> | undefined {
  if (typeof message !== 'object' || message === null || !('topic' in message) || !('pattern' in message))
    return undefined;
  const { topic, pattern } = message;
  if (typeof topic !== 'string' || typeof pattern !== 'string') return undefined;
  return { type: 'topic', topic, pattern, message: 'message' in message ? message.message : undefined, sender };
}
