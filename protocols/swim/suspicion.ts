/**
 * The suspicion of one member: a time that is long at first, in case the fault is our own, and shrinks with each other
 * member that suspects the same on its own account (Lifeguard, section IV-B, "dogpile"; memberlist, suspicion.go).
 *
 *     timeout = max(min, max - (max - min) * log(c + 1) / log(k + 1))     c confirmations of k that are hoped for
 *
 * |     c of k = 3, min 2 s, max 30 s     |  0   |  1   |  2    | 3   |
 * |---------------------------------------|------|------|-------|-----|
 * |     timeout                           | 30 s | 16 s | 7.8 s | 2 s |
 */
import type { SwimSettings } from './settings.js';

/** One suspicion, in the time of the node that has it. */
export interface Suspicion {
  readonly minMs: number;
  readonly maxMs: number;
  /** Confirmations after which it lasts `minMs`. */
  readonly wanted: number;
  readonly sinceMs: number;
  /** Who suspects: whoever began, and those who confirmed. Each counts once. */
  readonly from: Set<string>;
  /** When the member is dead. */
  deadlineMs: number;
}

/** How long a suspicion lasts in a group of n, and how many confirmations are hoped for. */
export function suspicionTimes(
  settings: Pick<SwimSettings, 'suspicionMult' | 'suspicionMaxTimeoutMult' | 'probeIntervalMs'>,
  n: number,
): { readonly minMs: number; readonly maxMs: number; readonly wanted: number } {
  const scale = Math.max(1, Math.log10(Math.max(1, n)));
  const minMs = settings.suspicionMult * scale * settings.probeIntervalMs;
  // Two intervals less than it lasts: probes of others have no phase in common with ours.
  const wanted = settings.suspicionMult - 2;
  // Neither this node nor the suspect confirms: with too few others nothing is hoped for.
  return { minMs, maxMs: settings.suspicionMaxTimeoutMult * minMs, wanted: n - 2 < wanted ? 0 : Math.max(0, wanted) };
}

/** The whole time of a suspicion after some confirmations, in whole milliseconds. */
export function suspicionTimeoutMs(confirmations: number, wanted: number, minMs: number, maxMs: number): number {
  // Nothing is hoped for: then there is nothing to wait for either.
  if (wanted < 1) return minMs;
  const share = Math.log(confirmations + 1) / Math.log(wanted + 1);
  return Math.max(minMs, Math.floor(maxMs - share * (maxMs - minMs)));
}

/** A suspicion that begins. */
export function newSuspicion(
  from: string,
  nowMs: number,
  { minMs, maxMs, wanted }: ReturnType<typeof suspicionTimes>,
): Suspicion {
  const deadlineMs = nowMs + suspicionTimeoutMs(0, wanted, minMs, maxMs);
  return { minMs, maxMs, wanted, sinceMs: nowMs, from: new Set([from]), deadlineMs };
}

/** Somebody suspects the same. True when that is news: others should hear of it, too. */
export function confirm(suspicion: Suspicion, from: string): boolean {
  const { wanted, minMs, maxMs, sinceMs } = suspicion;
  if (confirmationsOf(suspicion) >= wanted || suspicion.from.has(from)) return false;
  suspicion.from.add(from);
  suspicion.deadlineMs = sinceMs + suspicionTimeoutMs(confirmationsOf(suspicion), wanted, minMs, maxMs);
  return true;
}

/** Others that suspect, beside whoever began. */
export function confirmationsOf({ from }: Suspicion): number {
  return from.size - 1;
}
