/**
 * Which models are in memory when they do not all fit: requests are grouped by model, so that A B A B costs one swap and
 * not three, and a group gives way once others have waited long enough. The complaint that llama-swap's users have, and
 * the answer that they settled on (grouping and a longest wait), are in its issues 611, 612 and 811; the order in which idle
 * models go is that of Ollama's scheduler, least recently used first. Pure: time and memory come as numbers.
 *
 *     absent --load--> loading --loaded--> ready --unload--> leaving --gone--> absent
 *
 * Models get memory in the order in which their oldest request began to wait. A younger one never takes room that the
 * oldest waits for, or a stream of small models would keep a large one out for ever.
 */

/** A model as the plan sees it. */
export interface Resident {
  readonly name: string;
  /** What it takes here; 0 for one behind HTTP, which always fits. */
  readonly bytes: number;
  readonly phase: 'absent' | 'loading' | 'ready' | 'leaving';
  /** Whether it has requests, running or waiting in its own queue. */
  readonly busy: boolean;
  readonly lastUsedMs: number;
  /** Idle time after which it goes by itself; 0: never. */
  readonly keepAliveMs: number;
  /** Since when the oldest request waits for it to be ready; undefined when none does. */
  readonly waitingSinceMs: number | undefined;
}

/** What there is to plan with. */
export interface Memory {
  /** Bytes that one more model may take now. */
  readonly roomBytes: number;
  /** How long requests for an absent model wait for the busy ones that have its memory. */
  readonly switchAfterMs: number;
}

/** One thing to do. */
export type Move =
  | { readonly type: 'load'; readonly name: string }
  /** Lets what it has end first; it is given nothing new. */
  | { readonly type: 'unload'; readonly name: string }
  /** The requests that wait for it may go to it. */
  | { readonly type: 'admit'; readonly name: string }
  /** It would not fit if it were alone. */
  | { readonly type: 'refuse'; readonly name: string; readonly needBytes: number; readonly haveBytes: number };

/** What to do now, and when time alone may change it. */
export interface Plan {
  readonly moves: readonly Move[];
  /** Undefined: only news of a model or a request changes anything. */
  readonly lookAtMs: number | undefined;
}

/** Makes the plan. Carrying it out and asking again at the same instant gives no moves. */
export function planResidency(models: readonly Resident[], memory: Memory, nowMs: number): Plan {
  const moves: Move[] = [];
  const looks: number[] = [];
  const leaving = new Set<string>();
  for (const { name, phase, waitingSinceMs } of models)
    if (phase === 'ready' && waitingSinceMs !== undefined) moves.push({ type: 'admit', name });
  const held = sum(models.filter(({ phase }) => phase !== 'absent'));
  let room = memory.roomBytes;
  for (const model of waitingOldestFirst(models)) {
    const { name, bytes } = model;
    if (bytes > memory.roomBytes + held) {
      moves.push({ type: 'refuse', name, needBytes: bytes, haveBytes: memory.roomBytes + held });
      continue;
    }
    // What is behind the first that has to wait for memory waits with it, unless it needs none.
    if (bytes > 0 && bytes > room) {
      const waitedEnoughMs = model.waitingSinceMs + memory.switchAfterMs;
      const coming = sum(models.filter(({ phase }) => phase === 'leaving'));
      const victims = victimsFor(bytes - room - coming, models, nowMs >= waitedEnoughMs);
      for (const victim of victims) leaving.add(victim);
      if (victims.length === 0 && nowMs < waitedEnoughMs) looks.push(waitedEnoughMs);
      room = 0;
      continue;
    }
    room -= bytes;
    moves.push({ type: 'load', name });
  }
  for (const model of models) {
    const goesAtMs = expiry(model);
    if (goesAtMs === undefined || leaving.has(model.name)) continue;
    if (goesAtMs <= nowMs) leaving.add(model.name);
    else looks.push(goesAtMs);
  }
  for (const name of leaving) moves.push({ type: 'unload', name });
  return { moves, lookAtMs: looks.length === 0 ? undefined : Math.min(...looks) };
}

type Waiting = Resident & { readonly waitingSinceMs: number };

function waitingOldestFirst(models: readonly Resident[]): readonly Waiting[] {
  return models
    .filter((model): model is Waiting => model.phase === 'absent' && model.waitingSinceMs !== undefined)
    .sort((a, b) => a.waitingSinceMs - b.waitingSinceMs || (a.name < b.name ? -1 : 1));
}

/** Models that go so that `bytes` more are free; none when all that may go would not be enough, or nothing is missing. */
function victimsFor(bytes: number, models: readonly Resident[], busyToo: boolean): readonly string[] {
  const candidates = models
    .filter((model) => model.phase === 'ready' && model.bytes > 0 && (busyToo || isIdle(model)))
    .sort(
      (a, b) => Number(!isIdle(a)) - Number(!isIdle(b)) || a.lastUsedMs - b.lastUsedMs || (a.name < b.name ? -1 : 1),
    );
  const victims: string[] = [];
  let missing = bytes;
  for (const { name, bytes: freed } of candidates) {
    if (missing <= 0) break;
    victims.push(name);
    missing -= freed;
  }
  return missing <= 0 ? victims : [];
}

/** Requests that wait for a ready model are admitted in the same plan. */
function isIdle({ busy, waitingSinceMs }: Resident): boolean {
  return !busy && waitingSinceMs === undefined;
}

/** When an idle model has been kept for long enough. */
function expiry(model: Resident): number | undefined {
  const kept = model.phase === 'ready' && model.keepAliveMs > 0 && isIdle(model);
  return kept ? model.lastUsedMs + model.keepAliveMs : undefined;
}

function sum(models: readonly Resident[]): number {
  return models.reduce((total, { bytes }) => total + bytes, 0);
}
