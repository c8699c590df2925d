/**
 * What one member of a SWIM group knows, and what it is told and does. The state is plain data and belongs to the step
 * function, which changes it; time in it is the protocol's own, which stands still while the node hangs.
 */
import { chanceOf, nextChance } from '../chance.js';
import { SkepError } from '../wire/error.js';
import { maxNameBytes } from './packet.js';
import { type Metadata, type MetadataEntry, newMetadata, setMetadata, utf8Bytes } from './metadata.js';
import type { Status } from './message.js';
import { type BroadcastQueue, newQueue } from './queue.js';
import { checkSettings, type SwimSettings } from './settings.js';
import type { Suspicion } from './suspicion.js';

/** One member, as this node sees it. */
export interface Member {
  readonly node: string;
  address: string;
  incarnation: number;
  status: Status;
  /** When it got this status. */
  changedMs: number;
  readonly metadata: Metadata;
  /** The newest version of its metadata that was heard of. @see isBehind */
  wantedVersion: number;
}

/** The probe that is under way. */
export interface Probe {
  readonly seq: number;
  readonly node: string;
  /** The incarnation that is suspected if nobody answers: should it refute meanwhile, that one is old. */
  readonly incarnation: number;
  /** When others are asked. */
  readonly timeoutMs: number;
  /** When it has failed. */
  deadlineMs: number;
  /** Members that were asked to ping; undefined before. */
  asked: readonly string[] | undefined;
  /** Those of them that sent a nack. */
  readonly nacks: Set<string>;
  /** It answered over a stream. */
  streamAcked: boolean;
}

/** A ping in the place of another member. */
export interface Relay {
  /** Of the ping-req. */
  readonly seq: number;
  readonly replyTo: string;
  readonly nackMs: number;
  readonly untilMs: number;
  nacked: boolean;
}

/** What a node has met since it began, for metrics. */
export type SwimCounts = Record<(typeof counted)[number], number>;

const counted = [
  // Packets that were dropped; messages that make no sense or come too late.
  ...(['malformed', 'stray'] as const),
  // Probes, by how they ended; `lateAck`: after others were asked; `streamAck`: over the stream alone.
  ...(['probe', 'ack', 'lateAck', 'streamAck', 'failedProbe', 'nack', 'missedNack', 'relayedAck'] as const),
  // Suspicions begun, confirmed, and those that became deaths; how often the node itself had to refute.
  ...(['suspicion', 'confirmation', 'death', 'refutation'] as const),
  // Messages about an incarnation that is over, or about what is known; those where two lives have one incarnation.
  ...(['old', 'twoLives'] as const),
  // Exchanges of state begun, by what for.
  ...(['sync', 'reconnect', 'gap', 'gapFilled'] as const),
  // A name with two addresses; a name taken over from one that is gone.
  ...(['conflict', 'reclaim'] as const),
  // How often the node hung; awareness raised and lowered; messages sent for the last time.
  ...(['stall', 'lessHealthy', 'healthier', 'finished'] as const),
  // Packets sent, their bytes, and messages that travelled on the back of others.
  ...(['packets', 'bytes', 'streams', 'streamBytes', 'piggybacked'] as const),
] as const;

/** State of a member; made by {@link newSwim}. */
export interface SwimState {
  readonly settings: SwimSettings;
  readonly node: string;
  readonly address: string;
  /** Of the generator. @see chanceOf */
  chance: number;
  /** The protocol's time. */
  nowMs: number;
  /** What the driver's clock showed at the last tick; undefined before the first. */
  clockMs: number | undefined;
  /** All that are known, this node and those that are gone among them. */
  readonly members: Map<string, Member>;
  /** Names of the others in the order in which they are probed. */
  order: string[];
  probeIndex: number;
  /** Members that are alive or suspect, with this node: the n of all formulas. */
  live: number;
  /** Running suspicions by member. */
  readonly suspicions: Map<string, Suspicion>;
  readonly queue: BroadcastQueue;
  /** The version of the own metadata that everybody has been told. */
  toldVersion: number;
  awareness: number;
  lastSeq: number;
  probe: Probe | undefined;
  /** By the sequence number of our ping. */
  readonly relays: Map<number, Relay>;
  nextProbeMs: number;
  nextGossipMs: number;
  nextSyncMs: number;
  nextReconnectMs: number;
  /** Addresses that the operator gave. */
  seeds: readonly string[];
  phase: 'running' | 'leaving' | 'left';
  leaveUntilMs: number;
  /** False: the driver cannot reach anybody, and nobody can be blamed for silence. */
  transportUp: boolean;
  readonly counts: SwimCounts;
}

export type SwimInput =
  /** The driver's clock, monotonic, in milliseconds. At least as often as `gossipIntervalMs`. */
  | { readonly type: 'tick'; readonly nowMs: number }
  /** A packet, over a stream or not. */
  | { readonly type: 'receive'; readonly packet: Uint8Array }
  /** Contact these addresses, now and whenever no member is known there. */
  | { readonly type: 'join'; readonly seeds: readonly string[] }
  /** Tell all that this node goes by its own will; `left` follows. */
  | { readonly type: 'leave' }
  /** Change some keys of the own metadata. */
  | { readonly type: 'set-metadata'; readonly changes: readonly MetadataEntry[] }
  /** The driver lost its connection to the network as a whole, or has it again. */
  | { readonly type: 'transport'; readonly up: boolean };

