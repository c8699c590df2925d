/**
 * "That one is alive." The rules of which message about a member overrides what is known of it are those of memberlist
 * (state.go: aliveNode, suspectNode, deadNode), which are the SWIM paper's (section 4.2) and more. i is the incarnation
 * of the message, j the one that is known:
 *
 *                    alive j        suspect j      dead j          left j
 *     alive i        i > j          i > j          i > j: join     i > j: join
 *     alive i, from  conflict       conflict       join, if dead   join
 *     elsewhere                                    long enough
 *     suspect i      i >= j         confirms,      -               -
 *                                   i >= j
 *     dead i         i >= j         i >= j         -               -
 *     left i         i >= j         i >= j         i >= j          -
 *
 * About the node itself: suspect i and dead i with i >= j are refuted by j = i + 1. (memberlist keeps `dead` when it hears
 * `left` afterwards; we correct it in silence, so that nobody tries to reach again what left.)
 */
import type { Alive } from './message.js';
import { applyDelta, type MetadataDelta, newMetadata, valuesOf } from './metadata.js';
import { refute } from './refute.js';
import { broadcast, send } from './send.js';
import {
  draw,
  isBehind,
  isLive,
  type Member,
  selfOf,
  setStatus,
  type SwimEffect,
  type SwimEvent,
  type SwimState,
} from './state.js';

/** Somebody says that a member is alive. */
export function onAlive(state: SwimState, message: Alive, effects: SwimEffect[]): void {
  if (message.node === state.node) return onAliveSelf(state, message, effects);
  const member = state.members.get(message.node) ?? addMember(state, message);
  const moves = member.address !== message.address;
  if (moves && !mayMove(state, member)) return conflict(state, member, message.address, effects);
  if (message.incarnation <= member.incarnation && !moves) return onOldAlive(state, member, message, effects);
  if (moves) state.counts.reclaim += 1;
  state.suspicions.delete(member.node);
  broadcast(state, message);
  const before = member.status;
  member.address = message.address;
  member.incarnation = message.incarnation;
  const updated = takeMetadata(state, member, message.metadata);
  setStatus(state, member, 'alive');
  if (before === 'dead' || before === 'left') return push(effects, describe('join', member));
  if (before === 'suspect') push(effects, { type: 'alive', node: member.node, incarnation: member.incarnation });
  if (updated) push(effects, describe('update', member));
}

/** One that was never heard of is as good as dead, and has no incarnation. */
function addMember(state: SwimState, { node, address, metadata }: Alive): Member {
  const member: Member = {
    node,
    address,
    incarnation: 0,
    status: 'dead',
    changedMs: state.nowMs,
    metadata: newMetadata(metadata.life),
    wantedVersion: 0,
  };
  state.members.set(node, member);
  // At a random place: if all appended, the first probe of a new member would come late (SWIM, section 4.3).
  const at = draw(state, state.order.length + 1);
  state.order.push(node);
  const last = state.order.length - 1;
  [state.order[at], state.order[last]] = [node, state.order[at] as string];
  return member;
}

/** What left gives up its name at once; what failed may come back, and keeps its name for a while. */
function mayMove({ settings, nowMs }: SwimState, { status, changedMs }: Member): boolean {
  const { deadNodeReclaimMs } = settings;
  return status === 'left' || (status === 'dead' && deadNodeReclaimMs > 0 && nowMs - changedMs > deadNodeReclaimMs);
}

function conflict(state: SwimState, { node, address }: Member, other: string, effects: SwimEffect[]): void {
  state.counts.conflict += 1;
  push(effects, { type: 'conflict', node, address, other });
}

/** Of an incarnation that is known it can only tell metadata that was missed. */
function onOldAlive(state: SwimState, member: Member, message: Alive, effects: SwimEffect[]): void {
  const { life, base, version } = message.metadata;
  const known = member.metadata;
  const continues = life === known.life && version > known.version && base <= known.version;
  // Nobody wants to hear news of the dead.
  if (message.incarnation === member.incarnation && continues && isLive(member)) {
    takeMetadata(state, member, message.metadata);
    push(effects, describe('update', member));
    return;
  }
  state.counts.old += 1;
  if (message.incarnation === member.incarnation && life !== known.life && isLive(member))
    askOwner(state, member, message, effects);
}

/**
 * Two lives of a member came to the same incarnation: a restarted node began above all that it heard of, and not all had
 * been heard. Nobody but the member itself can say which life it is, and the gossip of both is over, so it is told what is
 * believed of it, and goes beyond it. (memberlist leaves that to the next exchange of state between just those two.)
 */
function askOwner(state: SwimState, { address, metadata: known }: Member, message: Alive, effects: SwimEffect[]): void {
  state.counts.twoLives += 1;
  const said = [message.metadata.life, known.life].map((life): Alive => {
    return { ...message, metadata: { life, base: 0, version: 0, entries: [] } };
  });
  send(state, effects, address, ...said);
}

/** Takes metadata in; false when nothing is new. */
function takeMetadata(state: SwimState, member: Member, delta: MetadataDelta): boolean {
  const behind = isBehind(member);
  member.wantedVersion =
    delta.life === member.metadata.life ? Math.max(member.wantedVersion, delta.version) : delta.version;
  const taken = applyDelta(member.metadata, delta);
  if (taken === 'gap') {
    state.counts.gap += 1;
    // Soon, but not all of those that miss it at the same moment.
    state.nextSyncMs = Math.min(state.nextSyncMs, state.nowMs + draw(state, state.settings.gossipIntervalMs));
  } else if (behind && !isBehind(member)) state.counts.gapFilled += 1;
  return taken === 'taken';
}

/**
 * About this node itself: in a life before it may have got farther than it is now, and others would believe that life
 * rather than this one until this one goes beyond.
 */
function onAliveSelf(state: SwimState, { address, incarnation, metadata }: Alive, effects: SwimEffect[]): void {
  const self = selfOf(state);
  if (state.phase !== 'running') return;
  if (address !== self.address) return conflict(state, self, address, effects);
  const known = incarnation === self.incarnation && metadata.life === self.metadata.life;
  if (incarnation < self.incarnation || known) return;
  refute(state, incarnation);
}

/** A member as an event has it. */
function describe(type: 'join' | 'update', { node, address, incarnation, metadata }: Member): SwimEvent {
  return { type, node, address, incarnation, metadata: valuesOf(metadata) };
}

function push(effects: SwimEffect[], event: SwimEvent): void {
  effects.push({ type: 'event', event });
}
