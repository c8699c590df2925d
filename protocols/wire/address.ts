/**
 * Addresses. An actor's address is location-transparent text, `node@incarnation/executor/serial`, so that it travels in
 * messages as plain data, reads well in a log, and can be compared with `===`. The node's incarnation is part of it: a
 * node that restarts under its old name never receives mail meant for its predecessor's actors.
 *
 * Serial 0 is the executor itself (it answers spawn, stop and inspection, and receives replies). A well-known actor of
 * a node can be addressed without knowing the incarnation by writing `*`.
 */
import { z } from 'zod';

declare const brand: unique symbol;

/** Text form of an address; see {@link formatAddress}. */
export type ActorAddress = string & { readonly [brand]: 'ActorAddress' };

/** The parts of an address. */
export interface AddressParts {
  readonly node: string;
  /** Base-36 start time of the node process, or `*` for whichever is alive. */
  readonly incarnation: string;
  readonly executor: number;
  readonly serial: number;
}

/** Serial of the executor itself. */
export const EXECUTOR_SERIAL = 0;

/** One text per address, because addresses are compared as text: numbers have no leading zeros. */
const pattern = /^([A-Za-z0-9_-]{1,64})@([a-z0-9]{1,16}|\*)\/(0|[1-9]\d{0,3})\/(0|[1-9]\d{0,14})$/;
const cache = new Map<string, AddressParts>();
/** The one that was read last. */
let latest: AddressParts | undefined;
/** Parsing is on the path of each message, and the addresses in use are few; the bound keeps a flood from growing it. */
const CACHE_LIMIT = 65_536;

/** Writes an address. Joined rather than concatenated: V8 keeps the pieces of a concatenation, 200 bytes an address. */
export function formatAddress({ node, incarnation, executor, serial }: AddressParts): ActorAddress {
  return [node, '@', incarnation, '/', executor, '/', serial].join('') as ActorAddress;
}

/** Reads an address; undefined when the text is not one. */
export function parseAddress(text: string): AddressParts | undefined {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, node = '', incarnation = '', executor = '', serial = ''] = match;
  // Most addresses are of the same node: they share its name rather than hold a copy each.
  const same = node === latest?.node && incarnation === latest.incarnation ? latest : { node, incarnation };
  const parts: AddressParts = {
    node: same.node,
    incarnation: same.incarnation,
    executor: Number(executor),
    serial: Number(serial),
  };
  latest = parts;
  if (cache.size >= CACHE_LIMIT) cache.clear();
  cache.set(text, parts);
  return parts;
}

/** Reads an address that is known to be one; anything else is a broken invariant. */
export function addressParts(address: ActorAddress): AddressParts {
  const parts = parseAddress(address);
  if (parts === undefined) throw new Error(`not an actor address: ${address}`);
  return parts;
}

/** The address of an executor itself. */
export function executorAddress(node: string, incarnation: string, executor: number): ActorAddress {
  return formatAddress({ node, incarnation, executor, serial: EXECUTOR_SERIAL });
}

/** Schema of an address that comes from outside. */
export const addressSchema = z
  .string()
  .refine((text) => parseAddress(text) !== undefined, 'expected an address such as node-1@k3f9/2/17')
  .transform((text) => text as ActorAddress);

/** Schema of a name of an actor, node or cluster: no dots, stars or slashes, so that it is safe in subjects and paths. */
export const nameSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,128}$/, 'expected 1 to 128 letters, digits, hyphens or underscores');
