/**
 * Messages from peers, checked. A peer may be of another version or broken: what does not have the form of a message is
 * dropped here, so that the core never meets a clock that is not sorted or a number that is none. Written by hand,
 * because it runs for every packet; the check is of form, whether a message makes sense is for the core.
 */
import { type Clock, compareDots, covers, type Dot } from './clock.js';
import type { BucketKeys, KeyDigest, KeyVersions, QuorumMessage, RangeBuckets, RangeRoot } from './message.js';
import { type Member, POSITIONS, type Ring } from './ring.js';
import type { Sibling, Versions } from './versions.js';

/** Keys, actors and names of nodes have 1 to this many characters. */
const LONGEST_NAME = 512;
/** Items of one list. */
const LONGEST_LIST = 65_536;
const MOST_BUCKETS = 64;

type Fields = Readonly<Record<string, unknown>>;
type Check<T> = (value: unknown) => value is T;

/** The message that a decoded packet is; undefined when it is none. */
export function parseMessage(value: unknown): QuorumMessage | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = value as Fields;
  if (!isCount(fields['epoch'])) return undefined;
  const known = fields['type'] === 'behind' || fields['type'] === 'ring' || isCount(fields['ref']);
  return known && hasForm(fields) ? (value as QuorumMessage) : undefined;
}

function hasForm(fields: Fields): boolean {
  const { type, key, versions, standFor, complete, partial, root, ranges, buckets, records, wanted } = fields;
  switch (type) {
    case 'store':
      return isName(key) && isVersions(versions) && (standFor === undefined || isName(standFor));
    case 'fetch':
      return isName(key);
    case 'fetched':
      return isVersions(versions) && typeof complete === 'boolean';
    case 'sync':
      return isCount(root);
    case 'sync-equal':
      return typeof complete === 'boolean';
    case 'sync-ranges':
      return typeof complete === 'boolean' && isListOf(ranges, isRangeRoot);
    case 'sync-buckets':
      return isListOf(ranges, isRangeBuckets);
    case 'sync-keys':
      return typeof partial === 'boolean' && isListOf(buckets, isBucketKeys);
    case 'sync-pull':
      return isListOf(records, isKeyVersions) && isListOf(wanted, isName);
    case 'sync-push':
      return isListOf(records, isKeyVersions);
    case 'collect':
    case 'drop':
      return isListOf(fields['tombstones'], isKeyDigest);
    case 'consent':
      return isListOf(fields['keys'], isName);
    case 'ring':
      return isRing(fields['ring']) && fields['ring'].epoch === fields['epoch'];
    case 'stored':
    case 'behind':
      return true;
    default:
      return false;
  }
}

/** Whether a value is a ring: members sorted, tokens ascending, each of one member. */
export function isRing(value: unknown): value is Ring {
  if (typeof value !== 'object' || value === null) return false;
  const { epoch, members, next } = value as Fields;
  return isCount(epoch) && epoch > 0 && isMembers(members) && (next === undefined || isMembers(next));
}

/** Whether a value is the versions of a key, in the one form that equal versions have. */
export function isVersions(value: unknown): value is Versions {
  if (typeof value !== 'object' || value === null) return false;
  const { clock, siblings } = value as Fields;
  if (!isClock(clock) || !isListOf(siblings, isSibling)) return false;
  return siblings.every(
    ({ dot }, index) =>
      covers(clock, dot) && (index === 0 || compareDots((siblings[index - 1] as Sibling).dot, dot) < 0),
  );
}

/** Whether a value is a clock: a context from a client may be anything. */
export function isClock(value: unknown): value is Clock {
  if (!isListOf(value, isDot)) return false;
  return value.every(([actor], index) => index === 0 || (value[index - 1] as Dot)[0] < actor);
}

function isMembers(value: unknown): value is readonly Member[] {
  if (!isListOf(value, isMember)) return false;
  const taken = new Set<number>();
  return value.every(({ id, tokens }, index) => {
    if (index > 0 && (value[index - 1] as Member).id >= id) return false;
    return tokens.every((token) => !taken.has(token) && taken.add(token) !== undefined);
  });
}

function isMember(value: unknown): value is Member {
  if (typeof value !== 'object' || value === null) return false;
  const { id, tokens } = value as Fields;
  if (!isName(id) || !isListOf(tokens, isPosition) || tokens.length === 0) return false;
  return tokens.every((token, index) => index === 0 || (tokens[index - 1] as number) < token);
}

function isSibling(value: unknown): value is Sibling {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Fields;
  return isDot(fields['dot']) && fields['value'] instanceof Uint8Array;
}

function isDot(value: unknown): value is Dot {
  return isPair(value) && isName(value[0]) && isCount(value[1]) && value[1] > 0;
}

function isKeyDigest(value: unknown): value is KeyDigest {
  return isPair(value) && isName(value[0]) && isCount(value[1]);
}

function isKeyVersions(value: unknown): value is KeyVersions {
  return isPair(value) && isName(value[0]) && isVersions(value[1]);
}

function isRangeRoot(value: unknown): value is RangeRoot {
  return isPair(value) && isPosition(value[0]) && isCount(value[1]);
}

function isRangeBuckets(value: unknown): value is RangeBuckets {
  return isPair(value) && isPosition(value[0]) && isListOf(value[1], isBucketSum);
}

function isBucketSum(value: unknown): value is readonly [number, number] {
  return isPair(value) && isBucket(value[0]) && isCount(value[1]);
}

function isBucketKeys(value: unknown): value is BucketKeys {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [end, bucket, keys] = value as readonly unknown[];
  return isPosition(end) && isBucket(bucket) && isListOf(keys, isKeyDigest);
}

function isPair(value: unknown): value is readonly [unknown, unknown] {
  return Array.isArray(value) && value.length === 2;
}

function isListOf<T>(value: unknown, check: Check<T>): value is readonly T[] {
  return Array.isArray(value) && value.length <= LONGEST_LIST && value.every((item) => check(item));
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= LONGEST_NAME;
}

/** A whole number from 0. */
function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isPosition(value: unknown): value is number {
  return isCount(value) && value < POSITIONS;
}

function isBucket(value: unknown): value is number {
  return isCount(value) && value < MOST_BUCKETS;
}
