/** `skep top` at work: looks at the cluster again and again, draws, and does what keys say. */
import { toWireError } from '#protocols/wire/error';
import { type Clock, type Timer } from '#runtime/clock/clock';
import { type Sample, type Sort, sorts, topModel } from './model.js';
import { renderTop, type Style } from './render.js';
import { Screen, type Terminal } from './screen.js';

/** How to run. */
export interface LiveOptions {
  readonly terminal: Terminal;
  readonly intervalMs: number;
  readonly sort: Sort;
  readonly style: Style;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Looks at the cluster. */
  readonly look: () => Promise<Sample>;
}

/** Ctrl-C as a terminal in raw mode gives it. */
const CTRL_C = '\u0003';

/** Runs until a key or the signal ends it; the terminal is as it was then. Rejects when the first look fails. */
export async function runLive(options: LiveOptions): Promise<void> {
  const first = await options.look();
  const live = new Live(options, first);
  await live.ended;
}

class Live {
  readonly ended: Promise<void>;
  readonly #options: LiveOptions;
  readonly #screen: Screen;
  #end: () => void = () => {};
  #now: Sample;
  #before: Sample | undefined;
  #sort: Sort;
  #paused = false;
  #timer: Timer | undefined;
  #over = false;

  constructor(options: LiveOptions, first: Sample) {
    this.#options = options;
    this.#now = first;
    this.#sort = options.sort;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#screen = new Screen(
      options.terminal,
      (key) => this.#key(key),
      () => this.#draw(),
    );
    // The screen is left before anyone prints that the command was interrupted.
    if (options.signal.aborted) this.#quit();
    options.signal.addEventListener('abort', () => this.#quit(), { once: true });
    this.#draw();
    this.#wait();
  }

  #key(key: string): void {
    switch (key) {
      case 'q':
      case 'Q':
      case CTRL_C:
        this.#quit();
        return;
      case 's':
        this.#sort = sorts[(sorts.indexOf(this.#sort) + 1) % sorts.length] ?? this.#sort;
        this.#draw();
        return;
      case 'p':
        this.#paused = !this.#paused;
        this.#draw();
        return;
      default:
    }
  }

  #wait(): void {
    if (!this.#over) this.#timer = this.#options.clock.after(this.#options.intervalMs, () => void this.#look());
  }

  async #look(): Promise<void> {
    if (!this.#paused) {
      try {
        const sample = await this.#options.look();
        // A key may have stopped the picture while the answers were on their way.
        if (!this.#paused) {
          this.#before = this.#now;
          this.#now = sample;
        }
      } catch (error) {
        const { code, message } = toWireError(error);
        this.#now = { ...this.#now, warnings: [`${code}: ${message}`] };
      }
      this.#draw();
    }
    this.#wait();
  }

  #draw(): void {
    if (this.#over) return;
    const { intervalMs, style } = this.#options;
    const model = topModel(this.#now, this.#before, this.#sort);
    this.#screen.draw(renderTop(model, this.#screen.size, { intervalMs, paused: this.#paused, live: true }, style));
  }

  #quit(): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer?.cancel();
    this.#screen.leave();
    this.#end();
  }
}
