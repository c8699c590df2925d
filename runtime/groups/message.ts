/**
 * What the registry of groups and the executors tell each other. Anyone who can send to a node can send these, so each
 * is read field by field: a wrong question is its sender's error, wrong news is dropped.
 */
import { type ActorAddress, EXECUTOR_SERIAL, parseAddress } from '#protocols/wire/address';
import { SkepError } from '#protocols/wire/error';

/** A group, named within a scope. */
export interface GroupId {
  readonly scope: string;
  readonly group: string;
}

/** Members that join or leave. An address that is listed twice joins, or leaves, twice. */
export interface MembersMessage extends GroupId {
  readonly members: readonly ActorAddress[];
}

/** An executor that wants, or no longer wants, the news of a group. */
export interface WatchMessage extends GroupId {
  readonly watcher: ActorAddress;
}

/** All members at one version. */
export interface GroupSnapshot extends MembersMessage {
  readonly version: number;
}

/** One change; `version` grows with each. */
export interface GroupChange extends MembersMessage {
  readonly version: number;
  readonly event: 'join' | 'leave';
}

/** What became of a leave: the version after it, and the executors that were told. */
export interface LeaveAnswer {
  readonly left: boolean;
  readonly version: number;
  readonly watchers: readonly ActorAddress[];
}

/** Asks an executor to tell when nothing it sent to a member before that version is under way any more. */
export interface FenceMessage extends GroupId {
  readonly version: number;
  readonly member: ActorAddress;
}

/** The scope of groups that name none. */
export const DEFAULT_SCOPE = 'pg';
/** Characters of the name of a group or a scope at most. */
const MAX_NAME = 256;

/** @throws SkepError BAD_NAME. */
export function readGroupId(message: unknown): GroupId {
  return { scope: readName(message, 'scope'), group: readName(message, 'group') };
}

/** @throws SkepError BAD_NAME, BAD_MESSAGE. */
export function readMembers(message: unknown): MembersMessage {
  const members = field(message, 'members');
  if (!Array.isArray(members)) throw bad('members', 'a list of actor addresses');
  return { ...readGroupId(message), members: members.map((member) => readAddress(member, 'members')) };
}

/** @throws SkepError BAD_NAME, BAD_MESSAGE. */
export function readWatch(message: unknown): WatchMessage {
  const watcher = readAddress(field(message, 'watcher'), 'watcher');
  if (parseAddress(watcher)?.serial !== EXECUTOR_SERIAL) throw bad('watcher', 'the address of an executor');
  return { ...readGroupId(message), watcher };
}

/** @throws SkepError BAD_NAME, BAD_MESSAGE. */
export function readSnapshot(message: unknown): GroupSnapshot {
  return { ...readMembers(message), version: readVersion(message) };
}

/** @throws SkepError BAD_NAME, BAD_MESSAGE. */
export function readChange(message: unknown): GroupChange {
  const event = field(message, 'event');
  if (event !== 'join' && event !== 'leave') throw bad('event', '"join" or "leave"');
  return { ...readSnapshot(message), event };
}

/** @throws SkepError BAD_NAME, BAD_MESSAGE. */
export function readFence(message: unknown): FenceMessage {
  const member = readAddress(field(message, 'member'), 'member');
  return { ...readGroupId(message), version: readVersion(message), member };
}

/** @throws SkepError BAD_NAME. */
export function readName(message: unknown, name: string): string {
  const value = field(message, name);
  if (typeof value === 'string' && value.length > 0 && value.length <= MAX_NAME) return value;
  throw new SkepError('BAD_NAME', `${name} is ${JSON.stringify(value)}: expected 1 to ${MAX_NAME} characters`, {
    [name]: value,
  });
}

function readVersion(message: unknown): number {
  const version = field(message, 'version');
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 0) throw bad('version', 'a number');
  return version;
}

function readAddress(value: unknown, name: string): ActorAddress {
  if (typeof value !== 'string' || parseAddress(value) === undefined) throw bad(name, 'an actor address');
  return value as ActorAddress;
}

function field(message: unknown, name: string): unknown {
  return typeof message === 'object' && message !== null
    ? (message as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

function bad(name: string, expected: string): SkepError {
  return new SkepError('BAD_MESSAGE', `${name}: expected ${expected}`, { field: name });
}
