/**
 * The key of a provider. It is read from the environment or a file whenever a request is sent, so that a new one takes
 * effect without a restart, and it is kept for one purpose only: to be found and taken out of whatever a server echoes,
 * before that reaches an error or a log.
 */
import { readFile } from 'node:fs/promises';
import { SkepError } from '#protocols/wire/error';
import type { OpenAiEntry } from '../entry.js';
import { troubleOf } from './exchange.js';

/** Where a key comes from. */
export type KeySource = NonNullable<OpenAiEntry['key']>;

/** Characters of a key at most. */
const LONGEST_KEY = 4_096;
/** Keys that are remembered for redaction: the current one and those it replaced while answers were under way. */
const REMEMBERED = 4;
/** Characters of a text that a quotation is taken from; fewer than a body that was cut has, so that the cut is seen. */
const QUOTED_FROM = 8_192;
const MARK = '[redacted]';

/** A key that is read at each use. */
export class ProviderKey {
  readonly #source: KeySource | undefined;
  readonly #model: string;
  #recent: readonly string[] = [];

  /** `model` is the name of the entry, for errors. */
  constructor(source: KeySource | undefined, model: string) {
    this.#source = source;
    this.#model = model;
  }

  /**
   * The key as it is now; undefined where none is configured.
   * @throws SkepError BAD_CONFIG when it cannot be had, Trouble when `signal` aborts before.
   */
  async read(signal: AbortSignal): Promise<string | undefined> {
    if (this.#source === undefined) return undefined;
    const key = (await this.#load(this.#source, signal)).trim();
    // Header values are visible ASCII here; anything else is a file of another kind.
    if (key === '' || key.length > LONGEST_KEY || !/^[\x21-\x7e]+$/.test(key)) {
      throw this.#bad(`expected one line of 1 to ${LONGEST_KEY} visible ASCII characters`);
    }
    if (!this.#recent.includes(key)) this.#recent = [key, ...this.#recent].slice(0, REMEMBERED);
    return key;
  }

  /** The text without any key: those that were read, also encoded, and what looks like one. */
  redact(text: string): string {
    let clean = text;
    for (const form of this.#recent.flatMap(formsOf)) clean = clean.replaceAll(form, MARK);
    return clean.replace(/\bBearer\s+[^\s"'\\,;<>]+/gi, `Bearer ${MARK}`).replace(/\bsk-[\w*.-]{8,}/g, MARK);
  }

  /** At most `limit` characters of a text, without any key, nor a part of one where the text was cut. */
  quote(text: string, limit: number): string {
    const cut = text.length > QUOTED_FROM;
    const clean = this.redact(text.slice(0, QUOTED_FROM));
    const torn = cut ? Math.max(0, ...this.#recent.flatMap(formsOf).map((form) => form.length)) : 0;
    const safe = clean.slice(0, Math.max(0, clean.length - torn));
    return cut || safe.length > limit ? `${safe.slice(0, limit)}...` : safe;
  }

  async #load(source: KeySource, signal: AbortSignal): Promise<string> {
    if ('env' in source) {
      const value = process.env[source.env];
      if (value === undefined) throw this.#bad(`the environment variable ${source.env} is not set`);
      return value;
    }
    try {
      return await readFile(source.file, { encoding: 'utf8', signal });
    } catch (cause) {
      if (signal.aborted) throw troubleOf(signal);
      throw this.#bad(`${source.file} cannot be read`, cause);
    }
  }

  #bad(problem: string, cause?: unknown): SkepError {
    return new SkepError('BAD_CONFIG', `key of model ${this.#model}: ${problem}`, { model: this.#model }, cause);
  }
}

/** A key as it is and as it may come back: in JSON, in a URL, in base64. */
function formsOf(key: string): readonly string[] {
  const encoded = [JSON.stringify(key).slice(1, -1), encodeURIComponent(key), Buffer.from(key).toString('base64')];
  return [...new Set([key, ...encoded])];
}
