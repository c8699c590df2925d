/**
 * What a leader proposes, as a function of the state that it has applied, of what SWIM and the leases tell it, and of
 * time. It may be asked as often as one likes: what it proposed and is not applied it proposes again, and the second
 * finds its ground gone. A leader that has just been elected asks only once it has applied an entry of its own term.
 */
import { candidatesOf } from '../placement/place.js';
import type { PlacementNode } from '../placement/node.js';
import type { Command } from './command.js';
import { isOver, type Leases, logTimeMs } from './lease.js';
import type { Ask } from './message.js';
import { giveAwayMs, type SupervisorSettings } from './settings.js';
import type { Child, Member, SupervisorState } from './state.js';

/** A member of the group as SWIM has it at the leader; one that is suspected is alive. */
export type SeenMember = Omit<Member, 'draining'>;

/** What a leader sees beside the state. */
export interface LeaderView {
  /** By its own monotonic clock. */
  readonly nowMs: number;
  readonly leases: Leases;
  readonly members: readonly SeenMember[];
}

/** What to propose, in this order. */
export function decide(state: SupervisorState, view: LeaderView, settings: SupervisorSettings): readonly Command[] {
  const commands = membership(state, view, settings);
  supervise(state, view, settings, commands);
  if (state.escalatedMs === undefined) handOut(state, settings, commands);
  else resumeWhenDue(state, view, settings, commands);
  return commands;
}

/** What a node says of itself with an ask, as far as it may be news. */
export function reportsOf(state: SupervisorState, { ended, done }: Ask): readonly Command[] {
  const commands: Command[] = [];
  // A task that was done before its child ended is done.
  for (const { task, child, epoch, attempt, result } of done) {
    const known = state.tasks.get(task);
    if (known === undefined || known.result !== undefined) continue;
    if (result === null) commands.push({ type: 'fail', task, child, epoch, attempt });
    else commands.push({ type: 'complete', task, child, epoch, attempt, result });
  }
  for (const { child, epoch, reason } of ended) {
    const known = state.children.get(child);
    if (known?.epoch === epoch && known.home !== undefined) commands.push({ type: 'ended', child, epoch, reason });
  }
  return commands;
}

/** Where the state differs from what SWIM says, and from what nodes say of themselves by asking. */
function membership(state: SupervisorState, view: LeaderView, settings: SupervisorSettings): Command[] {
  const { leases, members, nowMs } = view;
  const commands: Command[] = [];
  for (const { node, life, incarnation, status, labels } of members) {
    const known = state.members.get(node);
    if (known === undefined ? status !== 'alive' : !isNews(known, { life, incarnation, status, labels })) continue;
    commands.push({ type: 'member', node, life, incarnation, status, labels });
  }
  const seen = new Map(members.map((member) => [member.node, member]));
  for (const [node, { life }] of leases.heard) {
    // A process asks before gossip has told of it.
    if (life <= Math.max(state.members.get(node)?.life ?? 0, seen.get(node)?.life ?? 0)) continue;
    const labels = state.members.get(node)?.labels ?? [];
    commands.push({ type: 'member', node, life, incarnation: 0, status: 'alive', labels });
  }
  const waitMs = giveAwayMs(settings);
  if (nowMs - leases.electedMs < waitMs) return commands;
  for (const { node, life, incarnation, status, labels } of state.members.values()) {
    // Nobody here remembers it, as all who did were restarted since it was gone; or they remember that it was gone before
    // this life of it, which asked and was gone itself before gossip had told of it.
    const last = seen.get(node);
    if (status !== 'alive' || (last !== undefined && (last.status === 'alive' || last.life >= life))) continue;
    if (nowMs - (leases.heard.get(node)?.atMs ?? leases.electedMs) < waitMs) continue;
    commands.push({ type: 'member', node, life, incarnation, status: 'dead', labels });
  }
  return commands;
}

function isNews(known: Member, seen: Pick<SeenMember, 'life' | 'incarnation' | 'status' | 'labels'>): boolean {
  if (seen.life !== known.life) return seen.life > known.life;
  if (seen.incarnation < known.incarnation) return false;
  return seen.status !== known.status || seen.labels.join('\n') !== known.labels.join('\n');
}

