/**
 * The children of one actor and the one-for-one rule: each child is judged alone. The table decides and says what to
 * send; the cell that owns it does the sending, so the rule can be read and tested without actors.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { ExitReason, RestartPolicy, SpawnSpec } from '#protocols/wire/envelope';
import type { SupervisionOptions } from '../actor/definition.js';
import { addRestart, backoffMs, DEFAULT_BACKOFF, DEFAULT_INTENSITY } from './intensity.js';

interface Child {
  readonly address: ActorAddress;
  readonly spec: SpawnSpec;
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

/** Children in the order of their start. */
export class Children {
  readonly #children = new Map<ActorAddress, Child>();
  readonly #options: SupervisionOptions;
  /** Restarts of all children together count against the intensity, as in OTP. */
  #history: readonly number[] = [];

  constructor(options: SupervisionOptions = {}) {
    this.#options = options;
  }

  add(address: ActorAddress, spec: SpawnSpec): void {
    this.#children.set(address, { address, spec });
  }

  /** Forgets a child that ended; false when it was none. */
  remove(address: ActorAddress): boolean {
    return this.#children.delete(address);
  }

  has(address: ActorAddress): boolean {
    return this.#children.has(address);
  }

  restartPolicy(address: ActorAddress): RestartPolicy | undefined {
    return this.#children.get(address)?.spec.restart;
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

  /** Judges the failure of a child. */
  judge(address: ActorAddress, reason: ExitReason, nowMs: number): Verdict {
    const child = this.#children.get(address);
    if (child === undefined) return { type: 'ignore' };
    if (!mayRestart(child.spec, reason)) return { type: 'stop-child' };
    const intensity = {
      maxRestarts: this.#options.maxRestarts ?? DEFAULT_INTENSITY.maxRestarts,
      withinMs: this.#options.withinMs ?? DEFAULT_INTENSITY.withinMs,
    };
    const { allowed, history } = addRestart(this.#history, nowMs, intensity);
    this.#history = history;
    if (allowed) {
      return { type: 'restart', spec: child.spec, delayMs: backoffMs(history.length, this.#options.backoff ?? DEFAULT_BACKOFF) };
    }
    return this.#options.whenExceeded === 'stop-child'
      ? { type: 'stop-child' }
      : { type: 'fail-self', restarts: history.length - 1, withinMs: intensity.withinMs };
  }
}

/** A child whose node died cannot come back at its address: only who placed it there can choose another place. */
function mayRestart(spec: SpawnSpec, reason: ExitReason): boolean {
  return spec.restart !== 'temporary' && reason.class !== 'node-down';
}
