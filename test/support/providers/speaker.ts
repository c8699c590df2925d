/**
 * The two APIs in one form, so that what holds for every provider is tested once and for both: how an answer, an error
 * and an error inside a stream look on the wire, and which backend reads them.
 */
import type { ModelBackend, Work, WorkEvent } from '#actors/inference/backend';
import type { ToolCall } from '#protocols/wire/inference';
import type { ProviderOptions } from '#actors/inference/providers/options';
import { providerServer, stream } from './server.js';

export interface Speaker {
  readonly name: string;
  /** Opens a backend that asks the server at this origin. */
  open(origin: string, setting?: BackendSetting): Promise<ModelBackend>;
  /** The path of the endpoint for conversations. */
  readonly path: string;
  /** The name of the header that names a request. */
  readonly requestIdHeader: string;
  /** The header that carries a key, as it is sent. */
  keyHeader(key: string): readonly [name: string, value: string];
  /** A whole answer of these pieces of text, as the text of a stream. */
  answer(pieces: readonly string[], usage?: { readonly input: number; readonly output: number }): string;
  /** The beginning of an answer, up to and with these pieces. */
  beginning(pieces: readonly string[]): string;
  /** One more piece of text. */
  piece(text: string): string;
  /** A body that tells of an error. */
  error(status: number, message: string): unknown;
  /** The same inside a stream. */
  errorEvent(type: string, message: string): string;
}

/** What a test sets of an entry and of the client's options. */
export interface BackendSetting {
  readonly key?: { readonly env: string } | { readonly file: string };
  readonly connections?: number;
  readonly firstByteMs?: number;
  readonly betweenPartsMs?: number;
  readonly options?: Partial<ProviderOptions>;
}

/** Back-offs that take no time worth speaking of. */
export const quick: Partial<ProviderOptions> = { retry: { retries: 3, baseMs: 2, capMs: 30_000 } };

/** A request with one user message, or with what is given. */
export function work(fields: Partial<Work> = {}): Work {
  const asked = fields.prompt === undefined ? { messages: [{ role: 'user' as const, content: 'Say hello.' }] } : {};
  return { id: 'w1', maxTokens: 64, timeLeftMs: 20_000, ...asked, ...fields };
}

/** All events of an answer. */
export async function eventsOf(
  backend: ModelBackend,
  request: Work = work(),
  signal: AbortSignal = new AbortController().signal,
): Promise<readonly WorkEvent[]> {
  const events: WorkEvent[] = [];
  for await (const event of backend.generate(request, signal)) events.push(event);
  return events;
}

/** What is needed of a tap test. */
interface Test {
  teardown(handler: () => Promise<void>): void;
}

/** The events of an answer that a server gives as this stream, and what the server saw. */
export async function askedOf(t: Test, api: Speaker, text: string, request: Work = work()) {
  const server = await providerServer(t, stream(text));
  const events = await eventsOf(await api.open(server.origin), request);
  return { events, body: server.seen[0]?.body ?? {}, seen: server.seen };
}

/** The tool calls of an answer. */
export function callsOf(events: readonly WorkEvent[]): ToolCall[] {
  return events.flatMap((event) => (event.type === 'toolCall' ? [event.call] : []));
}

/** The texts of an answer, joined. */
export function textOf(events: readonly WorkEvent[]): string {
  return events.map((event) => (event.type === 'text' ? event.text : '')).join('');
}

/** The last event of an answer. */
export function endOf(events: readonly WorkEvent[]): Extract<WorkEvent, { type: 'end' }> {
  const last = events.at(-1);
  if (last?.type !== 'end') throw new Error(`the answer has no end: ${JSON.stringify(last)}`);
  return last;
}
