/**
 * The service that a simulated group replicates: a chain of hashes over every operation that it ever executed. Two
 * replicas with the same chain have executed the same operations in the same order, and a result tells a client the whole
 * history before it.
 */
import { hash, hex } from './keys.js';

const utf8 = new TextEncoder();

/** A deterministic state machine. */
export class Service {
  /** Operations executed. */
  count = 0;
  /** Hash over all of them. */
  chain = '';

  /** Carries out one operation. */
  execute(client: string, timestamp: number, operation: Uint8Array): Uint8Array {
    this.count += 1;
    const link = `${this.chain} ${client} ${timestamp} ${hex(hash(operation, 0))}`;
    this.chain = hex(hash(utf8.encode(link), 0));
    return utf8.encode(`${this.count} ${this.chain}`);
  }

  snapshot(): Uint8Array {
    return utf8.encode(`${this.count} ${this.chain}`);
  }

  restore(snapshot: Uint8Array): void {
    const [count, chain] = new TextDecoder().decode(snapshot).split(' ');
    this.count = Number(count);
    this.chain = chain ?? '';
  }
}
