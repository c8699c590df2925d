/**
 * How a durable session lies in the store. What the actor that sends has of it is one document under its own key, which
 * says to whom, under which name and with which limits. The messages are events of a log of its own, one for each
 * sequence number, under a key that no definition's name can begin with:
 *
 *     <definition>/<key>                     document `outbox:<target>`   [id, log, limits]
 *     ~outbox/<definition>/<key>/<number>    event n: message n           [name, message, trace]
 *                                            snapshot at n: all up to n are handled and forgotten
 */
import type { ProducerSettings } from '#protocols/delivery/producer';
import { type ActorAddress, parseAddress } from '#protocols/wire/address';
import { SkepError } from '#protocols/wire/error';
import { readTraceparent } from '#protocols/wire/trace-context';
import type { ActorName } from '../actor/ref.js';
import { decode, encode } from '../codec/msgpack.js';
import type { StoreClient } from '../store/client.js';
import type { Durability } from '../store/store.js';
import type { Payload } from './wire.js';

/** To whom: a name on a node, which outlives the receiver's lives, or an address, which ends with its node's. */
export type Target =
  | { readonly type: 'name'; readonly node: string; readonly name: string }
  | { readonly type: 'address'; readonly address: ActorAddress };

/** The target of a ref: its name where it was found by one. */
export function targetOf(address: ActorAddress, named: ActorName | undefined): Target {
  return named === undefined ? { type: 'address', address } : { type: 'name', ...named };
}

/** What is stored of a session beside its messages. */
export interface SessionFacts {
  /** Tells it from all sessions that any receiver has ever met. */
  readonly id: string;
  readonly log: string;
  readonly target: Target;
  readonly settings: ProducerSettings;
}

const PREFIX = 'outbox:';

/** The name of a session's document. */
export function documentOf(target: Target): string {
  return PREFIX + (target.type === 'name' ? `name:${target.node}/${target.name}` : `at:${target.address}`);
}

/** The key of the log of an actor's session; `number` is its own in all lives of the actor. */
export function logOf(key: string, number: string): string {
  return `~outbox/${key}/${number}`;
}

export function packFacts({ id, log, settings }: SessionFacts): Uint8Array {
  const { window, buffer, resendMs, maxResendMs, giveUpMs } = settings;
  return encode([id, log, window, buffer, resendMs, maxResendMs, giveUpMs]);
}

/** The session that a document is; undefined when it is another's. @throws SkepError STORE_CORRUPT. */
export function unpackFacts(document: string, bytes: Uint8Array): SessionFacts | undefined {
  if (!document.startsWith(PREFIX)) return undefined;
  const value = decode(bytes);
  const [id, log, ...limits] = Array.isArray(value) ? (value as readonly unknown[]) : [];
  const target = parseTarget(document.slice(PREFIX.length));
  const [window, buffer, resendMs, maxResendMs, giveUpMs] = limits.filter((limit) => typeof limit === 'number');
  if (target === undefined || typeof id !== 'string' || typeof log !== 'string' || giveUpMs === undefined)
    throw new SkepError('STORE_CORRUPT', `the document "${document}" is no session`, { document });
  const settings = { window, buffer, resendMs, maxResendMs, giveUpMs } as ProducerSettings;
  return { id, log, target, settings };
}

function parseTarget(text: string): Target | undefined {
  const address = text.startsWith('at:') ? text.slice(3) : '';
  if (parseAddress(address) !== undefined) return { type: 'address', address: address as ActorAddress };
  const [, node, name] = /^name:([^/]+)\/(.+)$/.exec(text) ?? [];
  return node === undefined || name === undefined ? undefined : { type: 'name', node, name };
}

/** @throws Error when the message is not plain data. */
export function packPayload({ name, message, trace }: Payload): Uint8Array {
  return encode(trace === undefined ? [name, message] : [name, message, trace]);
}

function unpackPayload(bytes: Uint8Array, log: string): Payload {
  const value = decode(bytes);
  const [name, message, traced] = Array.isArray(value) ? (value as readonly unknown[]) : [];
  if (typeof name !== 'string') throw new SkepError('STORE_CORRUPT', `${log} holds what is no message`, { log });
  const trace = readTraceparent(traced);
  return trace === undefined ? { name, message } : { name, message, trace };
}

/** What a log holds, and the epoch under which it was claimed for the one who reads it. */
export interface StoredMessages {
  readonly epoch: number;
  /** Number of the first message that may not have been handled. */
  readonly base: number;
  readonly payloads: Payload[];
}

/** Claims a log and reads it. @throws SkepError STORE_FENCED, STORE_CORRUPT, and what the store client throws. */
export async function readMessages(log: string, store: StoreClient, durability: Durability): Promise<StoredMessages> {
  const { epoch } = await store.write({ type: 'claim', key: log }, durability);
  const loaded = await store.load(log, durability);
  if (loaded === undefined || loaded.head.epoch !== epoch)
    throw new SkepError('STORE_FENCED', `${log} was claimed by another activation meanwhile`, { key: log });
  const { head } = loaded;
  const base = head.snapshotSeq + 1;
  const payloads: Payload[] = [];
  let page = loaded.events;
  while (base + payloads.length <= head.seq) {
    if (page.length === 0)
      throw new SkepError('STORE_CORRUPT', `message ${base + payloads.length} of ${log} is missing`, { key: log });
    for (const { bytes } of page) payloads.push(unpackPayload(bytes, log));
    if (base + payloads.length <= head.seq) page = await store.events(log, base + payloads.length, durability);
  }
  return { epoch, base, payloads };
}
