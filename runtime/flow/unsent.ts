/** What the caller of a call hears that waited for credit and was never sent. */
import { type ErrorCode, SkepError } from '#protocols/wire/error';
import type { UnsentReason, UserMessage } from './channel.js';

const said: Readonly<Record<UnsentReason, readonly [ErrorCode, string]>> = {
  'mailbox-full': ['MAILBOX_FULL', 'too many messages wait here for an actor that is behind'],
  stopped: ['ACTOR_STOPPED', 'the actor ended before the call could be sent'],
  expired: ['CALL_TIMEOUT', 'the deadline passed before the call could be sent'],
  lost: ['EXECUTOR_DOWN', 'the executor ended before the call could be sent'],
};

/** The error of such a call. */
export function unsentError({ to, name }: UserMessage, reason: UnsentReason): SkepError {
  const [code, why] = said[reason];
  return new SkepError(code, `call "${name}" to ${to}: ${why}`, { actor: to, call: name });
}
