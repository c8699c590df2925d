/**
 * How a definition says that its state outlives crashes, in one of two ways. Event-sourced: each change is an event in a
 * log, and the state is what applying them all gives. Durable: the whole state is saved as one document when a handler
 * says so. Both need a store on the node (`SystemOptions.store`) and a key under which there is one writer at a time.
 */
import type { ZodType } from 'zod';
import { SkepError } from '#protocols/wire/error';
import { durabilities, type Durability } from '../store/store.js';

interface Stored<Args> {
  /**
   * What tells this actor's log from that of others of its definition: 1 to 300 bytes without control characters. It may
   * depend on the arguments alone, because it must be the same in every life.
   */
  readonly key: (args: Args) => string;
  /**
   * When a write counts as written; default: what the system says. It must stay as it is: what was written under the
   * other one is not found, and an actor that would need it is refused.
   */
  readonly sync?: Durability;
  /** Version of events and states, a whole number from 1. Default 1; add one whenever what is stored changes its form. */
  readonly version?: number;
}

/** An actor whose state follows from its events. */
export interface EventSourcing<Args, State, Event> extends Stored<Args> {
  /**
   * What an event does to the state: it changes the state it gets, or gives a new one. It decides nothing and refuses
   * nothing, because the event has happened; it runs again for each event in every life, so it may neither wait nor
   * reach outside. A throw crashes the actor, now and at each replay.
   */
  // oxlint-disable-next-line typescript/no-invalid-void-type -- "returns nothing" is what most of them do
  readonly apply: (state: State, event: Event) => State | void;
  /** Checks events before they are stored and after they are read, and gives `ctx.persist` its type. */
  readonly events?: ZodType<Event>;
  /** An event of an older version as one, several (an array) or none (an empty array) of this version. */
  // oxlint-disable-next-line typescript/no-explicit-any -- the form of old events is in no type any more
  readonly migrate?: (event: any, fromVersion: number) => Event | readonly Event[];
  /** The state of a snapshot of an older version as one of this version. */
  // oxlint-disable-next-line typescript/no-explicit-any -- as above
  readonly migrateState?: (state: any, fromVersion: number) => State;
  /** Events between snapshots, a whole number; 0: none are made. Default 100. The state must be plain data then. */
  readonly snapshotEvery?: number;
  /** Events kept from before the newest snapshot, for people to read; `Infinity`: all. Default 0. */
  readonly keepEvents?: number;
  /** How many ids of commands (`ctx.persist(event, { id })`) are remembered, newest first. Default 1,000. */
  readonly rememberIds?: number;
}

/** An actor whose whole state is saved by `ctx.save()`. */
export interface DurableState<Args, State> extends Stored<Args> {
  /** A state of an older version as one of this version. */
  // oxlint-disable-next-line typescript/no-explicit-any -- the form of old states is in no type any more
  readonly migrateState?: (state: any, fromVersion: number) => State;
}

/** Options of `ctx.persist`. */
export interface PersistOptions {
  /**
   * Names the command that these events come from, 1 to 200 characters. When it is among the ids remembered, nothing is
   * stored or applied: a client that repeats a command because its reply was lost is counted once.
   */
  readonly id?: string;
}

/** What a context offers to an actor that persists. Each method throws BAD_USAGE in the handlers of one that does not. */
export interface PersistenceContext<Event, State> {
  /**
   * Stores events, then applies them; resolves with the state afterwards. Until then the state is as it was, and the reply
   * of the handler waits even when the handler does not. Several events are stored all or none.
   * @throws SkepError BAD_MESSAGE when an event is not plain data or not of the schema, FRAME_TOO_LARGE, STORE_BUSY:
   * nothing happened, the actor goes on. STORE_TIMEOUT, STORE_FAILED: what was stored is not known, and the actor crashes
   * to find out. STORE_FENCED: another activation has taken over, and this one ends.
   */
  persist(events: Event | readonly Event[], options?: PersistOptions): Promise<State>;
  /** Whether a command of that id is among those remembered. */
  persisted(id: string): boolean;
  /** Stores the state of a `durable` actor as it is now. Throws as `persist` does. */
  save(): Promise<void>;
  /**
   * Resolves once everything that this actor has handed to the store is there: events, states, and casts to definitions
   * that are `reliable` and `durable`, which from then on outlive a `kill -9`. Rejects as `persist` does when something of
   * it is not known to be there. The reply of a handler waits for it by itself.
   */
  stored(): Promise<void>;
  /** Deletes all that is stored of this actor, its durable timers included, and stops it. */
  erase(): Promise<void>;
  /**
   * A `timer` info with `dueMs`, after `delay` milliseconds or at a date: in whatever life the actor has by then, at once if
   * that time has passed. At least once: it is done when the handler has ended without an error. A key that is set again
   * replaces its timer. Resolves when it is stored.
   */
  afterDurable(delay: number | Date, key: string): Promise<void>;
  /** The same each `periodMs` from now on; periods that pass while no life of the actor runs are told once. */
  everyDurable(periodMs: number, key: string): Promise<void>;
  cancelDurable(key: string): Promise<void>;
}

/** @throws SkepError BAD_CONFIG when what a definition says about persistence is out of range. */
export function checkPersistence<Args, State, Event>(
  name: string,
  persistence: EventSourcing<Args, State, Event> | undefined,
  durable: DurableState<Args, State> | undefined,
): void {
  if (persistence !== undefined && durable !== undefined)
    throw badOption(name, 'durable', 'set beside persistence', 'one of the two');
  const stored = persistence ?? durable;
  if (stored === undefined) return;
  const field = persistence === undefined ? 'durable' : 'persistence';
  const { version, sync } = stored;
  checkCount(name, `${field}.version`, version, 1);
  if (sync !== undefined && !durabilities.includes(sync))
    throw badOption(name, `${field}.sync`, JSON.stringify(sync), '"disk" or "process"');
  checkCount(name, `${field}.snapshotEvery`, persistence?.snapshotEvery, 0);
  checkCount(name, `${field}.rememberIds`, persistence?.rememberIds, 0);
  if (persistence?.keepEvents !== Number.POSITIVE_INFINITY)
    checkCount(name, `${field}.keepEvents`, persistence?.keepEvents, 0);
}

function checkCount(definition: string, field: string, value: number | undefined, least: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return;
  throw badOption(definition, field, String(value), `a whole number from ${least}`);
}

function badOption(definition: string, field: string, value: string, expected: string): SkepError {
  const text = `definition ${definition}: ${field} is ${value}: expected ${expected}`;
  return new SkepError('BAD_CONFIG', text, { definition, field });
}
