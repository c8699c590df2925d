/**
 * What members tell of themselves: a small map of texts with a version. A member that joins sends all of it; afterwards
 * only what changed since the version that its last finished broadcast carried travels with the gossip. Whoever misses
 * the base of a delta keeps what it has and asks for all by push-pull.
 *
 *     owner      {a:1 b:2 c:3}  version 3 ── delta base 2, version 3, {c} ──> has 2 or more: takes c
 *                                                                            has 1: a gap, asks for the whole
 *     next life  version 1      ── base 0 (all of it) ─────────────────────> replaces what the life before had told
 *
 * (memberlist sends all of it each time. Versions by key are those of Scuttlebutt: van Renesse et al., "Efficient
 * reconciliation and flow control for anti-entropy protocols", LADIS 2008.)
 */

/** A key and its text; undefined: the key is gone. */
export interface MetadataEntry {
  readonly key: string;
  readonly value: string | undefined;
}

/** What changed from one version to another. */
export interface MetadataDelta {
  /** Tells lives of the owner apart: a new life counts versions from 1 again. */
  readonly life: number;
  /** All changes up to this version are left out; 0: this is everything. */
  readonly base: number;
  readonly version: number;
  readonly entries: readonly MetadataEntry[];
}

/** The map of one member, as another has it, or the owner itself. */
export interface Metadata {
  life: number;
  version: number;
  /** A key that is gone is kept by the owner, with the version that removed it, while deltas may have to tell it. */
  readonly values: Map<string, { readonly value: string | undefined; readonly version: number }>;
}

/** Bytes of all keys and texts of one member at most: an alive message has to fit a packet (memberlist: MetaMaxSize). */
export const maxMetadataBytes = 512;
/** Bytes that an entry takes beside its texts, at most. */
const ENTRY_OVERHEAD = 5;

/** Empty metadata of a life. */
export function newMetadata(life: number): Metadata {
  return { life, version: 0, values: new Map() };
}

/**
 * The owner changes some keys. False, and nothing has changed, when it would be more than {@link maxMetadataBytes}.
 */
export function setMetadata(metadata: Metadata, changes: readonly MetadataEntry[]): boolean {
  const next = new Map(metadata.values);
  const version = metadata.version + 1;
  for (const { key, value } of changes) {
    if (next.get(key)?.value === value) continue;
    next.delete(key);
    next.set(key, { value, version });
  }
  if (bytesOf(next) > maxMetadataBytes) return false;
  metadata.version = version;
  metadata.values.clear();
  for (const [key, entry] of next) metadata.values.set(key, entry);
  return true;
}

/** The owner need not tell removals up to this version again. */
export function forgetRemoved(metadata: Metadata, upTo: number): void {
  for (const [key, { value, version }] of metadata.values)
    if (value === undefined && version <= upTo) metadata.values.delete(key);
}

/** What changed after a version; 0: everything there is. */
export function deltaSince({ life, version, values }: Metadata, base: number): MetadataDelta {
  const entries: MetadataEntry[] = [];
  for (const [key, entry] of values)
    if (entry.version > base && (base > 0 || entry.value !== undefined)) entries.push({ key, value: entry.value });
  return { life, base, version, entries };
}

/** Takes a delta in, which is of the newest life that is known. `gap`: what lies before its base is missing. */
export function applyDelta(metadata: Metadata, delta: MetadataDelta): 'known' | 'taken' | 'gap' {
  if (delta.life === metadata.life && delta.version <= metadata.version) return 'known';
  if (delta.life !== metadata.life) {
    metadata.life = delta.life;
    metadata.version = 0;
    metadata.values.clear();
  }
  if (delta.base > metadata.version) return 'gap';
  if (delta.base === 0) metadata.values.clear();
  for (const { key, value } of delta.entries) {
    metadata.values.delete(key);
    if (value !== undefined) metadata.values.set(key, { value, version: delta.version });
  }
  metadata.version = delta.version;
  return 'taken';
}

/** The keys that there are and their texts, in the order of keys. */
export function valuesOf({ values }: Metadata): Readonly<Record<string, string>> {
  const present = [...values].flatMap(([key, { value }]) => (value === undefined ? [] : [[key, value] as const]));
  return Object.fromEntries(present.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function bytesOf(values: Metadata['values']): number {
  let bytes = 0;
  for (const [key, { value }] of values) bytes += utf8Bytes(key) + utf8Bytes(value ?? '') + ENTRY_OVERHEAD;
  return bytes;
}

/** Bytes of a text in UTF-8; a surrogate alone counts as the three bytes of U+FFFD, which it becomes. */
export function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4;
  }
  return bytes;
}
