/**
 * Takes an answer in: a status other than 200 becomes an error with what the provider said, and a body is read as the
 * kind of content that was asked for, within bounds, or not at all.
 */
import type { IncomingMessage } from 'node:http';
import type { Clock } from '#runtime/clock/clock';
import { parseJson } from './answer.js';
import { AttemptError, garbled } from './attempt-error.js';
import { type Exchange, Trouble } from './exchange.js';
import { classifyStatus, readProviderError } from './provider-error.js';
import { serverWaitMs } from './server-wait.js';
import { type SseEvent, SseParser, SseTooLarge } from './sse.js';

/** Bytes that are read of a body which is not an answer. */
const ERROR_BYTES = 64 * 1024;
/** Bytes of an answer in JSON: vectors of 2,048 texts. */
const JSON_BYTES = 256 * 1024 * 1024;

/** An answer with status 200. One of the two is read, once. */
export interface Answer {
  /** The provider's name of the request. */
  readonly requestId: string | undefined;
  /** The events of a stream. @throws AttemptError, Trouble. */
  events(): AsyncGenerator<SseEvent, void, undefined>;
  /** The value of a JSON body. @throws AttemptError, Trouble. */
  json(): Promise<unknown>;
}

/** Waits for the status. @throws AttemptError for another than 200, Trouble. */
export async function accept(exchange: Exchange, requestIdHeader: string, clock: Clock): Promise<Answer> {
  const head = await exchange.head();
  const requestId = headerOf(head, requestIdHeader);
  if (head.statusCode !== 200) throw await refusalOf(exchange, head, requestId, clock);
  return {
    requestId,
    events: () => eventsOf(exchange, head),
    json: async () => {
      const { text, whole } = await textOf(exchange, JSON_BYTES);
      const value = whole ? parseJson(text) : undefined;
      if (value === undefined) throw garbled(`expected JSON, got ${contentType(head)} that is none`, text);
      return value;
    },
  };
}

async function* eventsOf(exchange: Exchange, head: IncomingMessage): AsyncGenerator<SseEvent, void, undefined> {
  const type = contentType(head);
  if (type !== 'text/event-stream') {
    const { text } = await textOf(exchange, ERROR_BYTES);
    throw garbled(`expected a stream of events, got ${type}`, text);
  }
  const parser = new SseParser();
  for await (const chunk of exchange.body()) {
    try {
      yield* parser.push(chunk);
    } catch (thrown) {
      throw thrown instanceof SseTooLarge ? garbled(thrown.message, '') : thrown;
    }
  }
}

/** The error that a status and its body tell of. */
async function refusalOf(
  exchange: Exchange,
  head: IncomingMessage,
  requestId: string | undefined,
  clock: Clock,
): Promise<AttemptError> {
  const status = head.statusCode ?? 0;
  const body = await errorText(exchange);
  void exchange.finish();
  const said = readProviderError(body);
  const { kind, code } = classifyStatus(status, said);
  const facts = { status, ...(requestId === undefined ? {} : { requestId }), sample: body };
  const wait = kind === 'limited' || kind === 'overloaded' || kind === 'server';
  return new AttemptError(kind, code, sentence(head, status, said?.message ?? ''), facts, {
    serverWaitMs: wait ? serverWaitMs((name) => headerOf(head, name), clock.wall()) : undefined,
    said,
  });
}

function sentence(head: IncomingMessage, status: number, message: string): string {
  const location = headerOf(head, 'location');
  if (status >= 300 && status < 400 && location !== undefined) {
    const host = URL.canParse(location) ? new URL(location).host : 'another path';
    return `the provider answered ${status}, a redirect to ${host}, which is not followed; correct the url`;
  }
  return `the provider answered ${status}${message === '' ? '' : `: ${message}`}`;
}

/** What can be had of a body that tells of an error; the status is worth more than the rest of a body that was cut. */
async function errorText(exchange: Exchange): Promise<string> {
  const pieces: Buffer[] = [];
  try {
    await collect(exchange, ERROR_BYTES, pieces);
  } catch (thrown) {
    const ours = thrown instanceof Trouble && ['cancelled', 'deadline', 'closed'].includes(thrown.type);
    if (ours || !(thrown instanceof Trouble)) throw thrown;
  }
  return Buffer.concat(pieces).toString('utf8');
}

async function textOf(exchange: Exchange, limit: number): Promise<{ readonly text: string; readonly whole: boolean }> {
  const pieces: Buffer[] = [];
  const whole = await collect(exchange, limit, pieces);
  return { text: Buffer.concat(pieces).toString('utf8'), whole };
}

/** Reads a body into pieces; whether it was all of it. */
async function collect(exchange: Exchange, limit: number, pieces: Buffer[]): Promise<boolean> {
  let left = limit;
  for await (const chunk of exchange.body()) {
    pieces.push(chunk.subarray(0, left));
    left -= chunk.length;
    if (left < 0) return false;
  }
  return true;
}

function contentType(head: IncomingMessage): string {
  const value = headerOf(head, 'content-type') ?? 'no content type';
  return (value.split(';')[0] ?? '').trim().toLowerCase();
}

function headerOf(head: IncomingMessage, name: string): string | undefined {
  const value = head.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
