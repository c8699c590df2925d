/**
 * News of dead threads on other nodes. They come over another lane than messages and may be repeated, so they are taken
 * for what they say and no more: each death counts once, an earlier one than the last known is old, and what began after
 * it is not touched.
 *
 *     thread dies --executor-down--> calls fail, monitors fire, children of parents there end
 *     replaced -----executor-up----> supervisors of what was there restart it      (says all again, for who missed it)
 */
import { type ActorAddress, addressParts } from '#protocols/wire/address';
import type { Signal } from '#protocols/wire/envelope';
import { foreignLoss, type Loss } from './losses.js';

/** The news, as they travel. */
export type DeathSignal = Extract<Signal, { type: 'executor-down' | 'executor-up' }>;

/** Executors whose deaths are remembered; the oldest is forgotten, so that forged names do not fill the table. */
const MAX_KNOWN = 4_096;

/** What has been handled of the latest death of an executor. */
interface Known {
  readonly nextSerial: number;
  /** Whether its supervisors were told. */
  readonly replaced: boolean;
}

export class ForeignDeaths {
  readonly #node: string;
  readonly #known = new Map<ActorAddress, Known>();

  constructor(node: string) {
    this.#node = node;
  }

  /** The losses that a piece of news stands for, in the order in which to handle them; none when it is old or forged. */
  losses(from: ActorAddress, signal: DeathSignal): readonly Loss[] {
    const { node, incarnation, executor } = addressParts(signal.executor);
    // A node tells of its own threads only, and one's own are known from the thread pool.
    if (node === this.#node || incarnation === '*' || !isOfNode(from, node, incarnation)) return [];
    const { reason, culprit, nextSerial } = signal;
    const known = this.#known.get(signal.executor);
    if (known !== undefined && known.nextSerial > nextSerial) return [];
    const repeated = known?.nextSerial === nextSerial;
    const replaced = signal.type === 'executor-up';
    const tellSupervisors = replaced && !(repeated && known.replaced);
    this.#remember(signal.executor, { nextSerial, replaced: replaced || (repeated && known.replaced) });
    const death = { executor, reason, nextSerial, ...(culprit === undefined ? {} : { culprit }) };
    return [
      ...(repeated ? [] : [foreignLoss(node, incarnation, death, 'all-but-supervisors')]),
      ...(tellSupervisors ? [foreignLoss(node, incarnation, death, 'supervisors')] : []),
    ];
  }

  /** A node is gone, and all that was known of its executors with it. */
  forget(node: string): void {
    for (const executor of this.#known.keys()) if (addressParts(executor).node === node) this.#known.delete(executor);
  }

  #remember(executor: ActorAddress, known: Known): void {
    this.#known.delete(executor);
    this.#known.set(executor, known);
    if (this.#known.size <= MAX_KNOWN) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}

function isOfNode(address: ActorAddress, node: string, incarnation: string): boolean {
  const parts = addressParts(address);
  return parts.node === node && parts.incarnation === incarnation;
}
