/**
 * What executors ask of the store service and what it answers, over a port of their own. Many requests travel in one
 * message, and so do many answers. Requests are checked when they arrive, because the thread that reads them holds
 * what every actor of the node has been promised.
 */
import type { WireError } from '#protocols/wire/error';
import { isStoreKey } from './layout.js';
import type { Durability, EventPage, Head, Loaded, StoreWrite } from './store.js';

/** What is asked. */
export type StoreQuestion =
  | { readonly op: 'write'; readonly durability: Durability; readonly write: StoreWrite }
  | { readonly op: 'load'; readonly durability: Durability; readonly key: string }
  | { readonly op: 'events'; readonly durability: Durability; readonly key: string; readonly from: number };

/** A question with its number; numbers grow on each port. */
export type StoreRequest = { readonly id: number } & StoreQuestion;

/** The value that answers each question: the new head, what was loaded, or a page. */
export type StoreValue = Head | Loaded | EventPage | undefined;

/** One answer. */
export type StoreAnswer =
  | { readonly id: number; readonly value: StoreValue }
  | { readonly id: number; readonly error: WireError };

/** Bytes that a question carries. */
export function bytesOf(question: StoreQuestion): number {
  if (question.op !== 'write') return 0;
  const { write } = question;
  if (write.type === 'append') return write.events.reduce((sum, event) => sum + event.length, 0);
  return 'bytes' in write ? write.bytes.length : 0;
}

/** Whether what arrived is a request. */
export function isStoreRequest(value: unknown): value is StoreRequest {
  if (!isRecord(value) || !isCount(value['id'])) return false;
  if (value['durability'] !== 'disk' && value['durability'] !== 'process') return false;
  switch (value['op']) {
    case 'write':
      return isWrite(value['write']);
    case 'load':
      return isStoreKey(value['key']);
    case 'events':
      return isStoreKey(value['key']) && isCount(value['from']);
    default:
      return false;
  }
}

function isWrite(value: unknown): boolean {
  if (!isRecord(value) || !isStoreKey(value['key'])) return false;
  if (value['type'] === 'claim') return true;
  if (!isCount(value['epoch'])) return false;
  switch (value['type']) {
    case 'append':
      return isCount(value['after']) && Array.isArray(value['events']) && value['events'].every(isBytes);
    case 'snapshot':
      return isCount(value['seq']) && isCount(value['keepFrom']) && isBytes(value['bytes']);
    case 'save':
      return isCount(value['after']) && isBytes(value['bytes']);
    case 'put':
      return isStoreKey(value['name']) && isBytes(value['bytes']);
    case 'remove':
      return isStoreKey(value['name']);
    case 'erase':
      return true;
    default:
      return false;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isBytes(value: unknown): boolean {
  return value instanceof Uint8Array;
}
