/**
 * The state of an actor for the eyes of an operator: plain data within a bound of bytes. What is not plain data is named
 * and not opened (it may be large, live or secret), what is too much is cut, and the cut is told.
 */

/** A state, as far as it is shown. */
export interface StateSummary {
  readonly value: unknown;
  /** Whether something of it was left out for its size. */
  readonly truncated: boolean;
}

/** Bytes that a summary takes as JSON, about. */
const MAX_BYTES = 16_384;
const MAX_DEPTH = 12;
const MAX_TEXT = 1_024;
/** What a value takes beside its text: quotes, comma, colon. */
const VALUE_BYTES = 8;

/** Summarises a state. */
export function summariseState(state: unknown, maxBytes = MAX_BYTES): StateSummary {
  const budget = { left: maxBytes, truncated: false };
  return { value: summarise(state, budget, []), truncated: budget.truncated };
}

interface Budget {
  left: number;
  truncated: boolean;
}

function summarise(value: unknown, budget: Budget, above: readonly object[]): unknown {
  budget.left -= VALUE_BYTES;
  switch (typeof value) {
    case 'string':
      return text(value, budget);
    case 'number':
      return Number.isFinite(value) ? value : `[${value}]`;
    case 'boolean':
      return value;
    case 'undefined':
      return null;
    case 'bigint':
    case 'symbol':
    case 'function':
      return `[${typeof value}]`;
    case 'object':
      return value === null ? null : compound(value, budget, above);
  }
}

function text(value: string, budget: Budget): string {
  const most = Math.max(0, Math.min(MAX_TEXT, budget.left));
  if (value.length > most) budget.truncated = true;
  budget.left -= Math.min(value.length, most);
  return value.length > most ? `${value.slice(0, most)}... (${value.length} characters)` : value;
}

function compound(value: object, budget: Budget, above: readonly object[]): unknown {
  if (above.includes(value)) return '[cycle]';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '[Date]' : value.toISOString();
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  const prototype: unknown = Object.getPrototypeOf(value);
  const plain = Array.isArray(value) || prototype === Object.prototype || prototype === null;
  if (!plain) return `[${nameOf(value)}]`;
  if (above.length >= MAX_DEPTH || budget.left <= 0) {
    budget.truncated = true;
    return Array.isArray(value) ? '[array]' : '[object]';
  }
  const path = [...above, value];
  return Array.isArray(value) ? list(value, budget, path) : record(value, budget, path);
}

function list(value: readonly unknown[], budget: Budget, path: readonly object[]): unknown {
  const shown: unknown[] = [];
  for (const item of value) {
    if (budget.left <= 0) {
      budget.truncated = true;
      shown.push(`... (${value.length} items)`);
      break;
    }
    shown.push(summarise(item, budget, path));
  }
  return shown;
}

function record(value: object, budget: Budget, path: readonly object[]): unknown {
  const shown: [string, unknown][] = [];
  const keys = Object.keys(value);
  for (const key of keys) {
    if (budget.left <= 0) {
      budget.truncated = true;
      shown.push(['...', `(${keys.length} properties)`]);
      break;
    }
    budget.left -= key.length;
    // A getter is code of the user, which a look from outside may not run.
    const descriptor = Object.getOwnPropertyDescriptor(value, key);
    const open = descriptor !== undefined && 'value' in descriptor;
    shown.push([key.slice(0, MAX_TEXT), open ? summarise(descriptor.value, budget, path) : '[getter]']);
  }
  return Object.fromEntries(shown);
}

/** Names the class of an instance without running its code. */
function nameOf(value: object): string {
  const prototype = Object.getPrototypeOf(value) as object | null;
  const maker: unknown =
    prototype === null ? undefined : Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  return typeof maker === 'function' && maker.name !== '' ? maker.name : 'instance';
}
