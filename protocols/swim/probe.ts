/**
 * The failure detector (SWIM, section 3.1): each interval one member is pinged, all of them in turn in an order that is
 * shuffled after each round, so that a failure is noticed within 2n - 1 intervals (section 4.3). Whoever does not answer
 * is pinged through k others, and over a stream; if nothing comes back by the end of the interval it is suspect.
 *
 *     0                timeout                                   interval         x (awareness + 1), each
 *     |── ping ─────────|── ping-req to k, ping over a stream ────|── suspect
 *          ack: done         ack: done      nack: not our fault       stream ack: done
 */
import { scaleTimeout } from './awareness.js';
import type { Ack, Nack, Ping, PingReq, SwimMessage } from './message.js';
import { randomMembers } from './random-members.js';
import { adjustAwareness } from './refute.js';
import { send, sendStream } from './send.js';
import { draw, isLive, type Member, type Probe, type SwimEffect, type SwimState } from './state.js';
import { onSuspect } from './suspect.js';

/** Relayed pings under way at most: whoever asks for more is not asking for an answer. */
const MOST_RELAYS = 1_024;
/** A nack has to be back before the asker's interval is over (Lifeguard: 80 % of the timeout). */
const NACK_SHARE = 0.8;

/** Begins a probe, or brings the one under way forward. */
export function probe(state: SwimState, effects: SwimEffect[]): void {
  const { probe: current, nowMs } = state;
  if (current !== undefined) {
    if (current.asked === undefined && nowMs >= current.timeoutMs) askOthers(state, current, effects);
    else if (nowMs >= current.deadlineMs) finish(state, current, effects);
  }
  if (state.probe === undefined && nowMs >= state.nextProbeMs) begin(state, effects);
}

function begin(state: SwimState, effects: SwimEffect[]): void {
  const { settings, nowMs, awareness } = state;
  const deadlineMs = nowMs + scaleTimeout(settings.probeIntervalMs, awareness);
  state.nextProbeMs = deadlineMs;
  const member = nextMember(state);
  if (member === undefined) return;
  const { node, incarnation, address } = member;
  const seq = nextSeq(state);
  const timeoutMs = nowMs + scaleTimeout(settings.probeTimeoutMs, awareness);
  state.probe = {
    seq,
    node,
    incarnation,
    timeoutMs,
    deadlineMs,
    asked: undefined,
    nacks: new Set(),
    streamAcked: false,
  };
  state.counts.probe += 1;
  const messages: SwimMessage[] = [{ type: 'ping', seq, node, replyTo: state.address, stream: false }];
  // What it does not hear it cannot refute.
  if (member.status === 'suspect') messages.push({ type: 'suspect', node, incarnation, from: state.node });
  send(state, effects, address, ...messages);
}

/** The next in order that lives; after the last the order is shuffled. */
function nextMember(state: SwimState): Member | undefined {
  for (let looked = 0; looked <= state.order.length; looked += 1) {
    if (state.probeIndex >= state.order.length) newRound(state);
    const member = state.members.get(state.order[state.probeIndex] ?? '');
    state.probeIndex += 1;
    if (member !== undefined && isLive(member)) return member;
  }
  return undefined;
}

/** Forgets what has been gone for long, and shuffles the others. (Fisher and Yates) */
function newRound(state: SwimState): void {
  const { members, settings, nowMs } = state;
  state.probeIndex = 0;
  for (const member of members.values())
    if (!isLive(member) && nowMs - member.changedMs > settings.tombstoneMs && member.node !== state.node)
      members.delete(member.node);
  state.order = state.order.filter((node) => members.has(node));
  const { order } = state;
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = draw(state, last + 1);
    [order[last], order[other]] = [order[other] as string, order[last] as string];
  }
}

