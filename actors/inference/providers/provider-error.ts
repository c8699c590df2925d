/**
 * What providers say when they do not answer, read into classes and codes of ours. The forms that are known: OpenAI's
 * `{ error: { message, type, param, code } }`, which vLLM, llama-server and Ollama share with codes that are numbers or
 * absent; Anthropic's `{ type: "error", error: { type, message, details }, request_id }`; FastAPI's `{ detail }`; and
 * `{ error: "text" }`. The same objects come inside a stream after its 200, where `type` or `code` stands for the status.
 */
import { z } from 'zod';
import type { ErrorCode } from '#protocols/wire/error';
import type { FailureKind } from './failure-kind.js';

/** What is said, as far as it is. */
export interface ProviderError {
  readonly message: string;
  readonly type: string;
  readonly code: string;
  /** The field that is refused. */
  readonly param: string;
}

/** The class of a failure and the code that its asker sees. */
export interface FailureClassed {
  readonly kind: FailureKind;
  readonly code: ErrorCode;
}

const word = z
  .union([z.string(), z.number()])
  .nullish()
  .transform((value) => String(value ?? ''))
  .catch('');

const fields = z.object({
  message: word,
  type: word,
  code: word,
  param: word,
  details: z.object({ error_code: word }).nullish().catch(undefined),
});

const wholeBody = z.object({
  error: z.unknown().optional(),
  detail: z.unknown().optional(),
  message: z.unknown().optional(),
});

/** Reads a body that is not an answer; undefined where it is no JSON object that tells of an error. */
export function readProviderError(body: string): ProviderError | undefined {
  try {
    return providerErrorOf(JSON.parse(body));
  } catch {
    return undefined;
  }
}

/** The error that a parsed value tells of; undefined where it tells of none. */
export function providerErrorOf(value: unknown): ProviderError | undefined {
  const whole = wholeBody.safeParse(value);
  if (!whole.success) return undefined;
  const { error, detail } = whole.data;
  const told = error ?? detail ?? (whole.data.message === undefined ? undefined : value);
  if (told === undefined || told === null) return undefined;
  if (typeof told === 'string') return { message: told, type: '', code: '', param: '' };
  const parsed = fields.safeParse(told);
  if (!parsed.success) return { message: JSON.stringify(told), type: '', code: '', param: '' };
  const { message, type, code, param, details } = parsed.data;
  return { message, type, code: code === '' ? (details?.error_code ?? '') : code, param };
}

/** Whether a server says that it does not take a field at all, or not with this model. */
export function refusesField(message: string): boolean {
  const words = /unsupported|not support|unrecogni[sz]ed|unknown|unexpected|deprecated|not permitted|not allowed/i;
  return words.test(message);
}

/** Names of errors inside a stream, and the statuses that they stand for. */
const statusOfName: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  exceed_context_size_error: 400,
  context_length_exceeded: 400,
  not_supported_error: 501,
  unavailable_error: 503,
  overloaded_error: 529,
};

/** The status that an error inside a stream stands for; 500 where it cannot be told. */
export function statusOf(error: ProviderError): number {
  const numeric = Number(error.code);
  if (Number.isInteger(numeric) && numeric >= 400 && numeric <= 599) return numeric;
  return statusOfName[error.type] ?? statusOfName[error.code] ?? 500;
}

/** 429 that no waiting helps against: the account is empty or at a limit that was set for it. */
const spentCodes: ReadonlySet<string> = new Set([
  'insufficient_quota',
  'billing_hard_limit_reached',
  'billing_not_active',
  'credit_balance_exhausted',
  'enforced_spend_limit_reached',
]);

const overflowNames: ReadonlySet<string> = new Set(['context_length_exceeded', 'exceed_context_size_error']);
/** What vLLM, llama-server and Anthropic write where no code of theirs says it. */
const overflowWords =
  /maximum context length|exceeds? the available context size|prompt is too long|exceeds? (the )?(maximum )?context (limit|window|length|size)|larger than the max context size/i;

/** Classifies an answer by its status, and by what it says. */
export function classifyStatus(status: number, error: ProviderError | undefined): FailureClassed {
  const names = [error?.code ?? '', error?.type ?? ''];
  if (status === 429) {
    const spent = names.some((name) => spentCodes.has(name));
    return spent ? { kind: 'refused', code: 'PROVIDER_REFUSED' } : { kind: 'limited', code: 'PROVIDER_LIMITED' };
  }
  const tooLong = names.some((name) => overflowNames.has(name)) || overflowWords.test(error?.message ?? '');
  if (tooLong && status >= 400) return { kind: 'refused', code: 'CONTEXT_OVERFLOW' };
  if (status === 529 || status === 503) return { kind: 'overloaded', code: 'PROVIDER_FAILED' };
  // 501 and 505 say what a server cannot do, today and in a second; 408 invites to repeat (RFC 9110, 15.5.9).
  if (status === 501 || status === 505) return { kind: 'refused', code: 'PROVIDER_REFUSED' };
  if (status >= 500 || status === 408) return { kind: 'server', code: 'PROVIDER_FAILED' };
  if (status >= 300) return { kind: 'refused', code: 'PROVIDER_REFUSED' };
  return { kind: 'garbled', code: 'BAD_ANSWER' };
}
