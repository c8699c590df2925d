/**
 * Reading a state back: the snapshot, then the events after it, page by page, so that a log of a million events never
 * is in one message, and the executor's other actors have their turns between two pages.
 */
import { SkepError } from '#protocols/wire/error';
import type { AnyDefinition } from '../actor/definition.js';
import type { StoreClient } from '../store/client.js';
import type { Durability, EventPage, Head, StoredDocument } from '../store/store.js';
import { CommandIds } from './command-ids.js';
import { type AnyEventSourcing, unpackEvent, unpackState } from './stored-form.js';

/** Ids that an actor remembers which says nothing itself. */
const REMEMBER_IDS = 1_000;

/** What is read back, and for whom. */
interface Replay {
  readonly key: string;
  readonly epoch: number;
  readonly store: StoreClient;
  readonly durability: Durability;
  readonly definition: AnyDefinition;
  /** The state before the first event. */
  readonly initial: unknown;
}

/** What a life begins with. */
interface Recovered {
  readonly state: unknown;
  readonly head: Head;
  readonly ids: CommandIds;
  readonly documents: readonly StoredDocument[];
}

/** @throws SkepError STORE_CORRUPT, STORE_FENCED, BAD_EVENT, and what the store client throws. */
export async function replay({ key, epoch, store, durability, definition, initial }: Replay): Promise<Recovered> {
  const loaded = await store.load(key, durability);
  if (loaded === undefined || loaded.head.epoch !== epoch)
    throw new SkepError('STORE_FENCED', `${key} was claimed by another activation while this one started`, { key });
  const { persistence, durable } = definition;
  const { head, snapshot, documents } = loaded;
  const rules = persistence ?? durable;
  const stored =
    snapshot === undefined || rules === undefined
      ? { state: initial, ids: [] }
      : unpackState(rules, snapshot, `the snapshot of ${key}`);
  const ids = new CommandIds(persistence?.rememberIds ?? REMEMBER_IDS, stored.ids);
  if (persistence === undefined) return { state: stored.state, head, ids, documents };
  let { state } = stored;
  let next = head.snapshotSeq + 1;
  let page = loaded.events;
  while (next <= head.seq) {
    if (page.length === 0)
      throw new SkepError('STORE_CORRUPT', `event ${next} of ${key} is missing: the log ends at ${head.seq}`, { key });
    state = applyPage(persistence, state, page, key, ids);
    next += page.length;
    if (next <= head.seq) page = await store.events(key, next, durability);
  }
  return { state, head, ids, documents };
}

/** The state after an event. */
export function applied(rules: AnyEventSourcing, state: unknown, event: unknown): unknown {
  const next: unknown = rules.apply(state, event);
  if (next instanceof Promise) throw new Error('apply gave a promise: it may not wait for anything');
  return next ?? state;
}

/** Applies a page; ids of commands are added to `ids`. */
function applyPage(rules: AnyEventSourcing, from: unknown, page: EventPage, key: string, ids: CommandIds): unknown {
  let state = from;
  for (const { seq, bytes } of page) {
    const what = `event ${seq} of ${key}`;
    const { events, id } = unpackEvent(rules, bytes, what);
    try {
      for (const event of events) state = applied(rules, state, event);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new SkepError('BAD_EVENT', `${what} could not be applied: ${why}`, { key, seq }, cause);
    }
    if (id !== undefined) ids.add(id);
  }
  return state;
}
