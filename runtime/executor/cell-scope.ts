/**
 * How what a handler asks of others is bound to the message in hand: its deadline, its cancellation, its chain. One small
 * object, because there is one for each call and each spawn.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { Traceparent } from '#protocols/wire/trace-context';
import type { CallScope } from './cell-host.js';
import type { Current } from './current.js';

export class Scope implements CallScope {
  readonly #current: Current;
  readonly #owner: { readonly address: ActorAddress };

  constructor(current: Current, owner: { readonly address: ActorAddress }) {
    this.#current = current;
    this.#owner = owner;
  }

  get chain(): readonly ActorAddress[] {
    return [...this.#current.chain, this.#owner.address];
  }
  get remainingMs(): number {
    return this.#current.remainingMs();
  }
  get trace(): Traceparent | undefined {
    return this.#current.trace;
  }

  cancelled(): boolean {
    return this.#current.cancelled;
  }

  onOpen(cancel: () => void): () => void {
    return this.#current.onCancel(cancel);
  }
}
