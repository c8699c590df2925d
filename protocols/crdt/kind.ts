/**
 * The kinds of replicated data, and the shape of store that each has. Three leaves and maps of them are enough:
 *
 *     flag          unit payloads          or-set   map: element -> flag
 *     g-counter     totals                 lww-map  map: key -> lww-register
 *     pn-counter    totals                 or-map   map: kind and key -> any kind, maps included
 *     lww-register  stamped values
 *     mv-register   plain values
 *
 * The kind of a child of an or-map is part of its key, so replicas that make a key as two kinds at once make two keys.
 */
import { unreachable } from '../wire/error.js';
import type { Payload } from './payload.js';

/** What is replicated. */
export type Kind = (typeof kinds)[number];

/** In the order of their numbers in the encoding: new ones go last. */
export const kinds = [
  'g-counter',
  'pn-counter',
  'lww-register',
  'mv-register',
  'flag',
  'or-set',
  'lww-map',
  'or-map',
] as const;

/** Letters of kinds in keys of an or-map. */
const letters = 'gplvfswm';

/** Maps in maps go this deep at most: what is decoded is not trusted with the depth of our stack. */
export const maxDepth = 16;

/** Characters of an element or key, at most. */
export const maxKeyLength = 1_024;

/** The payload that leaves of a kind have; undefined for kinds that are maps. */
export function payloadOf(kind: Kind): Payload['type'] | undefined {
  switch (kind) {
    case 'g-counter':
    case 'pn-counter':
      return 'total';
    case 'lww-register':
      return 'stamped';
    case 'mv-register':
      return 'plain';
    case 'flag':
      return 'unit';
    case 'or-set':
    case 'lww-map':
    case 'or-map':
      return undefined;
    default:
      return unreachable(kind);
  }
}

/** The key of a child in the store of an or-map. */
export function childKey(kind: Kind, key: string): string {
  return `${letters[kinds.indexOf(kind)]}${key}`;
}

/** The kind of a child of a map by its key in the store; undefined when there can be no such child. */
export function childKind(kind: Kind, storeKey: string): Kind | undefined {
  if (kind === 'or-set') return 'flag';
  if (kind === 'lww-map') return 'lww-register';
  return kind === 'or-map' && storeKey !== '' ? kinds[letters.indexOf(storeKey.charAt(0))] : undefined;
}

/** True for text that can be an element, a key or a name: not too long, and the same after a way through UTF-8. */
export function isKey(text: string): boolean {
  return text.length <= maxKeyLength && !/\p{Cs}/u.test(text);
}
