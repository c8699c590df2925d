/** A failure as its asker gets it: with the model and the attempts, and without a key anywhere. */
import { type ErrorFacts, SkepError } from '#protocols/wire/error';
import type { AttemptError } from './attempt-error.js';
import type { ProviderKey } from './key.js';

/** Characters that an error quotes of an answer: in its facts, and in its message. */
const SAMPLE_LENGTH = 500;
const MESSAGE_LENGTH = 300;

/** What is known beside the failure. */
export interface Telling {
  readonly model: string;
  readonly attempts: number;
  /** The provider's name of the request. */
  readonly requestId: string | undefined;
}

/** The error that leaves; every text in it went through `key`. */
export function told(failure: AttemptError, { model, attempts, requestId }: Telling, key: ProviderKey): SkepError {
  const { serverWaitMs } = failure;
  const known = {
    model,
    attempts,
    ...(requestId === undefined ? {} : { requestId }),
    ...(serverWaitMs === undefined ? {} : { retryAfterMs: Math.ceil(serverWaitMs) }),
    ...failure.facts,
  };
  const quoted = Object.entries(known).map(([name, value]): [string, unknown] => [
    name,
    typeof value === 'string' ? key.quote(value, SAMPLE_LENGTH) : value,
  ]);
  const facts: ErrorFacts = Object.fromEntries(quoted);
  return new SkepError(
    failure.code,
    `model ${model}: ${key.quote(failure.message, MESSAGE_LENGTH)}`,
    facts,
    failure.cause,
  );
}
