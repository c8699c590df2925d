/**
 * The children of one actor and the one-for-one rule: each child is judged alone. The table decides and says what to
 * send; the cell that owns it does the sending, so the rule can be read and tested without actors.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { ExitReason, SpawnSpec } from '#protocols/wire/envelope';
import type { SupervisionOptions } from '../actor/definition.js';
import { addRestart, backoffMs, DEFAULT_BACKOFF, DEFAULT_INTENSITY } from './intensity.js';

/** Shared by all children that never failed. */
const NO_RESTARTS: readonly number[] = [];

interface Child {
  readonly spec: SpawnSpec;
  /** Its own restarts, oldest first; used where children are given up one by one. */
  history: readonly number[];
}

/** What a supervisor does about a failed child. */
export type Verdict =
  | { readonly type: 'restart'; readonly spec: SpawnSpec; readonly delayMs: number }
  /** The child is given up and its supervisor lives on. */
  | { readonly type: 'stop-child' }
  /** The intensity is exceeded and the supervisor itself fails. */
  | { readonly type: 'fail-self'; readonly restarts: number; readonly withinMs: number }
  /** Not a child (any more). */
  | { readonly type: 'ignore' };

/**
 * Children in the order of their start. Where too many restarts end the supervisor, the restarts of all children count
 * together, as in OTP. Where they end only the child (`stop-child`), each child is counted alone, or else one bad child
 * would use up what its innocent siblings may need.
 */
export class Children {
  readonly #children = new Map<ActorAddress, Child>();
  readonly #options: SupervisionOptions;
  #history: readonly number[] = [];

  constructor(options: SupervisionOptions = {}) {
    this.#options = options;
  }

  add(address: ActorAddress, spec: SpawnSpec): void {
    this.#children.set(address, { spec, history: NO_RESTARTS });
  }

  /** Forgets a child that ended; false when it was none. */
  remove(address: ActorAddress): boolean {
    return this.#children.delete(address);
  }

  has(address: ActorAddress): boolean {
    return this.#children.has(address);
  }

  specOf(address: ActorAddress): SpawnSpec | undefined {
    return this.#children.get(address)?.spec;
  }

  addresses(): readonly ActorAddress[] {
    return [...this.#children.keys()];
  }

  get size(): number {
    return this.#children.size;
  }

  /** Latest first: the order in which they are stopped. */
  newestFirst(): readonly ActorAddress[] {
    return [...this.#children.keys()].reverse();
  }

  /**
   * Judges the failure of a child. `sameEvent` says that a sibling's failure with the same cause has been judged just
   * before (a thread died under both): together they are one failure.
   */
  judge(address: ActorAddress, reason: ExitReason, nowMs: number, sameEvent = false): Verdict {
    const child = this.#children.get(address);
    if (child === undefined) return { type: 'ignore' };
    if (!mayRestart(child.spec, reason)) return { type: 'stop-child' };
    const maxRestarts = this.#options.maxRestarts ?? DEFAULT_INTENSITY.maxRestarts;
    const withinMs = this.#options.withinMs ?? DEFAULT_INTENSITY.withinMs;
    const alone = this.#options.whenExceeded === 'stop-child';
    const { allowed, history } = addRestart(alone ? child.history : this.#before(sameEvent), nowMs, {
      maxRestarts,
      withinMs,
    });
    if (alone) child.history = history;
    else this.#history = history;
    if (allowed) {
      return {
        type: 'restart',
        spec: child.spec,
        delayMs: backoffMs(history.length, this.#options.backoff ?? DEFAULT_BACKOFF),
      };
    }
    return alone ? { type: 'stop-child' } : { type: 'fail-self', restarts: history.length - 1, withinMs };
  }

  /** Judges a child that is gone through the fault of another: it comes back, and nothing is counted against it. */
  excuse(address: ActorAddress, reason: ExitReason): Verdict {
    const child = this.#children.get(address);
    if (child === undefined) return { type: 'ignore' };
    if (!mayRestart(child.spec, reason)) return { type: 'stop-child' };
    const delayMs = backoffMs(1, this.#options.backoff ?? DEFAULT_BACKOFF);
    return { type: 'restart', spec: child.spec, delayMs };
  }

  /** The shared history without its latest entry when that was for the same event. */
  #before(sameEvent: boolean): readonly number[] {
    return sameEvent ? this.#history.slice(0, -1) : this.#history;
  }
}

/** A child whose node died cannot come back at its address: only who placed it there can choose another place. */
function mayRestart(spec: SpawnSpec, reason: ExitReason): boolean {
  return spec.restart !== 'temporary' && reason.class !== 'node-down';
}
