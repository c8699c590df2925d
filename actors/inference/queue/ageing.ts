/**
 * Ageing: what keeps low bands from starving without giving them what is not theirs. The unit is a line, the requests of
 * one agent in one band. A line that was not served for `ageMs` has its most urgent request moved up by a band, and by
 * another for each `ageMs` more; when one of the line is served, the count begins anew.
 *
 *     alice, band 3   |--ageMs--> one of hers in band 2 |--ageMs--> band 1 |--ageMs--> band 0, served |--ageMs--> ...
 *
 * A line and not a request, because the requests of a flood all wait for long, and wait for each other: were each of them
 * to age, the flood would climb over everybody whose one request is new. Whoever is served in turn does not age.
 */
import { Heap } from './heap.js';
import type { Queued } from './request.js';

/** A request in the queue. */
export interface Entry<T extends Queued> {
  readonly request: T;
  /** Counts those that came. */
  readonly order: number;
  /** Where it is now. */
  band: number;
}

interface Line<T extends Queued> {
  readonly key: string;
  /** Those in the band that they were asked for in, the most urgent first. */
  readonly waiting: Heap<Entry<T>>;
  /** The one that was moved up. */
  climber: Entry<T> | undefined;
  /** When it was served last, or began to wait. */
  servedMs: number;
  /** When the next move up is due. */
  dueMs: number;
}

/** The lines of a queue. */
export class Ageing<T extends Queued> {
  readonly #ageMs: number;
  readonly #sooner: (a: Entry<T>, b: Entry<T>) => boolean;
  readonly #raise: (entry: Entry<T>) => void;
  readonly #lines = new Map<string, Line<T>>();
  /** Those that can move up. */
  readonly #due = new Heap<Line<T>>((a, b) => a.dueMs < b.dueMs);

  /** `raise` moves an entry up by a band. */
  constructor(ageMs: number, sooner: (a: Entry<T>, b: Entry<T>) => boolean, raise: (entry: Entry<T>) => void) {
    this.#ageMs = ageMs;
    this.#sooner = sooner;
    this.#raise = raise;
  }

  /** A request came, and is in the band that it asks for. From band 0 there is no way up. */
  add(entry: Entry<T>, nowMs: number): void {
    const { agent, band } = entry.request;
    if (entry.band === 0) return;
    const key = `${band} ${agent}`;
    let line = this.#lines.get(key);
    if (line === undefined) {
      const dueMs = nowMs + this.#ageMs;
      line = { key, waiting: new Heap(this.#sooner), climber: undefined, servedMs: nowMs, dueMs };
      this.#lines.set(key, line);
      this.#due.push(line);
    }
    line.waiting.push(entry);
  }

  /** A request left the queue; `servedMs` when it did to be served. */
  left(entry: Entry<T>, servedMs?: number): void {
    const line = this.#lines.get(`${entry.request.band} ${entry.request.agent}`);
    if (line === undefined) return;
    const climbed = line.climber === entry;
    if (climbed) line.climber = undefined;
    else line.waiting.remove(entry);
    if (line.waiting.size === 0 && line.climber === undefined) {
      this.#lines.delete(line.key);
      this.#due.remove(line);
      return;
    }
    line.servedMs = servedMs ?? line.servedMs;
    // One that gives up on its way leaves the way that it made to the next.
    if (climbed || servedMs !== undefined) line.dueMs = line.servedMs + this.#ageMs;
    if (this.#due.has(line)) this.#due.moved(line);
    else if (climbed) this.#due.push(line);
  }

  /** Moves up what is due. */
  age(nowMs: number): void {
    for (let line = this.#due.first; line !== undefined && line.dueMs <= nowMs; line = this.#due.first) {
      line.climber ??= line.waiting.shift();
      if (line.climber === undefined) return;
      this.#raise(line.climber);
      line.dueMs += this.#ageMs;
      if (line.climber.band === 0) this.#due.remove(line);
      else this.#due.moved(line);
    }
  }
}
