/**
 * The replicated state machine of the simulated cluster: a map of registers, and for each client session the number and
 * the answer of its last command, so that a command that is proposed twice takes effect once (Ongaro, "Consensus:
 * bridging theory and practice", section 6.3). Sessions are part of the state and travel in snapshots.
 */
import { unreachable } from '#protocols/wire/error';
import type { MapInput, RegisterOutput, Value } from '../../testing/linearizability/index.js';
import { decode, encodeChecked } from '../../codec/msgpack.js';

/** What a log entry carries: the `seq`th command of a session. Numbers of a session only grow. */
export interface Command {
  readonly session: number;
  readonly seq: number;
  readonly input: MapInput;
}

/** The answer to a command. `repeated` when it had taken effect before. */
export interface Answer {
  readonly session: number;
  readonly seq: number;
  readonly output: RegisterOutput;
  readonly repeated: boolean;
}

interface Session {
  readonly seq: number;
  readonly output: RegisterOutput;
}

/** A map of registers with client sessions. */
export class Machine {
  readonly #cells = new Map<string, Value>();
  readonly #sessions = new Map<number, Session>();
  #hash = 0;

  /** Depends on the state alone, not on how it came about; kept up to date with each change. */
  get hash(): number {
    return this.#hash;
  }

  /** The value under a key. */
  read(key: string): Value {
    return this.#cells.get(key) ?? null;
  }

  /** The number of the last command of a session that took effect; 0 for none. */
  lastOf(session: number): number {
    return this.#sessions.get(session)?.seq ?? 0;
  }

  /** Carries a command out, unless it was before. An older command than the last is of no interest to its client. */
  apply({ session, seq, input }: Command): Answer | undefined {
    const before = this.#sessions.get(session);
    if (before !== undefined && seq < before.seq) return undefined;
    if (before?.seq === seq) return { session, seq, output: before.output, repeated: true };
    const output = this.#perform(input);
    if (before !== undefined) this.#hash ^= hashOfSession(session, before);
    const after = { seq, output };
    this.#sessions.set(session, after);
    this.#hash ^= hashOfSession(session, after);
    return { session, seq, output, repeated: false };
  }

  /** The whole state, as bytes that depend on the state alone. */
  snapshot(): Uint8Array {
    const cells = [...this.#cells].toSorted(([one], [other]) => (one < other ? -1 : 1));
    const sessions = [...this.#sessions].toSorted(([one], [other]) => one - other);
    return encodeChecked([cells, sessions.map(([session, { seq, output }]) => [session, seq, output])]);
  }

  /** A machine in the state of a snapshot. */
  static restore(snapshot: Uint8Array): Machine {
    const machine = new Machine();
    if (snapshot.length === 0) return machine;
    const [cells, sessions] = decode(snapshot) as [[string, Value][], [number, number, RegisterOutput][]];
    for (const [key, value] of cells) machine.#set(key, value);
    for (const [session, seq, output] of sessions) {
      machine.#sessions.set(session, { seq, output });
      machine.#hash ^= hashOfSession(session, { seq, output });
    }
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
}

/** The command of a log entry; undefined for bytes that are none. */
export function decodeCommand(data: Uint8Array): Command | undefined {
  try {
    const [session, seq, input] = decode(data) as [number, number, MapInput];
    return { session, seq, input };
  } catch {
    return undefined;
  }
}

/** A command as the bytes of a log entry. */
export function encodeCommand({ session, seq, input }: Command): Uint8Array {
  return encodeChecked([session, seq, input]);
}

function hashOfSession(session: number, { seq, output }: Session): number {
  return hashOfText(`${session}:${seq}>${output}`);
}

/** FNV-1a, with a last mix so that the sums of many differ. */
function hashOfText(text: string): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
  return Math.imul(hash ^ (hash >>> 15), 0x735a2d97);
}
