/**
 * Membership by heartbeats, as a step function without IO, clock or chance. Each node tells all others that it lives;
 * who is silent for `timeoutMs` is down.
 *
 *     self:   joining --(joinMs without an objection)--> alive --(leave)--> leaving
 *     a peer: unknown --(alive)--> up --(silence | leaving | later incarnation)--> down
 *
 * Three rules keep it from blaming others for what is wrong here. Cut off from the transport, nobody is suspected, and
 * after the return all have a full time-out again. When our own tick came late we may not have read what others sent, so
 * they have a full time-out again. And a node that asks to join under a living node's name is told so before anyone
 * counts it as a member: of two nodes with one name the one that started first stays.
 */
import { unreachable } from '#protocols/wire/error';
import type { Heartbeat, Phase } from './beat.js';
import { compareIncarnations, type DownReason, type Member } from './port.js';

/** What does not change in a node's life. */
interface HeartbeatOptions {
  /** Silence after which a member is down, in ms. */
  readonly timeoutMs: number;
  /** How long a joining node listens for objections to its name, in ms. */
  readonly joinMs: number;
  readonly instance: string;
}

/** A member that is up, and until when without a further heartbeat. */
interface Peer {
  readonly member: Member;
  readonly instance: string;
  readonly deadlineMs: number;
}

/** State of the protocol. Plain data. */
export interface HeartbeatState {
  readonly options: HeartbeatOptions;
  readonly self: Member;
  readonly phase: Phase;
  readonly connected: boolean;
  readonly peers: ReadonlyMap<string, Peer>;
  /** Instances that said goodbye, and until when a straggler of theirs is ignored. */
  readonly departed: ReadonlyMap<string, number>;
  readonly lastTickMs: number;
  /** End of joining; moves with a reconnection, for nobody could object while we were away. */
  readonly joinedAtMs: number;
}

/** What happens to a node. `nowMs` never goes back. */
export type HeartbeatInput =
  | { readonly type: 'tick'; readonly nowMs: number; readonly load: number }
  | { readonly type: 'heartbeat'; readonly nowMs: number; readonly beat: Heartbeat }
  | { readonly type: 'connection'; readonly nowMs: number; readonly connected: boolean }
  | { readonly type: 'leave'; readonly nowMs: number };

/** What is to be done, in this order. */
export type HeartbeatEffect =
  | { readonly type: 'broadcast'; readonly beat: Heartbeat }
  | { readonly type: 'joined' }
  | { readonly type: 'member-up'; readonly member: Member }
  | { readonly type: 'member-down'; readonly member: Member; readonly reason: DownReason }
  | { readonly type: 'name-conflict'; readonly other: Member };

/** A step's outcome. */
interface HeartbeatStep {
  readonly state: HeartbeatState;
  readonly effects: readonly HeartbeatEffect[];
}

/** The state of a node that begins to join. Its first tick asks whether the name is free. */
export function initialHeartbeat(self: Member, options: HeartbeatOptions, nowMs: number): HeartbeatState {
  return {
    options,
    self,
    phase: 'joining',
    connected: true,
    peers: new Map(),
    departed: new Map(),
    lastTickMs: nowMs,
    joinedAtMs: nowMs + options.joinMs,
  };
}

/** Carries out one input. */
export function stepHeartbeat(state: HeartbeatState, input: HeartbeatInput): HeartbeatStep {
  switch (input.type) {
    case 'tick':
      return onTick({ ...state, self: { ...state.self, load: input.load } }, input.nowMs);
    case 'heartbeat':
      return onHeartbeat(state, input.beat, input.nowMs);
    case 'connection':
      return onConnection(state, input.connected, input.nowMs);
    case 'leave': {
      const leaving: HeartbeatState = { ...state, phase: 'leaving' };
      return { state: leaving, effects: state.phase === 'leaving' ? [] : [broadcast(leaving)] };
    }
    default:
      return unreachable(input);
  }
}

function onTick(state: HeartbeatState, nowMs: number): HeartbeatStep {
  const ticked: HeartbeatState = { ...state, lastTickMs: nowMs };
  if (state.phase === 'leaving' || !state.connected) return { state: ticked, effects: [] };
  const stalled = nowMs - state.lastTickMs > state.options.timeoutMs / 2;
  const { state: checked, effects: downs } = stalled
    ? { state: renewed(ticked, nowMs), effects: [] }
    : expire(ticked, nowMs);
  // Having been stalled ourselves, objections may wait unread too.
  const joins = checked.phase === 'joining' && nowMs >= checked.joinedAtMs && !stalled;
  const next: HeartbeatState = joins ? { ...checked, phase: 'alive' } : checked;
  return { state: next, effects: [broadcast(next), ...(joins ? [{ type: 'joined' } as const] : []), ...downs] };
}

