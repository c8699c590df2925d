/**
 * A child ahead of need: starting a process and loading the native library takes a second, so one that has done both and
 * has no model yet stands by for the next model, or for the same one when its process ended. One for all models of the
 * node; it lives as long as any model is open, and keeps no process alive by itself.
 */
import { Child, type Patience } from './process.js';

/** Children for models. */
export class Spares {
  readonly #spares = new Map<boolean, Promise<Child | undefined>>();
  #users = 0;
  #isOff = false;

  /** Keeps none from now on: for a process that answers and ends, to which a spare is only work. */
  disable(): void {
    this.#isOff = true;
  }

  /** Says that a model is open. */
  retain(): void {
    this.#users += 1;
  }

  /** Says that it is closed; behind the last one no spare stays. */
  release(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    for (const spare of this.#spares.values()) void spare.then((child) => child?.kill('is not needed any more'));
    this.#spares.clear();
  }

  /** A child that is ready: the spare, or a new one. @throws SkepError MODEL_UNAVAILABLE. */
  async take(useGpu: boolean, patience: Patience): Promise<Child> {
    const waiting = this.#spares.get(useGpu);
    this.#spares.delete(useGpu);
    const spare = await waiting;
    if (spare === undefined || spare.hasEnded) return Child.start('process', useGpu, patience);
    spare.hold(true);
    return spare;
  }

  /** Starts a spare where there is none; called when a model was loaded, so that the two do not share the processor. */
  refill(useGpu: boolean, patience: Patience): void {
    if (this.#isOff || this.#users === 0 || this.#spares.has(useGpu)) return;
    this.#spares.set(
      useGpu,
      Child.start('process', useGpu, patience).then(
        (child) => {
          child.hold(false);
          return child;
        },
        () => undefined,
      ),
    );
  }
}

/** The spares of this node. */
export const spares = new Spares();
