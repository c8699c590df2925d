/**
 * A promise that drives its test system: whoever awaits it makes the system take steps until it settles. So a test
 * reads as application code does, and still nothing runs unless somebody waits for it.
 */

/** A promise whose first `then` starts the drive. */
export class Driven<T> extends Promise<T> {
  #start: (() => void) | undefined;

  /** `drive` takes steps until `work` settles; its own failure is the promise's too. */
  static of<T>(work: Promise<T>, drive: (work: Promise<T>) => Promise<unknown>): Driven<T> {
    let fail: (error: unknown) => void = () => {};
    const driven = new Driven<T>((resolve, reject) => {
      fail = reject;
      work.then(resolve, reject);
    });
    driven.#start = () => {
      drive(work).catch(fail);
    };
    return driven;
  }

  /** What comes of a `then` is an ordinary promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a promise that knows that it is waited for is the whole point
  override then<A = T, B = never>(
    onValue?: ((value: T) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const start = this.#start;
    this.#start = undefined;
    start?.();
    return super.then(onValue, onError);
  }
}
