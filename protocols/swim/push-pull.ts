/**
 * Anti-entropy: two members tell each other all they know, over a stream. It is how a node joins, how what gossip missed
 * arrives after all, and how a group that was parted grows together again (memberlist: pushPull, mergeState; Serf:
 * reconnect).
 *
 *     n1 ── push-pull { members } ──────────────> n2    merges, then answers with what it knows now
 *     n1 <── push-pull { reply, members } ─────── n2
 *
 * A death that another tells of is only a suspicion here, so that one more may refute it; a leave is a leave. memberlist
 * answers before it merges; answering afterwards lets one exchange do what takes two, because the answer then holds
 * refutations of what was asked.
 */
import { onAlive } from './alive.js';
import type { MemberRecord, PushPull } from './message.js';
import { deltaSince } from './metadata.js';
import { randomMembers } from './random-members.js';
import { aliveSelf } from './refute.js';
import { broadcast, sendStream } from './send.js';
import { draw, isBehind, isLive, type Member, type SwimEffect, type SwimState } from './state.js';
import { onDead, onSuspect } from './suspect.js';

/** Above so many members the interval grows. */
const SCALE_FROM = 32;

/** Time between exchanges in a group of n: so that their traffic grows more slowly than the group. */
export function pushPullIntervalMs(intervalMs: number, n: number): number {
  return n <= SCALE_FROM ? intervalMs : intervalMs * (Math.ceil(Math.log2(n) - Math.log2(SCALE_FROM)) + 1);
}

/** Exchanges state with one member, when it is time: with one whose metadata has a gap, or with any. */
export function sync(state: SwimState, effects: SwimEffect[]): void {
  const { settings, nowMs } = state;
  if (nowMs < state.nextSyncMs) return;
  const behind = [...state.members.values()].filter((member) => member.status === 'alive' && isBehind(member));
  const target = behind[draw(state, behind.length)] ?? randomMembers(state, 1, ({ status }) => status === 'alive')[0];
  const restMs = pushPullIntervalMs(settings.pushPullIntervalMs, state.live);
  // With a gap it is asked again soon: the one that was asked may not have answered.
  state.nextSyncMs = nowMs + (behind.length > 0 ? Math.min(restMs, settings.probeIntervalMs) : restMs);
  if (target === undefined) return;
  state.counts.sync += 1;
  pushState(state, effects, target.address, false);
}

/** Contacts all seeds at once, with all metadata; afterwards only what changes is told. */
export function join(state: SwimState, seeds: readonly string[], effects: SwimEffect[]): void {
  state.seeds = seeds;
  broadcast(state, aliveSelf(state));
  for (const seed of seeds) if (seed !== state.address) pushState(state, effects, seed, false);
  scheduleReconnect(state);
}

/**
 * Tries to reach one that failed, or a seed that nobody lives at: both sides of a partition think that the other is dead,
 * and somebody has to knock. As in Serf each is tried about once an interval by all members together; a node that is
 * alone has nobody to share the work with and tries each probe interval.
 */
export function reconnect(state: SwimState, effects: SwimEffect[]): void {
  if (state.nowMs < state.nextReconnectMs) return;
  scheduleReconnect(state);
  const addresses = missingAddresses(state);
  // failed / live is the probability, which is more than 1 when most have failed.
  if (addresses.length === 0 || draw(state, state.live) >= addresses.length) return;
  state.counts.reconnect += 1;
  pushState(state, effects, addresses[draw(state, addresses.length)] as string, false);
}

function scheduleReconnect(state: SwimState): void {
  const { probeIntervalMs, reconnectIntervalMs } = state.settings;
  state.nextReconnectMs = state.nowMs + (state.live <= 1 ? probeIntervalMs : reconnectIntervalMs);
}

/**
 * Addresses of members that failed, and seeds where nobody lives. Who left is let alone, unless it is a seed: seeds that
 * all left and came back would find each other and nobody else.
 */
function missingAddresses({ members, seeds, address: own }: SwimState): readonly string[] {
  const failed = new Set(seeds);
  const living = new Set([own]);
  for (const member of members.values()) {
    if (isLive(member)) living.add(member.address);
    else if (member.status === 'dead') failed.add(member.address);
  }
  return [...failed].filter((address) => !living.has(address));
}

/** Another tells all it knows. */
export function onPushPull(state: SwimState, message: PushPull, effects: SwimEffect[]): void {
  for (const record of message.members) merge(state, record, effects);
  if (!message.reply) pushState(state, effects, message.replyTo, true);
}

function merge(state: SwimState, record: MemberRecord, effects: SwimEffect[]): void {
  const { node, address, incarnation, status, metadata } = record;
  if (status === 'alive') onAlive(state, { type: 'alive', node, address, incarnation, metadata }, effects);
  else if (status === 'left') onDead(state, { type: 'dead', node, incarnation, from: node }, effects);
  else onSuspect(state, { type: 'suspect', node, incarnation, from: state.node }, effects);
}

function pushState(state: SwimState, effects: SwimEffect[], to: string, reply: boolean): void {
  const members = [...state.members.values()].map(recordOf);
  sendStream(state, effects, to, { type: 'push-pull', replyTo: state.address, reply, members });
}

function recordOf({ node, address, incarnation, status, metadata }: Member): MemberRecord {
  return { node, address, incarnation, status, metadata: deltaSince(metadata, 0) };
}