/** Takes members down whose time is over. */
function expire(state: HeartbeatState, nowMs: number): HeartbeatStep {
  const silent = [...state.peers.values()].filter((peer) => nowMs >= peer.deadlineMs);
  const departed = [...state.departed].filter(([, untilMs]) => nowMs < untilMs);
  if (silent.length === 0 && departed.length === state.departed.size) return { state, effects: [] };
  const peers = new Map(state.peers);
  for (const peer of silent) peers.delete(peer.member.name);
  const effects = silent.map(
    (peer): HeartbeatEffect => ({ type: 'member-down', member: peer.member, reason: 'timeout' }),
  );
  return { state: { ...state, peers, departed: new Map(departed) }, effects };
}

/** Gives every peer a full time-out. */
function renewed(state: HeartbeatState, nowMs: number): HeartbeatState {
  const deadlineMs = nowMs + state.options.timeoutMs;
  return { ...state, peers: new Map([...state.peers].map(([name, peer]) => [name, { ...peer, deadlineMs }])) };
}

function onConnection(state: HeartbeatState, connected: boolean, nowMs: number): HeartbeatStep {
  if (!connected || state.connected) return { state: { ...state, connected }, effects: [] };
  const joinedAtMs = state.phase === 'joining' ? nowMs + state.options.joinMs : state.joinedAtMs;
  const back: HeartbeatState = { ...renewed(state, nowMs), connected: true, joinedAtMs, lastTickMs: nowMs };
  return { state: back, effects: state.phase === 'leaving' ? [] : [broadcast(back)] };
}

function onHeartbeat(state: HeartbeatState, beat: Heartbeat, nowMs: number): HeartbeatStep {
  if (beat.instance === state.options.instance || state.phase === 'leaving') return { state, effects: [] };
  if (beat.member.name === state.self.name) return onNamesake(state, beat);
  if (state.departed.has(beat.instance)) return { state, effects: [] };
  switch (beat.phase) {
    case 'joining':
      // Not a member yet: it only wants to hear who is there.
      return { state, effects: [broadcast(state)] };
    case 'leaving':
      return onLeaving(state, beat, nowMs);
    case 'alive':
      return onAlive(state, beat, nowMs);
    default:
      return unreachable(beat.phase);
  }
}

/** Someone else has our name. The earlier of the two stays and makes itself heard, the later learns of the conflict. */
function onNamesake(state: HeartbeatState, beat: Heartbeat): HeartbeatStep {
  if (beat.phase === 'leaving') return { state, effects: [] };
  const order =
    compareIncarnations(beat.member.incarnation, state.self.incarnation) ||
    (beat.instance < state.options.instance ? -1 : 1);
  return { state, effects: order < 0 ? [{ type: 'name-conflict', other: beat.member }] : [broadcast(state)] };
}

function onLeaving(state: HeartbeatState, beat: Heartbeat, nowMs: number): HeartbeatStep {
  const departed = new Map(state.departed).set(beat.instance, nowMs + state.options.timeoutMs);
  const peer = state.peers.get(beat.member.name);
  if (peer?.instance !== beat.instance) return { state: { ...state, departed }, effects: [] };
  const peers = new Map(state.peers);
  peers.delete(beat.member.name);
  return {
    state: { ...state, peers, departed },
    effects: [{ type: 'member-down', member: peer.member, reason: 'left' }],
  };
}

function onAlive(state: HeartbeatState, beat: Heartbeat, nowMs: number): HeartbeatStep {
  const { member, instance } = beat;
  const known = state.peers.get(member.name);
  const peers = new Map(state.peers).set(member.name, {
    member,
    instance,
    deadlineMs: nowMs + state.options.timeoutMs,
  });
  if (known?.instance === instance) return { state: { ...state, peers }, effects: [] };
  const isEarlier =
    known !== undefined &&
    (compareIncarnations(member.incarnation, known.member.incarnation) || (instance < known.instance ? 1 : -1)) < 0;
  if (isEarlier) return { state, effects: [] };
  const next: HeartbeatState = { ...state, peers };
  const replaced: readonly HeartbeatEffect[] =
    known === undefined ? [] : [{ type: 'member-down', member: known.member, reason: 'replaced' }];
  // The newcomer should not have to wait for our next tick to know us.
  return { state: next, effects: [...replaced, { type: 'member-up', member }, broadcast(next)] };
}

function broadcast(state: HeartbeatState): HeartbeatEffect {
  return { type: 'broadcast', beat: { phase: state.phase, instance: state.options.instance, member: state.self } };
}
