/**
 * Events, snapshots and timers as bytes: msgpack arrays that begin with the version of the definition that wrote them, so
 * that a later version knows what it reads and can bring it up to date.
 *
 *     event      [version, event] or [version, event, id of the command]
 *     snapshot   [version, state, ids of the commands remembered]
 *     timer      [due in milliseconds since 1970, period in milliseconds or 0]
 */
import { SkepError } from '#protocols/wire/error';
import type { DurableState, EventSourcing } from '../actor/persistence.js';
import { decode, encode } from '../codec/msgpack.js';

// oxlint-disable-next-line typescript/no-explicit-any -- the runtime carries states and events without knowing them
export type AnyEventSourcing = EventSourcing<any, any, any>;
// oxlint-disable-next-line typescript/no-explicit-any -- as above
export type AnyDurableState = DurableState<any, any>;

/** Bytes of one event, snapshot or state at most. */
const MAX_BYTES = 16 << 20;

/** A snapshot or a saved state, brought up to date. */
export interface StoredState {
  readonly state: unknown;
  readonly ids: readonly string[];
}

/** @throws SkepError BAD_MESSAGE when the event is not plain data or not of the schema, FRAME_TOO_LARGE. */
export function packEvent(rules: AnyEventSourcing, event: unknown, id: string | undefined, what: string): Uint8Array {
  const checked = rules.events === undefined ? event : checkEvent(rules, event, `an event of ${what}`, 'BAD_MESSAGE');
  const version = rules.version ?? 1;
  return pack(id === undefined ? [version, checked] : [version, checked, id], `an event of ${what}`);
}

/** What a stored event is to this version: as many events as its migration makes of it. @throws SkepError BAD_EVENT. */
export function unpackEvent(
  rules: AnyEventSourcing,
  bytes: Uint8Array,
  what: string,
): { readonly events: readonly unknown[]; readonly id: string | undefined } {
  const [version, event, id] = unpack(bytes, what);
  const own = rules.version ?? 1;
  if (version > own) throw tooNew(what, version, own);
  const events = version === own ? [event] : migrateEvent(rules, event, version, what);
  const checked = rules.events === undefined ? events : events.map((one) => checkEvent(rules, one, what, 'BAD_EVENT'));
  return { events: checked, id: typeof id === 'string' ? id : undefined };
}

/** @throws SkepError BAD_MESSAGE when the state is not plain data, FRAME_TOO_LARGE. */
export function packState(
  version: number | undefined,
  state: unknown,
  ids: readonly string[],
  what: string,
): Uint8Array {
  return pack([version ?? 1, state, ids], `the state of ${what}`);
}

/** @throws SkepError BAD_EVENT. */
export function unpackState(
  rules: Pick<AnyDurableState, 'version' | 'migrateState'>,
  bytes: Uint8Array,
  what: string,
): StoredState {
  const [version, state, ids] = unpack(bytes, what);
  const own = rules.version ?? 1;
  if (version > own) throw tooNew(what, version, own);
  const known = Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : [];
  if (version === own) return { state, ids: known };
  if (rules.migrateState === undefined) throw notMigrated(what, version, own, 'migrateState');
  return { state: guarded(what, () => rules.migrateState?.(state, version) as unknown), ids: known };
}

export function packTimer(dueMs: number, periodMs: number): Uint8Array {
  return encode([dueMs, periodMs]);
}

/** A stored timer; undefined when it is none. */
export function unpackTimer(bytes: Uint8Array): { readonly dueMs: number; readonly periodMs: number } | undefined {
  const value = decode(bytes);
  const [dueMs, periodMs] = Array.isArray(value) ? (value as readonly unknown[]) : [];
  return typeof dueMs === 'number' && typeof periodMs === 'number' ? { dueMs, periodMs } : undefined;
}

function migrateEvent(rules: AnyEventSourcing, event: unknown, version: number, what: string): readonly unknown[] {
  const { migrate } = rules;
  if (migrate === undefined) throw notMigrated(what, version, rules.version ?? 1, 'migrate');
  const migrated: unknown = guarded(what, () => migrate(event, version) as unknown);
  return Array.isArray(migrated) ? (migrated as readonly unknown[]) : [migrated];
}

function checkEvent(rules: AnyEventSourcing, event: unknown, what: string, code: 'BAD_MESSAGE' | 'BAD_EVENT'): unknown {
  const result = rules.events?.safeParse(event);
  if (result === undefined || result.success) return result === undefined ? event : result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.join('.') || 'event';
  throw new SkepError(code, `${what} does not fit the schema: ${field}: ${issue?.message ?? 'invalid'}`, { field });
}

function pack(value: unknown, what: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = encode(value);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SkepError('BAD_MESSAGE', `${what} cannot be stored: ${why}`, {}, cause);
  }
  if (bytes.length <= MAX_BYTES) return bytes;
  const text = `${what} has ${bytes.length} bytes; at most ${MAX_BYTES} can be stored as one`;
  throw new SkepError('FRAME_TOO_LARGE', text, { bytes: bytes.length });
}

function unpack(bytes: Uint8Array, what: string): readonly [version: number, value: unknown, rest: unknown] {
  let value: unknown;
  try {
    value = decode(bytes);
  } catch (cause) {
    throw new SkepError('BAD_EVENT', `${what} cannot be decoded`, {}, cause);
  }
  const [version, content, rest] = Array.isArray(value) ? (value as readonly unknown[]) : [];
  if (typeof version !== 'number') throw new SkepError('BAD_EVENT', `${what} has no version`);
  return [version, content, rest];
}

/** Runs a migration of the definition's. */
function guarded(what: string, migrate: () => unknown): unknown {
  try {
    return migrate();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SkepError('BAD_EVENT', `${what} could not be migrated: ${why}`, {}, cause);
  }
}

function tooNew(what: string, version: number, own: number): SkepError {
  return new SkepError('BAD_EVENT', `${what} is of version ${version}, and the definition of version ${own}`, {
    version,
    own,
  });
}

function notMigrated(what: string, version: number, own: number, option: string): SkepError {
  const text = `${what} is of version ${version}, and the definition, of version ${own}, has no ${option}`;
  return new SkepError('BAD_EVENT', text, { version, own });
}
