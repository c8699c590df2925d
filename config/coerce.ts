/**
 * Texts from the environment and from flags as the type that the option asks for. A text that does not read as that
 * type is handed on unchanged: the schema then refuses it, with the text as given in the message.
 */
import { unreachable } from '#protocols/wire/error';
import type { LeafType } from './leaves.js';

/** A text as a value of the type. */
export function coerceText(type: LeafType, text: string): unknown {
  switch (type.kind) {
    case 'text':
    case 'choice':
      return text;
    case 'whole':
      return /^[+-]?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text;
    case 'boolean':
      return asBoolean(text);
    case 'record':
    case 'list':
      return asJson(text);
    default:
      return unreachable(type);
  }
}

function asBoolean(text: string): unknown {
  const word = text.trim().toLowerCase();
  if (word === 'true' || word === '1') return true;
  return word === 'false' || word === '0' ? false : text;
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
