/**
 * Sessions of clients: a command that is proposed again, because its reply was lost, takes effect once. (Dissertation,
 * 6.3.) The table is part of the replicated state machine: it changes by applied entries alone, so it is the same on all
 * nodes at the same index, and it travels in snapshots.
 *
 *     client                        state machine
 *        | register ------------------> |   a session, named by the index of the entry
 *        | command seq 1 -------------> |   applied, reply kept
 *        | command seq 1 (again) -----> |   not applied, the kept reply
 *        | command seq 2, acked 1 ----> |   applied; the reply to 1 is forgotten
 *
 * A session whose client has been silent longest goes when there are too many, by the order of the log and no clock. Its
 * commands are refused from then on, since whether they took effect is not known any more.
 */
import { unreachable } from '../wire/error.js';

/** Bounds of the table; part of the state machine, so the same on all nodes. */
export interface SessionLimits {
  readonly maxSessions: number;
  /** Replies that are kept for one session: how many commands a client may have under way. */
  readonly maxReplies: number;
}

/** What a client proposes. */
export type SessionCommand =
  | { readonly type: 'register' }
  | {
      readonly type: 'command';
      readonly session: number;
      /** Counted from 1 by the client. */
      readonly seq: number;
      /** The client has the replies to all up to here. */
      readonly acked: number;
      readonly data: Uint8Array;
    }
  | { readonly type: 'close'; readonly session: number };

/** What came of a command. */
export type SessionResult<Reply> =
  | { readonly type: 'registered'; readonly session: number }
  /** `again`: it had been applied before. */
  | { readonly type: 'reply'; readonly reply: Reply; readonly again: boolean }
  | { readonly type: 'closed' }
  /** There is no such session, or no more: whether the command took effect before is not known. */
  | { readonly type: 'expired' }
  /** The client has said that it has the reply, or has more commands under way than are allowed. Not applied. */
  | { readonly type: 'refused' };

interface Session<Reply> {
  acked: number;
  readonly replies: Map<number, Reply>;
}

/** The table, the session that was silent longest first. */
export interface SessionTable<Reply> {
  readonly limits: SessionLimits;
  readonly sessions: Map<number, Session<Reply>>;
}

/** The table as plain data, equal for equal tables. */
export type SessionDump<Reply> = readonly {
  readonly session: number;
  readonly acked: number;
  readonly replies: readonly (readonly [number, Reply])[];
}[];

export function newSessions<Reply>(limits: SessionLimits): SessionTable<Reply> {
  return { limits, sessions: new Map() };
}

/** Applies the entry `index`; `execute` applies a command to the state machine proper, at most once. */
export function applySession<Reply>(
  table: SessionTable<Reply>,
  index: number,
  command: SessionCommand,
  execute: (data: Uint8Array) => Reply,
): SessionResult<Reply> {
  switch (command.type) {
    case 'register':
      register(table, index);
      return { type: 'registered', session: index };
    case 'command':
      return applyCommand(table, command, execute);
    case 'close':
      return table.sessions.delete(command.session) ? { type: 'closed' } : { type: 'expired' };
    default:
      return unreachable(command);
  }
}

function register<Reply>({ sessions, limits }: SessionTable<Reply>, index: number): void {
  sessions.set(index, { acked: 0, replies: new Map() });
  if (sessions.size <= limits.maxSessions) return;
  for (const silent of sessions.keys()) {
    sessions.delete(silent);
    return;
  }
}

function applyCommand<Reply>(
  { sessions, limits }: SessionTable<Reply>,
  { session: id, seq, acked, data }: Extract<SessionCommand, { readonly type: 'command' }>,
  execute: (data: Uint8Array) => Reply,
): SessionResult<Reply> {
  const session = sessions.get(id);
  if (session === undefined) return { type: 'expired' };
  // The one that spoke last goes to the end.
  sessions.delete(id);
  sessions.set(id, session);
  const { replies } = session;
  session.acked = Math.max(session.acked, acked);
  for (const old of replies.keys()) if (old <= session.acked) replies.delete(old);
  if (replies.has(seq)) return { type: 'reply', reply: replies.get(seq) as Reply, again: true };
  if (seq <= session.acked || replies.size >= limits.maxReplies) return { type: 'refused' };
  const reply = execute(data);
  replies.set(seq, reply);
  return { type: 'reply', reply, again: false };
}

/** For a snapshot. */
export function dumpSessions<Reply>({ sessions }: SessionTable<Reply>): SessionDump<Reply> {
  return [...sessions].map(([session, { acked, replies }]) => ({ session, acked, replies: [...replies] }));
}

/** From a snapshot. */
export function loadSessions<Reply>(limits: SessionLimits, dump: SessionDump<Reply>): SessionTable<Reply> {
  return {
    limits,
    sessions: new Map(dump.map(({ session, acked, replies }) => [session, { acked, replies: new Map(replies) }])),
  };
}
