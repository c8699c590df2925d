/**
 * An assignment is one value that one layer gives to one option, not yet read: a text of the environment still has to
 * become a number, and a text of the file may still hold `${VAR}`. Reading waits until it is known which layer wins, so
 * that a variable that only an overridden value needs does not have to be set.
 */
import { unreachable } from '#protocols/wire/error';
import { coerceText } from './coerce.js';
import { expand, type Variables } from './interpolate.js';
import type { Leaf } from './leaves.js';
import { printable } from './mask.js';
import type { Origin } from './origin.js';

/** A value as its layer gave it. */
export type Given =
  /** Already of its type: defaults, presets, flags that are no text. */
  | { readonly kind: 'typed'; readonly value: unknown }
  /** A text that stands for the type of the option: environment, `.env`, flags. */
  | { readonly kind: 'words'; readonly text: string }
  /** From the file: typed, and texts in it are expanded. */
  | { readonly kind: 'yaml'; readonly value: unknown };

/** One value of one layer for one option. */
export interface Assignment {
  readonly leaf: Leaf;
  readonly origin: Origin;
  readonly given: Given;
}

/** A value that was read, and the variables that went into it. */
type Reading =
  | { readonly ok: true; readonly value: unknown; readonly used: readonly string[] }
  | { readonly ok: false; readonly message: string };

/** Reads an assignment. */
export function readGiven(leaf: Leaf, given: Given, variables: Variables): Reading {
  switch (given.kind) {
    case 'typed':
      return { ok: true, value: given.value, used: [] };
    case 'words':
      return { ok: true, value: coerceText(leaf.type, given.text), used: [] };
    case 'yaml':
      return readYaml(leaf, given.value, variables);
    default:
      return unreachable(given);
  }
}

/** A text that a variable went into is a text of the environment, so it is coerced as one. */
function readYaml(leaf: Leaf, value: unknown, variables: Variables): Reading {
  const reading = expandAll(value, variables);
  if (!reading.ok || typeof reading.value !== 'string' || reading.used.length === 0) return reading;
  return { ...reading, value: coerceText(leaf.type, reading.value) };
}

function expandAll(value: unknown, variables: Variables): Reading {
  if (typeof value === 'string') {
    const expansion = expand(value, variables);
    return expansion.ok ? { ok: true, value: expansion.text, used: expansion.used } : expansion;
  }
  if (Array.isArray(value)) return expandItems(value, variables);
  if (typeof value !== 'object' || value === null) return { ok: true, value, used: [] };
  const entries: [string, unknown][] = [];
  const used: string[] = [];
  for (const [key, inner] of Object.entries(value)) {
    const reading = expandAll(inner, variables);
    if (!reading.ok) return { ok: false, message: `at "${printable(key)}": ${reading.message}` };
    entries.push([key, reading.value]);
    used.push(...reading.used);
  }
  return { ok: true, value: Object.fromEntries(entries), used };
}

function expandItems(items: readonly unknown[], variables: Variables): Reading {
  const values: unknown[] = [];
  const used: string[] = [];
  for (const [index, item] of items.entries()) {
    const reading = expandAll(item, variables);
    if (!reading.ok) return { ok: false, message: `at ${index}: ${reading.message}` };
    values.push(reading.value);
    used.push(...reading.used);
  }
  return { ok: true, value: values, used };
}
