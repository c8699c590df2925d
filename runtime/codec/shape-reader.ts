/**
 * Makes objects of one shape. A shape that many objects had gets a function of its own, compiled from its keys: an
 * object literal is made in one step, where adding its fields one by one looks each of them up.
 */

/** Where the values of the fields come from, in the order of the keys. */
interface Values {
  value(): unknown;
}

/** Objects of a shape before it gets a function: to compile one takes as long as to read a thousand objects. */
const COMPILE_AFTER = 2_048;
/** Shapes that are remembered; a flood of different ones makes the thread begin anew. */
const MAX_REMEMBERED = 1_024;

const remembered = new Map<string, ShapeReader>();

/** The reader of objects with these keys. */
export function shapeReader(keys: readonly string[]): ShapeReader {
  // As JSON, because no two lists of keys are the same text then.
  const name = JSON.stringify(keys);
  const known = remembered.get(name);
  if (known !== undefined) return known;
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  const reader = new ShapeReader(keys);
  remembered.set(name, reader);
  return reader;
}

export class ShapeReader {
  readonly #keys: readonly string[];
  #count = 0;
  #compiled: ((values: Values) => object) | undefined;

  constructor(keys: readonly string[]) {
    this.#keys = keys;
  }

  /** The next object. */
  read(values: Values): object {
    if (this.#compiled !== undefined) return this.#compiled(values);
    const keys = this.#keys;
    const object: Record<string, unknown> = {};
    for (let index = 0; index < keys.length; index += 1) object[keys[index] as string] = values.value();
    this.#count += 1;
    if (this.#count === COMPILE_AFTER) this.#compiled = compile(keys);
    return object;
  }
}

/** Undefined where the program was started without leave to compile text. */
function compile(keys: readonly string[]): ((values: Values) => object) | undefined {
  // Keys are data: JSON makes a literal of any text, and the one name that means something else in an object literal,
  // `__proto__`, is no key.
  const fields = keys.map((key) => `${JSON.stringify(key)}: values.value()`);
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- an object literal of these keys can be had in no other way
    return new Function('values', `return { ${fields.join(', ')} };`) as (values: Values) => object;
  } catch {
    return undefined;
  }
}
