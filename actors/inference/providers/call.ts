/** What a client is told of an API and of one request to it; everything that differs between the APIs is behind these. */
import type { Answer } from './accept.js';
import type { ProviderError } from './provider-error.js';

/** What tells one API from another at the level of HTTP. */
export interface ProviderApi {
  /** Headers that carry the key and the version of the API. */
  headers(key: string | undefined): Readonly<Record<string, string>>;
  /** The header that names a request to the provider's support. */
  readonly requestIdHeader: string;
}

/** One request, and how to read its answer. */
export interface ProviderCall<T> {
  /** Path of the endpoint, behind that of the entry's url or, with `fromRoot`, behind its host. */
  readonly path: string;
  readonly fromRoot?: boolean;
  /** What is sent; asked for again before each attempt. @throws AttemptError where it cannot be sent. */
  body(): unknown;
  /** What is read of an answer, as it comes. @throws AttemptError. */
  read(answer: Answer): AsyncGenerator<T, void, undefined>;
  /** Whether an item completes the answer. */
  isLast(item: T): boolean;
  /** Whether the request has another form that may be accepted after this refusal; `body` then gives it. */
  learn?(said: ProviderError): boolean;
}
