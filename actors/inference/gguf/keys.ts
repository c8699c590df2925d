/**
 * The key-values of a model file, asked for by name, type and bounds. llama.cpp takes a number only in the type that it
 * expects, and some numbers out of bounds end its process (`GGML_ASSERT`); both are said here with the name of the key.
 */
import type { SkepError } from '#protocols/wire/error';
import type { GgufElementType, GgufScalar, GgufValue } from './format.js';

/** Bounds of a number, both included. */
export interface Bounds {
  readonly least: number;
  readonly most: number;
}

/** Asks for values. Each method gives undefined for a key that is not there and throws what `bad` makes of a wrong one. */
export class Keys {
  readonly #metadata: ReadonlyMap<string, GgufValue>;
  readonly #bad: (what: string) => SkepError;

  constructor(metadata: ReadonlyMap<string, GgufValue>, bad: (what: string) => SkepError) {
    this.#metadata = metadata;
    this.#bad = bad;
  }

  /** Gives the value on, or says that its key is missing. */
  required<T>(value: T | undefined, key: string): T {
    if (value === undefined) throw this.#bad(`the key ${key} is missing`);
    return value;
  }

  text(key: string): string | undefined {
    const value = this.#scalar(key, ['string']);
    return typeof value === 'string' ? value : undefined;
  }

  /** A whole number; llama.cpp expects uint32 unless `types` says otherwise. */
  whole(key: string, bounds: Bounds, types: readonly GgufElementType[] = ['uint32']): number | undefined {
    const value = this.#scalar(key, types);
    return value === undefined ? undefined : this.#bounded(key, Number(value), bounds);
  }

  /** A float32 that is finite. */
  float(key: string, bounds: Bounds): number | undefined {
    const value = this.#scalar(key, ['float32']);
    return value === undefined ? undefined : this.#bounded(key, Number(value), bounds);
  }

  /** A number for each block of the model: one for all of them, or an array. */
  perBlock(key: string, blocks: number, bounds: Bounds): readonly number[] | undefined {
    const entry = this.#metadata.get(key);
    if (entry?.type !== 'array') {
      const value = this.whole(key, bounds);
      return value === undefined ? undefined : Array.from({ length: blocks }, () => value);
    }
    if (entry.of !== 'uint32' && entry.of !== 'int32') throw this.#mistyped(key, `an array of ${entry.of}`, 'uint32');
    if (entry.count !== blocks) throw this.#bad(`${key} has ${entry.count} elements for ${blocks} blocks`);
    return entry.values?.map((value) => this.#bounded(key, Number(value), bounds));
  }

  /** How many elements an array has. */
  count(key: string, of: readonly GgufElementType[], bounds: Bounds): number | undefined {
    const entry = this.#metadata.get(key);
    if (entry === undefined) return undefined;
    const type = entry.type === 'array' ? entry.of : undefined;
    if (entry.type !== 'array' || type === undefined || !of.includes(type)) {
      throw this.#mistyped(
        key,
        entry.type === 'array' ? `an array of ${entry.of}` : entry.type,
        `array of ${of[0] ?? ''}`,
      );
    }
    if (entry.count < bounds.least || entry.count > bounds.most) {
      throw this.#bad(`${key} has ${entry.count} elements, expected ${described(bounds)}`);
    }
    return entry.count;
  }

  #scalar(key: string, types: readonly GgufElementType[]): GgufScalar | undefined {
    const entry = this.#metadata.get(key);
    if (entry === undefined) return undefined;
    if (entry.type === 'array' || !types.includes(entry.type))
      throw this.#mistyped(key, entry.type, types.join(' or '));
    return entry.value;
  }

  #bounded(key: string, value: number, bounds: Bounds): number {
    if (value >= bounds.least && value <= bounds.most) return value;
    throw this.#bad(`${key} is ${value}, expected ${described(bounds)}`);
  }

  #mistyped(key: string, type: string, expected: string): SkepError {
    return this.#bad(`${key} is of type ${type}, expected ${expected}`);
  }
}

function described({ least, most }: Bounds): string {
  return least === most ? String(least) : `${least} to ${most}`;
}
