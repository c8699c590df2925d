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
/**
 * Parsing is on the path of each message, so what was read is kept by the end of its text, where addresses differ. A slot
 * for each end, the later address taking the place of the earlier: a million addresses in use cost no more than few.
 */
const SLOTS = 8_192;
const slots = new Array<{ readonly text: string; readonly parts: AddressParts } | undefined>(SLOTS).fill(undefined);
/** The one that was read last, and its text up to the serial: most addresses have an executor in common. */
let latest: AddressParts | undefined;
let latestPrefix = '';

/** Writes an address. Joined rather than concatenated: V8 keeps the pieces of a concatenation, 200 bytes an address. */
export function formatAddress({ node, incarnation, executor, serial }: AddressParts): ActorAddress {
  return [node, '@', incarnation, '/', executor, '/', serial].join('') as ActorAddress;
}

/** Reads an address; undefined when the text is not one. */
export function parseAddress(text: string): AddressParts | undefined {
  const slot = slotOf(text);
  const known = slots[slot];
  if (known?.text === text) return known.parts;
  const parts = readSibling(text) ?? readWhole(text);
  if (parts !== undefined) slots[slot] = { text, parts };
  return parts;
}

/** By the last four characters: digits of the serial, with the executor before them where it has fewer. */
function slotOf(text: string): number {
  const end = text.length;
  if (end < 4) return 0;
  const [a, b] = [text.charCodeAt(end - 1), text.charCodeAt(end - 2)];
  return (a + 10 * b + 100 * text.charCodeAt(end - 3) + 1_000 * text.charCodeAt(end - 4)) & (SLOTS - 1);
}

/** An address on the executor of the one before it; undefined when it is none, or not an address. */
function readSibling(text: string): AddressParts | undefined {
  const from = latestPrefix.length;
  const digits = text.length - from;
  if (latest === undefined || digits < 1 || digits > 15 || !text.startsWith(latestPrefix)) return undefined;
  if (digits > 1 && text.charCodeAt(from) === ZERO) return undefined;
  let serial = 0;
  for (let at = from; at < text.length; at += 1) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    serial = serial * 10 + digit;
  }
  return { node: latest.node, incarnation: latest.incarnation, executor: latest.executor, serial };
}

function readWhole(text: string): AddressParts | undefined {
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
  latestPrefix = text.slice(0, text.length - serial.length);
  return parts;
}

/** The code of the digit 0. */
const ZERO = 48;

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