function askOthers(state: SwimState, current: Probe, effects: SwimEffect[]): void {
  const { seq, node } = current;
  const { settings, address: replyTo } = state;
  const target = state.members.get(node);
  const asked = randomMembers(
    state,
    settings.indirectChecks,
    (member) => member.status === 'alive' && member.node !== node,
  );
  current.asked = asked.map((member) => member.node);
  // A tick that comes late takes no time from those that are asked.
  current.deadlineMs = Math.max(current.deadlineMs, state.nowMs + current.deadlineMs - current.timeoutMs);
  state.nextProbeMs = current.deadlineMs;
  if (target === undefined) return;
  const { address } = target;
  for (const peer of asked) send(state, effects, peer.address, { type: 'ping-req', seq, node, address, replyTo });
  if (settings.streamPings) sendStream(state, effects, address, { type: 'ping', seq, node, replyTo, stream: true });
}

/** The interval is over. */
function finish(
  state: SwimState,
  { node, incarnation, asked, nacks, streamAcked }: Probe,
  effects: SwimEffect[],
): void {
  state.probe = undefined;
  if (streamAcked) {
    state.counts.streamAck += 1;
    return adjustAwareness(state, -1);
  }
  state.counts.failedProbe += 1;
  const others = asked ?? [];
  const missed = others.length - nacks.size;
  state.counts.missedNack += missed;
  adjustAwareness(state, others.length === 0 ? 1 : missed);
  onSuspect(state, { type: 'suspect', node, incarnation, from: state.node }, effects);
}

/** Somebody asks whether we are there. */
export function onPing(state: SwimState, { node, seq, replyTo, stream }: Ping, effects: SwimEffect[]): void {
  if (node !== state.node) state.counts.stray += 1;
  else if (stream) sendStream(state, effects, replyTo, { type: 'ack', seq, stream });
  else send(state, effects, replyTo, { type: 'ack', seq, stream });
}

/** Somebody asks us to ask another. */
export function onPingReq(state: SwimState, { seq, node, address, replyTo }: PingReq, effects: SwimEffect[]): void {
  if (state.relays.size >= MOST_RELAYS) {
    state.counts.stray += 1;
    return;
  }
  const { nowMs, settings } = state;
  const ours = nextSeq(state);
  const nackMs = nowMs + NACK_SHARE * settings.probeTimeoutMs;
  state.relays.set(ours, { seq, replyTo, nackMs, untilMs: nowMs + settings.probeTimeoutMs, nacked: false });
  send(state, effects, address, { type: 'ping', seq: ours, node, replyTo: state.address, stream: false });
}

/** An answer to a ping of ours, or to one that another asked for. */
export function onAck(state: SwimState, { seq, stream }: Ack, effects: SwimEffect[]): void {
  const { probe: current, relays, counts } = state;
  if (current?.seq === seq) {
    if (stream) {
      // It counts at the end of the interval: until then a packet may show that packets get through.
      current.streamAcked = true;
      return;
    }
    if (current.asked === undefined) counts.ack += 1;
    else counts.lateAck += 1;
    state.probe = undefined;
    return adjustAwareness(state, -1);
  }
  const relay = relays.get(seq);
  if (relay === undefined) {
    counts.stray += 1;
    return;
  }
  relays.delete(seq);
  counts.relayedAck += 1;
  send(state, effects, relay.replyTo, { type: 'ack', seq: relay.seq, stream: false });
}

/** One that was asked heard us, and does not hear the other: it tells of our health, and nothing of the other's. */
export function onNack({ probe: current, counts }: SwimState, { seq, from }: Nack): void {
  if (current?.seq !== seq || current.asked?.includes(from) !== true) {
    counts.stray += 1;
    return;
  }
  counts.nack += 1;
  current.nacks.add(from);
}

/** Says of relayed pings in time that they were not answered, and forgets those that are over. */
export function expireRelays(state: SwimState, effects: SwimEffect[]): void {
  for (const [ours, relay] of state.relays) {
    if (!relay.nacked && state.nowMs >= relay.nackMs) {
      relay.nacked = true;
      send(state, effects, relay.replyTo, { type: 'nack', seq: relay.seq, from: state.node });
    }
    if (state.nowMs >= relay.untilMs) state.relays.delete(ours);
  }
}

function nextSeq(state: SwimState): number {
  state.lastSeq += 1;
  return state.lastSeq;
}
