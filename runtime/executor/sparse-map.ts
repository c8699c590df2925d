/**
 * A map that is made with its first entry and goes with its last: V8 reserves 170 bytes for an empty `Map`, and what is
 * kept of children in trouble is several maps that are empty in nearly every family.
 */
export class SparseMap<K, V> {
  #entries: Map<K, V> | undefined;

  get(key: K): V | undefined {
    return this.#entries?.get(key);
  }

  has(key: K): boolean {
    return this.#entries?.has(key) === true;
  }

  set(key: K, value: V): void {
    (this.#entries ??= new Map()).set(key, value);
  }

  delete(key: K): boolean {
    if (this.#entries?.delete(key) !== true) return false;
    if (this.#entries.size === 0) this.#entries = undefined;
    return true;
  }

  clear(): void {
    this.#entries = undefined;
  }

  /** The entries as they are now. */
  entries(): readonly (readonly [K, V])[] {
    return this.#entries === undefined ? [] : [...this.#entries];
  }
}
