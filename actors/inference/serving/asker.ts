/** Who asks: taken from the context while a call is in hand, because behind the first `await` it is that of another. */
import { type ActorAddress, EXECUTOR_SERIAL, parseAddress } from '#protocols/wire/address';
import type { ActorContext } from '#runtime';

/** The caller of a call. */
export interface Asker {
  /** Aborted when the caller cancels, its deadline passes or it is lost. Of a call that is answered later: never. */
  readonly signal: AbortSignal;
  /** The actor that asks; undefined for code that is none. */
  readonly actor: ActorAddress | undefined;
  /** Whose share it is where the request does not say. */
  readonly agent: string;
  /** Milliseconds that the caller waits; Infinity where it does not say. */
  readonly remainingMs: number;
}

/** The caller of the call in hand. */
export function askerOf(ctx: ActorContext): Asker {
  const { sender, signal, remainingMs } = ctx;
  const serial = sender === undefined ? EXECUTOR_SERIAL : (parseAddress(sender)?.serial ?? EXECUTOR_SERIAL);
  return { signal, actor: serial === EXECUTOR_SERIAL ? undefined : sender, agent: sender ?? 'outside', remainingMs };
}

/** Watches actors for as long as something of theirs is here. */
export class AskerWatch {
  readonly #monitor: (address: ActorAddress) => void;
  readonly #demonitor: (address: ActorAddress) => void;
  readonly #watched = new Map<ActorAddress, Set<() => void>>();

  constructor(monitor: (address: ActorAddress) => void, demonitor: (address: ActorAddress) => void) {
    this.#monitor = monitor;
    this.#demonitor = demonitor;
  }

  /** Actors that are watched. */
  get size(): number {
    return this.#watched.size;
  }

  /** Calls `died` when the actor ends; the result ends the watch. */
  watch(actor: ActorAddress | undefined, died: () => void): () => void {
    if (actor === undefined) return () => {};
    const all = this.#watched.get(actor) ?? new Set<() => void>();
    if (all.size === 0) {
      this.#watched.set(actor, all);
      this.#monitor(actor);
    }
    all.add(died);
    return () => {
      if (!all.delete(died) || all.size > 0 || this.#watched.get(actor) !== all) return;
      this.#watched.delete(actor);
      this.#demonitor(actor);
    };
  }

  /** An actor ended. */
  down(actor: ActorAddress): void {
    const all = this.#watched.get(actor);
    if (all === undefined) return;
    this.#watched.delete(actor);
    for (const died of [...all]) died();
  }
}
