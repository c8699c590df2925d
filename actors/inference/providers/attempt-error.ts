/**
 * An attempt that failed, as an error that the asker may get: its code and message are for them, its class is for the
 * decision whether to try again. What it quotes of an answer is freed of keys and cut short by the client, which every
 * one of these passes.
 */
import { type ErrorCode, type ErrorFacts, SkepError } from '#protocols/wire/error';
import type { Trouble, TroubleType } from './exchange.js';
import type { FailureKind } from './failure-kind.js';
import { type ProviderError, classifyStatus, statusOf } from './provider-error.js';

/** What is known of a failure beside its code. */
interface AttemptDetails {
  /** Milliseconds that the server asks to wait. */
  readonly serverWaitMs?: number | undefined;
  /** What the provider said, for a client that can ask in another form. */
  readonly said?: ProviderError | undefined;
  readonly cause?: unknown;
}

export class AttemptError extends SkepError {
  readonly kind: FailureKind;
  readonly serverWaitMs: number | undefined;
  readonly said: ProviderError | undefined;

  constructor(
    kind: FailureKind,
    code: ErrorCode,
    message: string,
    facts: ErrorFacts = {},
    details: AttemptDetails = {},
  ) {
    super(code, message, facts, details.cause);
    this.kind = kind;
    this.serverWaitMs = details.serverWaitMs;
    this.said = details.said;
  }
}

const troubles: Readonly<Record<TroubleType, { readonly kind: FailureKind; readonly code: ErrorCode }>> = {
  cancelled: { kind: 'cancelled', code: 'CALL_CANCELLED' },
  deadline: { kind: 'deadline', code: 'CALL_TIMEOUT' },
  closed: { kind: 'closed', code: 'MODEL_UNAVAILABLE' },
  stale: { kind: 'stale', code: 'PROVIDER_FAILED' },
  connection: { kind: 'connection', code: 'PROVIDER_FAILED' },
  cut: { kind: 'connection', code: 'PROVIDER_FAILED' },
  'connect-timeout': { kind: 'connection', code: 'PROVIDER_FAILED' },
  'first-byte-timeout': { kind: 'timeout', code: 'PROVIDER_FAILED' },
  'between-parts-timeout': { kind: 'timeout', code: 'PROVIDER_FAILED' },
};

/** An exchange that ended early. */
export function troubled(trouble: Trouble): AttemptError {
  const { kind, code } = troubles[trouble.type];
  return new AttemptError(kind, code, trouble.message, { reason: trouble.type }, { cause: trouble.cause });
}

/** An answer that does not keep the protocol. `sample` is what came instead. */
export function garbled(problem: string, sample: string): AttemptError {
  return new AttemptError('garbled', 'BAD_ANSWER', problem, { sample });
}

/** An answer that keeps the protocol and is of no use. */
export function badAnswer(problem: string, sample: string): AttemptError {
  return new AttemptError('bad-answer', 'BAD_ANSWER', problem, { sample });
}

/** A request that this backend cannot send. */
export function unsendable(code: ErrorCode, problem: string): AttemptError {
  return new AttemptError('unsendable', code, problem);
}

/** An error that came inside a stream. */
export function errorInStream(error: ProviderError): AttemptError {
  const status = statusOf(error);
  const { kind, code } = classifyStatus(status, error);
  const message = `the stream reports ${error.type === '' ? 'an error' : error.type}: ${error.message}`;
  return new AttemptError(kind, code, message, { status, sample: error.message }, { said: error });
}
