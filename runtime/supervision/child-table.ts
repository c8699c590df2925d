/**
 * Children by their addresses, in the order of their start. Nearly all families live on one executor and grow in the
 * order of their serials: those are kept by serial, without the text of an address for each. The first child that is
 * elsewhere, or comes out of order, makes a plain map of them.
 */
import {
  type ActorAddress,
  type AddressParts,
  addressParts,
  formatAddress,
  parseAddress,
} from '#protocols/wire/address';
import { SerialTable } from '../executor/serial-table.js';

type Home = Pick<AddressParts, 'node' | 'incarnation' | 'executor'>;

export class ChildTable<T extends object> {
  /** Where the children are while they are kept by serial. */
  #home: Home | undefined;
  #bySerial: SerialTable<T> | undefined = new SerialTable<T>();
  #lastSerial = -1;
  #byAddress: Map<ActorAddress, T> | undefined;

  /** Without a home that of the first child is taken. */
  constructor(home?: Home) {
    this.#home = home;
  }

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
    if (serial === undefined || !this.#fits(serial, child)) this.#mapped().set(address, child);
  }

  /** As `set`, at home. */
  setHere(serial: number, child: T): void {
    if (this.#fits(serial, child)) return;
    const { node, incarnation, executor } = this.#home ?? NOWHERE;
    this.#mapped().set(formatAddress({ node, incarnation, executor, serial }), child);
  }

  /** Whether it could be put in by its serial. */
  #fits(serial: number, child: T): boolean {
    if (this.#bySerial === undefined || (serial <= this.#lastSerial && !this.#bySerial.has(serial))) return false;
    this.#bySerial.set(serial, child);
    this.#lastSerial = Math.max(serial, this.#lastSerial);
    return true;
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
    // Whoever asks may have the id of a child in hand, which is no address.
    const parts = parseAddress(address);
    const home = this.#home;
    if (parts === undefined || home === undefined) return undefined;
    const isHome = parts.node === home.node && parts.incarnation === home.incarnation;
    return isHome && parts.executor === home.executor ? parts.serial : undefined;
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

const NOWHERE: Home = { node: '', incarnation: '', executor: 0 };
