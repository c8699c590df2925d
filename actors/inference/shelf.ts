/**
 * What the registry knows of its models: one slot for each name, what waits for it, and how it was last seen. Nothing here
 * sends or waits; the registry does that.
 *
 *     measured? --> absent --spawn--> loading --health says ready--> ready --drain--> leaving --stopped--> absent
 *                     ^                  '--does not start, given up--> absent, with a failure
 *                     '--------------------------------------------------------------'
 */
import type { ActorAddress } from '#protocols/wire/address';
import { SkepError, toWireError, type WireError } from '#protocols/wire/error';
import type { ModelHealth } from '#protocols/wire/inference';
import type { ModelLine, ReadyModel } from '#protocols/wire/models';
import type { ReplyToken } from '#runtime';
import type { ModelEntry } from './entry.js';
import type { Resident } from './residency.js';
import type { Candidate } from './selection.js';

/** Who waits for a model to be ready. */
interface Waiter {
  readonly token: ReplyToken<ReadyModel>;
  readonly sinceMs: number;
}

/** A model as its actor last told of itself. */
export interface Sighting {
  readonly health: ModelHealth;
  readonly contextTokens: number | undefined;
  readonly slots: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly running: number;
  readonly waiting: number;
  readonly figures: Readonly<Record<string, number>>;
}

/** One model. */
export interface Slot {
  entry: ModelEntry;
  phase: Resident['phase'];
  /** Its estimate; undefined until its file was read. */
  bytes: number | undefined;
  /** Whether the file is being read. */
  measuring: boolean;
  failure: WireError | undefined;
  address: ActorAddress | undefined;
  seen: Sighting | undefined;
  /** Whether it was asked how it is and has not answered. */
  looking: boolean;
  lastUsedMs: number;
  /** When requests were last sent to it, which it may not have seen yet. */
  admittedMs: number;
  leavingSinceMs: number;
  waiters: Waiter[];
  /** Who waits until it is gone. */
  leavers: ReplyToken<null>[];
}

/** Requests that were just sent to a model are on their way to it for so long at most, in milliseconds. */
const ON_THE_WAY_MS = 1_000;

/** A model that is known and not loaded. */
export function newSlot(entry: ModelEntry): Slot {
  return {
    entry,
    phase: 'absent',
    bytes: undefined,
    measuring: false,
    failure: undefined,
    address: undefined,
    seen: undefined,
    looking: false,
    lastUsedMs: 0,
    admittedMs: Number.NEGATIVE_INFINITY,
    leavingSinceMs: 0,
    waiters: [],
    leavers: [],
  };
}

/** Whether it has requests, or some are on their way to it. */
function isBusy({ seen, admittedMs }: Slot, nowMs: number): boolean {
  return (seen?.running ?? 0) + (seen?.waiting ?? 0) > 0 || nowMs - admittedMs < ON_THE_WAY_MS;
}

/** The slots as the plan of the memory sees them: those whose size is known. */
export function residents(slots: Iterable<Slot>, nowMs: number): readonly Resident[] {
  return [...slots].flatMap((slot): readonly Resident[] => {
    const { entry, phase, bytes, lastUsedMs, waiters } = slot;
    if (bytes === undefined) return [];
    const oldest = waiters[0]?.sinceMs;
    const { name, keepAliveMs } = entry;
    return [{ name, bytes, phase, busy: isBusy(slot, nowMs), lastUsedMs, keepAliveMs, waitingSinceMs: oldest }];
  });
}

/** Bytes of what is, or will be, in memory. */
export function heldBytes(slots: Iterable<Slot>, phases: readonly Resident['phase'][]): number {
  let total = 0;
  for (const { phase, bytes } of slots) if (phases.includes(phase)) total += bytes ?? 0;
  return total;
}

/** The slots as a choice by task sees them. */
export function candidates(slots: Iterable<Slot>): readonly Candidate[] {
  return [...slots].map(({ entry, phase, failure, seen, waiters }) => ({
    name: entry.name,
    role: entry.role,
    profile: entry.profile,
    presence: failure !== undefined ? 'failed' : phase === 'leaving' ? 'absent' : phase,
    requests: (seen?.running ?? 0) + (seen?.waiting ?? 0) + waiters.length,
    slots: seen?.slots ?? (entry.backend === 'llama' ? entry.sequences : entry.connections),
    contextTokens: seen?.contextTokens ?? entry.contextTokens,
  }));
}

/** A slot as `list` tells it. */
export function lineOf({ entry, phase, failure, address, seen, bytes, waiters }: Slot): ModelLine {
  const reason = failure === undefined ? seen?.health.reason : `${failure.code}: ${failure.message}`;
  const contextTokens = seen?.contextTokens ?? entry.contextTokens;
  const loaded = phase === 'absent' ? undefined : seen;
  return {
    name: entry.name,
    backend: entry.backend,
    role: entry.role,
    profile: entry.profile,
    state: failure === undefined ? phase : 'failed',
    ...(reason === undefined ? {} : { reason }),
    ...(address === undefined ? {} : { address }),
    memoryBytes: loaded?.memoryBytes ?? bytes ?? 0,
    ...(contextTokens === undefined ? {} : { contextTokens }),
    ...(loaded?.slots === undefined ? {} : { slots: loaded.slots }),
    running: loaded?.running ?? 0,
    waiting: loaded?.waiting ?? 0,
    waitingToLoad: phase === 'ready' ? 0 : waiters.length,
    figures: loaded?.figures ?? {},
  };
}

/** The slot of that name. @throws SkepError UNKNOWN_MODEL. */
export function slotNamed(slots: ReadonlyMap<string, Slot>, name: string): Slot {
  const slot = slots.get(name);
  if (slot !== undefined) return slot;
  const known = [...slots.keys()];
  throw new SkepError('UNKNOWN_MODEL', `no model "${name}" here; there are: ${known.join(', ') || 'none'}`, {
    model: name,
    known,
  });
}

/** Whether two entries ask for the same: they came from the same parser, which gives fields one order. */
export function sameEntry(one: ModelEntry, other: ModelEntry): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Numbers of what a model tells of itself, by dotted name; everything else is left out. */
export function figuresOf(stats: object, above = ''): Readonly<Record<string, number>> {
  const figures: Record<string, number> = {};
  for (const [key, value] of Object.entries(stats)) {
    const name = above === '' ? key : `${above}.${key}`;
    if (typeof value === 'number' && Number.isFinite(value)) figures[name] = value;
    else if (isRecord(value)) Object.assign(figures, figuresOf(value, name));
  }
  return figures;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A failure as a slot keeps it. */
export function failureOf(error: unknown): WireError {
  return toWireError(error, 'MODEL_FAILED');
}
