/**
 * Agents come and go. An agent that is gone stays known: its results may be refuted, and its place counts when a
 * verification is kept apart from it.
 */
import { tallyOf } from './account.js';
import { requeueLost } from './failing.js';
import type { AgentInfo, LeaveReason } from './messages.js';
import type { Turn } from './state.js';
import { release } from './tasks.js';

/** Takes an agent in. One that is known and alive only states anew what it can do. */
export function join(turn: Turn, info: AgentInfo): void {
  const { state } = turn;
  const known = state.agents.get(info.id);
  const { id, node, executor } = info;
  const skills = new Set(info.skills);
  const capacity = info.capacity ?? state.options.capacity;
  if (known?.alive !== true) {
    const nodeTally = tallyOf(state.account, node);
    nodeTally.alive += 1;
    nodeTally.peak = Math.max(nodeTally.peak, nodeTally.alive);
  }
  if (known !== undefined) {
    turn.agentsShrank = true;
    Object.assign(known, { skills, capacity, executor, alive: true, node: known.alive ? known.node : node });
    return;
  }
  state.agents.set(id, {
    id,
    node,
    executor,
    skills,
    capacity,
    alive: true,
    quarantined: false,
    held: new Set(),
    results: new Set(),
    history: new Map(),
    leasesKept: 0,
    leasesExpired: 0,
  });
}

/** Lets an agent go; what it holds is queued again at once and costs no retry. Its accepted results stay. */
export function leave(turn: Turn, id: string, reason: LeaveReason): void {
  const { state } = turn;
  const agent = state.agents.get(id);
  if (agent?.alive !== true) {
    return;
  }
  agent.alive = false;
  turn.agentsShrank = true;
  const nodeTally = tallyOf(state.account, agent.node);
  nodeTally.alive -= 1;
  nodeTally.wentDown = reason !== 'stopped';
  for (const held of [...agent.held]) {
    const task = state.tasks.get(held);
    if (task !== undefined) {
      release(state, task);
      state.account.rerun += 1;
      requeueLost(state, task, `with agent ${id} (${reason})`);
    }
  }
}
