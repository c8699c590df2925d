/**
 * The log in memory: an array with an offset. Reads outside of it give `undefined` or nothing, because what a peer asks
 * for may be compacted away or never have been here. (Dissertation, 3.5 and 3.6.)
 *
 *     base        base + 1                     lastIndex
 *      | compacted | entries[0] ... entries[n - 1] |
 */
import type { Entry, Log } from './types.js';

/** What an entry takes on its way beside its bytes, about. */
const ENTRY_OVERHEAD = 16;

/** A log whose entries up to `base` are compacted away; the last of them was of `baseTerm`. */
export function newLog(base: number, baseTerm: number, entries: Entry[] = []): Log {
  return { entries, base, baseTerm };
}

/** Index of the last entry; that of the last one compacted away when there is none. */
export function lastIndex(log: Log): number {
  return log.base + log.entries.length;
}

/** Its term. */
export function lastTerm(log: Log): number {
  return log.entries[log.entries.length - 1]?.term ?? log.baseTerm;
}

/** The term of an entry; undefined when it is compacted away or not there yet. */
export function termAt(log: Log, index: number): number | undefined {
  return index === log.base ? log.baseTerm : log.entries[index - log.base - 1]?.term;
}

export function entryAt(log: Log, index: number): Entry | undefined {
  return log.entries[index - log.base - 1];
}

/** Log matching: when index and term agree, all before agrees. */
export function matches(log: Log, index: number, term: number): boolean {
  return termAt(log, index) === term;
}

/** Whether a log that ends so is at least as up to date: the later last term, then the longer log. (3.6.1) */
export function isUpToDate(log: Log, index: number, term: number): boolean {
  const ours = lastTerm(log);
  return term > ours || (term === ours && index >= lastIndex(log));
}

/** Index of the first of the entries that is not in the log, or is there with another term; 0 when all are there. */
export function findConflict(log: Log, entries: readonly Entry[]): number {
  for (const { index, term } of entries) if (!matches(log, index, term)) return index;
  return 0;
}

/**
 * The highest index up to `index` whose entry is of a term up to `term`, and that term: where logs may agree, of which
 * one has an entry of `term` at `index`. The term is 0 when that is out of reach. A probe skips a whole term by it.
 */
export function findConflictByTerm(log: Log, index: number, term: number): { index: number; term: number } {
  for (let at = index; ; at -= 1) {
    const ours = termAt(log, at);
    if (ours === undefined) return { index: at, term: 0 };
    if (ours <= term) return { index: at, term: ours };
  }
}

/** Entries from one to another index, both included, as many as fit into the bytes, and at least one if there is one. */
export function entriesFrom(log: Log, from: number, to: number, maxBytes: number): readonly Entry[] {
  const begin = from - log.base - 1;
  const limit = Math.min(to - log.base, log.entries.length);
  let bytes = 0;
  let end = begin;
  for (; end < limit; end += 1) {
    bytes += entryBytes(log.entries[end] as Entry);
    if (bytes > maxBytes && end > begin) break;
  }
  return begin < end ? log.entries.slice(begin, end) : [];
}

/** Adds entries that follow the last one. */
export function append(log: Log, entries: readonly Entry[]): void {
  for (const entry of entries) log.entries.push(entry);
}

/** Removes the entry at the index and all after it. */
export function truncate(log: Log, index: number): void {
  log.entries.length = Math.max(0, index - log.base - 1);
}

/** Compacts all up to the index away, which is in the log. */
export function compact(log: Log, index: number): void {
  const term = termAt(log, index);
  if (term === undefined || index === log.base) return;
  log.entries = log.entries.slice(index - log.base);
  log.base = index;
  log.baseTerm = term;
}

/** Bytes of what was proposed. */
export function payloadBytes(entry: Entry): number {
  return entry.type === 'normal' ? entry.data.length : 0;
}

/** Bytes that an entry takes on its way, about. */
export function entryBytes(entry: Entry): number {
  return ENTRY_OVERHEAD + payloadBytes(entry) + (entry.type === 'noop' ? 0 : entry.id.length);
}

/** Sum of {@link entryBytes}. */
export function bytesOf(entries: readonly Entry[]): number {
  let bytes = 0;
  for (const entry of entries) bytes += entryBytes(entry);
  return bytes;
}
