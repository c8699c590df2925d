/**
 * The replicated state machine of the simulated cluster: a map of registers behind the table of client sessions. Both are
 * the state, so both travel in snapshots, and the hash by which state machines are compared is of both.
 */
import {
  applySession,
  dumpSessions,
  loadSessions,
  newSessions,
  type SessionCommand,
  type SessionDump,
  type SessionLimits,
  type SessionResult,
  type SessionTable,
} from '#protocols/raft/sessions';
import { unreachable } from '#protocols/wire/error';
import { decode, encodeChecked } from '../../codec/msgpack.js';
import type { MapInput, RegisterOutput, Value } from '../../testing/linearizability/index.js';

/** What came of a log entry. */
export type Answer = SessionResult<RegisterOutput>;

/** A map of registers with client sessions. */
export class Machine {
  readonly #cells = new Map<string, Value>();
  readonly #sessions: SessionTable<RegisterOutput>;
  #hash = 0;

  constructor(limits: SessionLimits, sessions: SessionTable<RegisterOutput> = newSessions(limits)) {
    this.#sessions = sessions;
    for (const session of sessions.sessions.keys()) this.#hash ^= this.#hashOf(session);
  }

  /** Depends on the state alone, not on how it came about; kept up to date with each change. */
  get hash(): number {
    return this.#hash;
  }

  /** The value under a key. */
  read(key: string): Value {
    return this.#cells.get(key) ?? null;
  }

  /** The highest number of a command of a session that took effect; undefined when there is no such session any more. */
  lastOf(session: number): number | undefined {
    const held = this.#sessions.sessions.get(session);
    return held === undefined ? undefined : Math.max(held.acked, ...held.replies.keys());
  }

  /** Applies the bytes of the log entry `index`. */
  apply(index: number, data: Uint8Array): Answer {
    const command = decode(data) as SessionCommand;
    const { sessions } = this.#sessions;
    // What may change of the table: the session that is spoken of, or the one that is silent longest.
    const touched = command.type === 'register' ? sessions.keys().next().value : command.session;
    if (touched !== undefined) this.#hash ^= this.#hashOf(touched);
    const answer = applySession(this.#sessions, index, command, (input) => this.#perform(decode(input) as MapInput));
    if (touched !== undefined) this.#hash ^= this.#hashOf(touched);
    if (answer.type === 'registered') this.#hash ^= this.#hashOf(index);
    return answer;
  }

  /** The whole state, as bytes that depend on the state alone. */
  snapshot(): Uint8Array {
    const cells = [...this.#cells].toSorted(([one], [other]) => (one < other ? -1 : 1));
    return encodeChecked([cells, dumpSessions(this.#sessions)]);
  }

  /** A machine in the state of a snapshot; an empty one is of the beginning. */
  static restore(limits: SessionLimits, snapshot: Uint8Array): Machine {
    if (snapshot.length === 0) return new Machine(limits);
    const [cells, sessions] = decode(snapshot) as [[string, Value][], SessionDump<RegisterOutput>];
    const machine = new Machine(limits, loadSessions(limits, sessions));
    for (const [key, value] of cells) machine.#set(key, value);
    return machine;
  }

  #perform(input: MapInput): RegisterOutput {
    const before = this.read(input.key);
    switch (input.type) {
      case 'read':
        return before;
      case 'write':
        this.#set(input.key, input.value);
        return null;
      case 'cas':
        if (before !== input.from) return false;
        this.#set(input.key, input.to);
        return true;
      default:
        return unreachable(input);
    }
  }

  #set(key: string, value: Value): void {
    const before = this.#cells.get(key);
    if (before !== undefined) this.#hash ^= hashOfText(`${key}=${before}`);
    this.#cells.set(key, value);
    this.#hash ^= hashOfText(`${key}=${value}`);
  }

  #hashOf(session: number): number {
    const held = this.#sessions.sessions.get(session);
    if (held === undefined) return 0;
    return hashOfText(`${session}:${held.acked}:${[...held.replies].join(';')}`);
  }
}

/** The bytes of a log entry. */
export function encodeCommand(command: SessionCommand): Uint8Array {
  return encodeChecked(command);
}

/** The bytes of what a command asks of the map. */
export function encodeInput(input: MapInput): Uint8Array {
  return encodeChecked(input);
}

/** FNV-1a, with a last mix so that the sums of many differ. */
function hashOfText(text: string): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
  return Math.imul(hash ^ (hash >>> 15), 0x735a2d97);
}
