/**
 * Three protocols on one network: what a packet is is told by its first byte.
 *
 *     0, 1, 2   SWIM: a datagram, a frame of a stream, its acknowledgement
 *     0x93      Raft: a list of three, [from, to, message]
 *     0x92      the supervisor: a list of two, [from, message]
 */
import { asSupervisorMessage, type SupervisorMessage } from '#protocols/supervisor/message';
import { decode, encodeChecked } from '../../codec/msgpack.js';

const LIST_OF_TWO = 0x92;
const LIST_OF_THREE = 0x93;

/** Whose packet it is; undefined for none of ours. */
export function protocolOf(packet: Uint8Array): 'swim' | 'raft' | 'supervisor' | undefined {
  const first = packet[0] ?? Number.NaN;
  if (first <= 2) return 'swim';
  if (first === LIST_OF_THREE) return 'raft';
  return first === LIST_OF_TWO ? 'supervisor' : undefined;
}

/** A message of the supervisor as a packet. */
export function seal(from: string, message: SupervisorMessage): Uint8Array {
  return encodeChecked([from, message]);
}

/** The message of a packet and the name of its sender; undefined when it is none. */
export function open(packet: Uint8Array): { readonly from: string; readonly message: SupervisorMessage } | undefined {
  let content: unknown;
  try {
    content = decode(packet);
  } catch {
    return undefined;
  }
  if (!Array.isArray(content) || typeof content[0] !== 'string') return undefined;
  const message = asSupervisorMessage(content[1]);
  return message === undefined ? undefined : { from: content[0], message };
}