/** Takes leases back that are to end, and places children whose leases are over. */
function supervise(state: SupervisorState, view: LeaderView, settings: SupervisorSettings, commands: Command[]): void {
  const nodes = placeable(state, view, settings);
  for (const child of state.children.values()) {
    const { name, epoch, home } = child;
    const over = isOver(view.leases, name, view.nowMs, settings);
    if (home !== undefined && !home.leaving) {
      const member = state.members.get(home.node);
      const elsewhere = nodes.some(({ id }) => id !== home.node);
      if (over) commands.push({ type: 'withdraw', child: name, epoch, reason: 'lease' });
      else if (member?.draining === true && elsewhere)
        commands.push({ type: 'withdraw', child: name, epoch, reason: 'drain' });
    } else if (home === undefined || over) settle(state, view, child, nodes, commands);
  }
}

/** A child that runs nowhere gets a home, or gives the one up that it had. */
function settle(
  state: SupervisorState,
  view: LeaderView,
  { name, epoch, home, removed, required, notBeforeMs }: Child,
  nodes: readonly PlacementNode[],
  commands: Command[],
): void {
  if (removed || state.escalatedMs !== undefined) {
    if (home !== undefined) commands.push({ type: 'vacate', child: name, epoch });
    return;
  }
  if (logTimeMs(view.leases, view.nowMs) < notBeforeMs) return;
  const [node] = candidatesOf({ key: name, required }, nodes);
  const life = node === undefined ? undefined : state.members.get(node)?.life;
  if (node === undefined || life === undefined) return;
  commands.push({ type: 'place', child: name, after: epoch, node, life });
}

/**
 * Nodes that are there, and that the leader itself hears: what cannot renew a lease is given none. A new leader does not
 * take the few that it heard first for all there are: it waits for all that live by the log, though no longer than a lease.
 */
function placeable(
  { members }: SupervisorState,
  { leases, nowMs }: LeaderView,
  { leaseMs }: SupervisorSettings,
): readonly PlacementNode[] {
  const nodes: PlacementNode[] = [];
  const isNew = nowMs - leases.electedMs < leaseMs;
  for (const { node, life, status, labels, draining } of members.values()) {
    if (status !== 'alive' || draining) continue;
    const heard = leases.heard.get(node);
    const isHeard = heard?.life === life && nowMs - heard.atMs <= leaseMs;
    if (isHeard) nodes.push({ id: node, labels });
    else if (isNew) return [];
  }
  return nodes;
}

/** Ready tasks, oldest first, each to the child that is at the fewest. */
function handOut(state: SupervisorState, { tasksPerChild }: SupervisorSettings, commands: Command[]): void {
  const loads = new Map<string, number>();
  const ready: (readonly [string, number])[] = [];
  for (const [id, { assigned, result, attempt }] of state.tasks) {
    if (assigned !== undefined) loads.set(assigned.child, (loads.get(assigned.child) ?? 0) + 1);
    else if (result === undefined) ready.push([id, attempt]);
  }
  if (ready.length === 0) return;
  const children = [...state.children.values()].filter(({ home, removed }) => home?.leaving === false && !removed);
  for (const [task, attempt] of ready) {
    let least: Child | undefined;
    let load = tasksPerChild;
    for (const child of children) {
      const own = loads.get(child.name) ?? 0;
      if (own < load) [least, load] = [child, own];
    }
    if (least === undefined) return;
    loads.set(least.name, load + 1);
    commands.push({ type: 'assign', task, attempt, child: least.name, epoch: least.epoch });
  }
}

function resumeWhenDue(
  { children, escalatedMs = 0 }: SupervisorState,
  { leases, nowMs }: LeaderView,
  { resumeMs }: SupervisorSettings,
  commands: Command[],
): void {
  const running = [...children.values()].some(({ home }) => home !== undefined);
  if (!running && logTimeMs(leases, nowMs) >= escalatedMs + resumeMs) commands.push({ type: 'resume' });
}
