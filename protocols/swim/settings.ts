/**
 * The settings of SWIM and their presets. Names, values and formulas are those of hashicorp/memberlist (config.go) and of
 * Serf for what memberlist leaves to it (reconnecting, tombstones), so that what operators know of them holds here.
 */
import { SkepError } from '../wire/error.js';

/** Limits and times of one node; all nodes of a cluster should have the same. Times are of the node's own clock. */
export interface SwimSettings {
  /**
   * T' of the SWIM paper: one member is probed each interval. While this node doubts its own health the interval is
   * `probeIntervalMs * (awareness + 1)`. Half of it finds failures twice as fast, for twice the traffic.
   */
  readonly probeIntervalMs: number;
  /**
   * How long a direct ping may take before others are asked: the 99th percentile of the round trip, and less than the
   * interval. Scaled by awareness as the interval is.
   */
  readonly probeTimeoutMs: number;
  /** k of the SWIM paper: members that are asked to ping in our place. */
  readonly indirectChecks: number;
  /** Ping over a stream, too, when the direct ping stays unanswered: some networks lose packets and carry streams. */
  readonly streamPings: boolean;
  /**
   * A suspect member has `min = suspicionMult * max(1, log10(max(1, n))) * probeIntervalMs` to refute once
   * `suspicionMult - 2` others have confirmed the suspicion. @see suspicionTimes
   */
  readonly suspicionMult: number;
  /** It has `max = suspicionMaxTimeoutMult * min` when nobody confirms. */
  readonly suspicionMaxTimeoutMult: number;
  /** S + 1 of the Lifeguard paper: awareness is below this, and intervals grow by this factor at most. */
  readonly awarenessMaxMultiplier: number;
  /** Lambda of the SWIM paper: a message is sent `retransmitMult * ceil(log10(n + 1))` times by each node. */
  readonly retransmitMult: number;
  /** Time between rounds of gossip; infection takes about `log(n) / log(gossipNodes + 1)` rounds. */
  readonly gossipIntervalMs: number;
  /** Members that gossip is sent to in a round. */
  readonly gossipNodes: number;
  /** A member that died is sent gossip for so long, that it may hear of its death and refute. */
  readonly gossipToTheDeadMs: number;
  /** Time between full exchanges of state; longer by a factor of `ceil(log2(n) - log2(32)) + 1` above 32 members. */
  readonly pushPullIntervalMs: number;
  /** Time between attempts to reach members that failed; each is tried about once in this time by the whole cluster. */
  readonly reconnectIntervalMs: number;
  /** Members that failed or left are remembered for so long. Late messages about them are recognized as such till then. */
  readonly tombstoneMs: number;
  /** The name of a failed member may be taken by one with another address after this time; 0: never. */
  readonly deadNodeReclaimMs: number;
  /** How long a node that leaves tries to tell others, at most. */
  readonly leaveTimeoutMs: number;
  /** No packet is larger, streams aside: what fits the path's MTU, or a frame of the bus. */
  readonly packetBytes: number;
  /** A tick that comes later than this after the one before it means that this node itself hung. @see passTime */
  readonly stallMs: number;
}

/** For nodes in one data centre: memberlist's DefaultLANConfig. */
export const lan: SwimSettings = {
  probeIntervalMs: 1_000,
  probeTimeoutMs: 500,
  indirectChecks: 3,
  streamPings: true,
  suspicionMult: 4,
  suspicionMaxTimeoutMult: 6,
  awarenessMaxMultiplier: 8,
  retransmitMult: 4,
  gossipIntervalMs: 200,
  gossipNodes: 3,
  gossipToTheDeadMs: 30_000,
  pushPullIntervalMs: 30_000,
  reconnectIntervalMs: 30_000,
  tombstoneMs: 24 * 3_600_000,
  deadNodeReclaimMs: 30_000,
  leaveTimeoutMs: 5_000,
  packetBytes: 1_400,
  stallMs: 1_000,
};

/** For nodes on several continents: memberlist's DefaultWANConfig. */
export const wan: SwimSettings = {
  ...lan,
  probeIntervalMs: 5_000,
  probeTimeoutMs: 3_000,
  suspicionMult: 6,
  gossipIntervalMs: 500,
  gossipNodes: 4,
  gossipToTheDeadMs: 60_000,
  pushPullIntervalMs: 60_000,
  reconnectIntervalMs: 60_000,
  leaveTimeoutMs: 15_000,
  stallMs: 5_000,
};

/** For nodes on one machine: memberlist's DefaultLocalConfig. */
export const local: SwimSettings = {
  ...lan,
  probeTimeoutMs: 200,
  indirectChecks: 1,
  suspicionMult: 3,
  retransmitMult: 2,
  gossipIntervalMs: 100,
  gossipToTheDeadMs: 15_000,
  pushPullIntervalMs: 15_000,
  reconnectIntervalMs: 15_000,
  leaveTimeoutMs: 1_000,
};

/** What an operator may name. */
export const presets = { local, lan, wan } as const;

/** The largest alive message has to fit. @see maxMetadataBytes */
const LEAST_PACKET_BYTES = 1_024;

/** @throws SkepError BAD_USAGE that names the setting. */
export function checkSettings(settings: SwimSettings): void {
  const times = [
    ...(['probeIntervalMs', 'probeTimeoutMs', 'gossipIntervalMs', 'gossipToTheDeadMs', 'pushPullIntervalMs'] as const),
    ...(['reconnectIntervalMs', 'tombstoneMs', 'leaveTimeoutMs', 'stallMs'] as const),
  ];
  for (const name of times) atLeast(settings, name, Number.MIN_VALUE);
  atLeast(settings, 'deadNodeReclaimMs', 0);
  atLeast(settings, 'indirectChecks', 0);
  for (const name of ['suspicionMult', 'suspicionMaxTimeoutMult', 'awarenessMaxMultiplier'] as const)
    atLeast(settings, name, 1);
  atLeast(settings, 'retransmitMult', 1);
  atLeast(settings, 'gossipNodes', 1);
  atLeast(settings, 'packetBytes', LEAST_PACKET_BYTES);
  if (settings.probeTimeoutMs >= settings.probeIntervalMs)
    throw new SkepError('BAD_USAGE', 'swim: probeTimeoutMs is not below probeIntervalMs; lower it');
}

function atLeast(settings: SwimSettings, name: keyof SwimSettings, least: number): void {
  const value = settings[name];
  if (typeof value === 'number' && value >= least) return;
  throw new SkepError('BAD_USAGE', `swim: ${name} is ${String(value)}: expected a number from ${least} on`);
}
