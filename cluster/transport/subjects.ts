/**
 * How addresses become subjects:
 *
 *     skep.<cluster>.<node>.ctl.<executor>      lane control
 *     skep.<cluster>.<node>.data.<executor>     lane data
 *     skep.<cluster>.<node>.large.<executor>    chunks of lane large
 *     skep.<cluster>.<node>.ack.<executor>      acknowledgements of chunks
 *     skep.<cluster>.all.<topic>                broadcasts
 *
 * Names have no dots, stars or spaces, so one cluster or node can never listen in on another by its name. A node named
 * `all` is refused for that reason too: its subjects would be those of a broadcast.
 */
import { nameSchema } from '#protocols/wire/address';
import { SkepError } from '#protocols/wire/error';
import type { TransportAddress } from './port.js';

/** The subjects of one executor. */
export interface ExecutorSubjects {
  readonly control: string;
  readonly data: string;
  readonly large: string;
  readonly ack: string;
}

/** Limit of node names in addresses (see `protocols/wire/address`). */
const MAX_NODE_NAME = 64;
const MAX_EXECUTOR = 9_999;
const MAX_SUBJECT_CHARS = 255;
const servicePattern = /^[^\s.*>]+(\.[^\s.*>]+)*$/;

/** @throws SkepError `BAD_NAME` when a part of the address cannot be one. */
export function checkAddress(address: TransportAddress): void {
  checkName('cluster', address.cluster);
  checkTarget(address.node, address.executor);
}

/** @throws SkepError `BAD_NAME` when no executor can have that address. */
export function checkTarget(node: string, executor: number): void {
  checkName('node', node);
  if (node.length > MAX_NODE_NAME || node === 'all') {
    throw new SkepError(
      'BAD_NAME',
      `node: expected at most ${MAX_NODE_NAME} characters and not "all", got ${JSON.stringify(node)}`,
    );
  }
  if (!Number.isInteger(executor) || executor < 0 || executor > MAX_EXECUTOR) {
    throw new SkepError('BAD_NAME', `executor: expected an integer from 0 to ${MAX_EXECUTOR}, got ${executor}`);
  }
}

/** The subjects of one executor, which {@link checkTarget} has seen. */
export function executorSubjects(cluster: string, node: string, executor: number): ExecutorSubjects {
  const base = `skep.${cluster}.${node}`;
  return {
    control: `${base}.ctl.${executor}`,
    data: `${base}.data.${executor}`,
    large: `${base}.large.${executor}`,
    ack: `${base}.ack.${executor}`,
  };
}

/** @throws SkepError `BAD_NAME` when the topic is not a name. */
export function broadcastSubject(cluster: string, topic: string): string {
  checkName('topic', topic);
  return `skep.${cluster}.all.${topic}`;
}

/** @throws SkepError `BAD_NAME` when the text is not a subject that can be served and asked. */
export function checkServiceSubject(subject: string): void {
  if (servicePattern.test(subject) && subject.length <= MAX_SUBJECT_CHARS) return;
  throw new SkepError(
    'BAD_NAME',
    `subject: expected dotted words without spaces, * or > (at most ${MAX_SUBJECT_CHARS} characters), got ${JSON.stringify(subject)}`,
  );
}

/** @throws SkepError `BAD_NAME` naming `field` when the text is not a name. */
export function checkName(field: string, text: string): void {
  if (nameSchema.safeParse(text).success) return;
  throw new SkepError(
    'BAD_NAME',
    `${field}: expected 1 to 128 letters, digits, hyphens or underscores, got ${JSON.stringify(text)}`,
  );
}
