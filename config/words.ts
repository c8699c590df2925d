/**
 * The two halves of every message about a value: what was given, and what is allowed. Both come from the schema, so a
 * message cannot disagree with the check.
 */
import { unreachable } from '#protocols/wire/error';
import type { Leaf } from './leaves.js';
import { MASK, printable, shownValue } from './mask.js';
import { plainTextForm } from './option.js';

/** What an option allows, in words: range, choices or form. */
export function describeAllowed(leaf: Leaf): string {
  const { type, facts } = leaf;
  switch (type.kind) {
    case 'whole':
      if (facts.form !== undefined) return facts.form;
      return `a whole number from ${type.min} to ${type.max}${facts.unit === undefined ? '' : ` (${facts.unit})`}`;
    case 'choice':
      return `one of ${type.choices.join(', ')}`;
    case 'boolean':
      return 'true or false';
    case 'text':
      return facts.form ?? plainTextForm;
    case 'record':
      return facts.form ?? 'a mapping of text to text';
    case 'list':
      return facts.form ?? 'a list';
    default:
      return unreachable(type);
  }
}

/** The sort of a value, in YAML's words. */
export function sortOf(value: unknown): string {
  if (value === null || value === undefined) return 'no value';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string') return value === '' ? 'an empty text' : 'a text';
  return `a ${typeof value}`;
}

/** What was given, in words: the value where it may be shown, its sort where it may not. */
export function describeGiven(leaf: Leaf, value: unknown): string {
  if (value === null || value === undefined || value === '' || typeof value === 'object') return sortOf(value);
  if (leaf.facts.secret === 'whole') return `${sortOf(value)} (${MASK})`;
  const shown = shownValue(leaf, value);
  return typeof shown === 'string' ? `"${printable(shown)}"` : String(shown);
}
