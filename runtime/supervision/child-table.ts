/**
 * Children by their addresses, in the order of their start. Nearly all families live on one executor and grow in the
 * order of their serials: those are kept by serial, without the text of an address for each. The first child that is
 * elsewhere, or comes out of order, makes a plain map of them.
 */
import { type ActorAddress, addressParts, formatAddress } from '#protocols/wire/address';
import { SerialTable } from '../executor/serial-table.js';

export class ChildTable<T extends object> {
  /** Where the children are while they are kept by serial; of the first of them. */
  #home: { readonly node: string; readonly incarnation: string; readonly executor: number } | undefined;
  #bySerial: SerialTable<T> | undefined = new SerialTable<T>();
  #lastSerial = -1;
  #byAddress: Map<ActorAddress, T> | undefined;

  get size(): number {
    return this.#byAddress?.size ?? this.#bySerial?.size ?? 0;
  }

  get(address: ActorAddress): T | undefined {
    if (this.#byAddress !== undefined) return this.#byAddress.get(address);
    const serial = this.#serialOf(address);
    return serial === undefined ? undefined : this.#bySerial?.get(serial);
  }

  has(address: ActorAddress): boolean {
    return this.get(address) !== undefined;
  }

  /** Puts a child at the end, or another value in its place. */
  set(address: ActorAddress, child: T): void {
    this.#home ??= addressParts(address);
    const serial = this.#serialOf(address);
    if (this.#bySerial !== undefined && serial !== undefined) {
      if (serial > this.#lastSerial || this.#bySerial.has(serial)) {
        this.#bySerial.set(serial, child);
        this.#lastSerial = Math.max(serial, this.#lastSerial);
        return;
      }
    }
    this.#mapped().set(address, child);
  }

  delete(address: ActorAddress): boolean {
    if (this.#byAddress !== undefined) return this.#byAddress.delete(address);
    const serial = this.#serialOf(address);
    return serial !== undefined && this.#bySerial?.delete(serial) === true;
  }

  /** In the order of their start. */
  addresses(): ActorAddress[] {
    if (this.#byAddress !== undefined) return [...this.#byAddress.keys()];
    const { node, incarnation, executor } = this.#home ?? NOWHERE;
    const addresses: ActorAddress[] = [];
    for (const [serial] of this.#bySerial?.entries() ?? [])
      addresses.push(formatAddress({ node, incarnation, executor, serial }));
    return addresses;
  }

  values(): Iterable<T> {
    return this.#byAddress?.values() ?? this.#bySerial?.values() ?? [];
  }

  #serialOf(address: ActorAddress): number | undefined {
    const { node, incarnation, executor, serial } = addressParts(address);
    const home = this.#home;
    return node === home?.node && incarnation === home.incarnation && executor === home.executor ? serial : undefined;
  }

  #mapped(): Map<ActorAddress, T> {
    if (this.#byAddress !== undefined) return this.#byAddress;
    const addresses = this.addresses();
    const children = [...this.values()];
    this.#byAddress = new Map(addresses.map((address, index) => [address, children[index] as T]));
    this.#bySerial = undefined;
    return this.#byAddress;
  }
}

const NOWHERE = { node: '', incarnation: '', executor: 0 };
