/** What the executors of each node take of memory while a load runs, as the reports of the cluster say. */
import type { Clock, Timer } from '#runtime/clock/clock';
import { askReports } from '../remote/reports.js';
import type { Ask } from '../remote/session.js';

/** The JavaScript heaps of all executors of a node together, in bytes. */
export interface NodeMemory {
  readonly node: string;
  readonly firstBytes: number;
  readonly mostBytes: number;
  readonly lastBytes: number;
}

/** Looks now and then; a node that does not answer keeps what it said before. */
export class MemoryWatch {
  readonly #ask: Ask;
  readonly #clock: Clock;
  readonly #periodMs: number;
  readonly #except: string;
  readonly #seen = new Map<string, NodeMemory>();
  #timer: Timer | undefined;
  #stopped = false;

  /** `except` is the node of the load itself. */
  constructor(ask: Ask, clock: Clock, periodMs: number, except: string) {
    this.#ask = ask;
    this.#except = except;
    this.#clock = clock;
    this.#periodMs = periodMs;
  }

  /** Looks once, and from then on each period. */
  async start(): Promise<void> {
    await this.#look();
    if (!this.#stopped) this.#timer = this.#clock.after(this.#periodMs, () => void this.start());
  }

  /** Looks a last time and gives what was seen. */
  async stop(): Promise<readonly NodeMemory[]> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#look();
    return [...this.#seen.values()].sort((a, b) => (a.node < b.node ? -1 : 1));
  }

  async #look(): Promise<void> {
    try {
      for (const { node, executors } of await askReports(this.#ask, undefined, () => {})) {
        if (executors.length === 0 || node === this.#except) continue;
        const bytes = executors.reduce((sum, { heapUsedBytes }) => sum + heapUsedBytes, 0);
        const before = this.#seen.get(node) ?? { node, firstBytes: bytes, mostBytes: bytes };
        this.#seen.set(node, { ...before, mostBytes: Math.max(before.mostBytes, bytes), lastBytes: bytes });
      }
    } catch {
      // A cluster whose nodes are just dying answers later, or not: the load itself tells of that.
    }
  }
}