/** A change of the group, as this node sees it. */
export type SwimEvent =
  | {
      readonly type: 'join' | 'update';
      readonly node: string;
      readonly address: string;
      readonly incarnation: number;
      readonly metadata: Readonly<Record<string, string>>;
    }
  /** `alive`: it was suspect and has refuted. */
  | { readonly type: 'suspect' | 'alive'; readonly node: string; readonly incarnation: number }
  | {
      readonly type: 'dead';
      readonly node: string;
      readonly incarnation: number;
      readonly reason: 'left' | 'failed';
      /** Who says so. */
      readonly from: string;
    }
  /** Two addresses claim the same name; the first is the one that counts here. */
  | { readonly type: 'conflict'; readonly node: string; readonly address: string; readonly other: string };

/** Carried out in order. */
export type SwimEffect =
  /** A packet for an address; over a stream it arrives whatever its size and whatever single packets are lost. */
  | { readonly type: 'send'; readonly to: string; readonly stream: boolean; readonly packet: Uint8Array }
  | { readonly type: 'event'; readonly event: SwimEvent }
  /** The new metadata would be too large and was not taken. */
  | { readonly type: 'metadata-refused'; readonly maxBytes: number }
  /** Others were told that this node leaves: it may be stopped. */
  | { readonly type: 'left' };

/** Who a node is. */
export interface SwimIdentity {
  /** Unique in the group, and the same after a restart. */
  readonly node: string;
  readonly address: string;
  /** A whole number that differs from those of its lives before: a time, or a count. */
  readonly life: number;
  /** Of chance. */
  readonly seed: number;
  readonly metadata?: readonly MetadataEntry[];
}

/**
 * A node that is alone.
 * @throws SkepError BAD_USAGE when a setting, a name or the metadata cannot be.
 */
export function newSwim(identity: SwimIdentity, settings: SwimSettings): SwimState {
  checkSettings(settings);
  const { node, address, life, seed } = identity;
  checkName('node', node);
  checkName('address', address);
  const metadata = newMetadata(life);
  const entries = identity.metadata ?? [];
  if (entries.length > 0 && !setMetadata(metadata, entries))
    throw new SkepError('BAD_USAGE', 'swim: the metadata is too large; store it elsewhere and put its name here');
  const self: Member = { node, address, incarnation: 1, status: 'alive', changedMs: 0, metadata, wantedVersion: 0 };
  const state: SwimState = {
    settings,
    node,
    address,
    chance: seed | 0,
    nowMs: 0,
    clockMs: undefined,
    members: new Map([[node, self]]),
    order: [],
    probeIndex: 0,
    live: 1,
    suspicions: new Map(),
    queue: newQueue(),
    toldVersion: 0,
    awareness: 0,
    lastSeq: 0,
    probe: undefined,
    relays: new Map(),
    nextProbeMs: 0,
    nextGossipMs: 0,
    nextSyncMs: 0,
    nextReconnectMs: 0,
    seeds: [],
    phase: 'running',
    leaveUntilMs: 0,
    transportUp: true,
    counts: Object.fromEntries(counted.map((name) => [name, 0])) as SwimCounts,
  };
  // Acks that a life before waits for should not look like those of this one.
  state.lastSeq = draw(state, 2 ** 31);
  // Nodes that begin together should not do all else together.
  state.nextProbeMs = draw(state, settings.probeIntervalMs);
  state.nextGossipMs = draw(state, settings.gossipIntervalMs);
  state.nextSyncMs = draw(state, settings.pushPullIntervalMs);
  state.nextReconnectMs = draw(state, settings.reconnectIntervalMs);
  return state;
}

/** A number from 0 to `limit - 1`. */
export function draw(state: SwimState, limit: number): number {
  state.chance = nextChance(state.chance);
  return chanceOf(state.chance, limit);
}

/** The member that this node itself is. */
export function selfOf(state: SwimState): Member {
  return state.members.get(state.node) as Member;
}

/** Gives a member another status, and counts who lives. */
export function setStatus(state: SwimState, member: Member, status: Status): void {
  if (member.status === status) return;
  const before = isLive(member);
  member.status = status;
  member.changedMs = state.nowMs;
  if (before !== isLive(member)) state.live += before ? -1 : 1;
}

/** Whether some of its metadata was missed. */
export function isBehind({ metadata, wantedVersion }: Member): boolean {
  return metadata.version < wantedVersion;
}

/** Whether it takes part, as far as is known. */
export function isLive({ status }: Member): boolean {
  return status === 'alive' || status === 'suspect';
}

function checkName(what: string, name: string): void {
  if (name !== '' && utf8Bytes(name) <= maxNameBytes) return;
  throw new SkepError('BAD_USAGE', `swim: ${what} is '${name}': expected 1 to ${maxNameBytes} bytes`, { [what]: name });
}
