/**
 * A register, and a map of registers: the objects that key-value stores promise. Their operations are those that
 * clients of such a store have, read, write, and compare and set.
 */
import { unreachable } from '#protocols/wire/error';
import type { Specification } from './specification.js';

/** What a register holds; null before the first write. */
export type Value = string | number | null;

/** An operation on a register. */
export type RegisterInput =
  | { readonly type: 'read' }
  | { readonly type: 'write'; readonly value: Value }
  | { readonly type: 'cas'; readonly from: Value; readonly to: Value };

/** The value of a read; of a cas whether it was carried out; null of a write. */
export type RegisterOutput = Value | boolean;

/** A register that holds `initial` at first. */
export function registerOf(initial: Value = null): Specification<Value, RegisterInput, RegisterOutput> {
  return {
    initial,
    step: stepRegister,
    key: keyOf,
    readOnly: ({ type }) => type === 'read',
  };
}

function stepRegister(value: Value, input: RegisterInput, output: RegisterOutput | undefined): Value | undefined {
  switch (input.type) {
    case 'read':
      return output === undefined || output === value ? value : undefined;
    case 'write':
      return input.value;
    case 'cas': {
      const carriedOut = value === input.from;
      if (output !== undefined && output !== carriedOut) return undefined;
      return carriedOut ? input.to : value;
    }
    default:
      return unreachable(input);
  }
}

/** An operation on one register of a map. */
export type MapInput = RegisterInput & { readonly key: string };

/** A map whose registers hold null at first. */
export function mapOf(): Specification<ReadonlyMap<string, Value>, MapInput, RegisterOutput> {
  return {
    initial: new Map(),
    step(map, input, output) {
      const before = map.get(input.key) ?? null;
      const after = stepRegister(before, input, output);
      if (after === undefined || after === before) return after === undefined ? undefined : map;
      return new Map(map).set(input.key, after);
    },
    key(map) {
      const held = [...map].filter(([, value]) => value !== null);
      return JSON.stringify(held.toSorted(([one], [other]) => (one < other ? -1 : 1)));
    },
    readOnly: ({ type }) => type === 'read',
    part: ({ key }) => key,
  };
}

function keyOf(value: Value): string {
  return typeof value === 'string' ? `s${value}` : String(value);
}
