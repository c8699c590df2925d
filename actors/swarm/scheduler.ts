/**
 * The scheduler keeps the swarm's agents: it places them on the executors of every worker node, watches them, places
 * more when a node joins, and tells the coordinator who is there. Which agent gets which task is decided in the same
 * step as its lease, by the pure score in `engine/scheduler.ts`, so that an assignment and the record of it never differ.
 */
import {
  type ActorAddress,
  type ActorContext,
  type ActorRef,
  type CastHandlers,
  defineActor,
  type ExitReason,
} from '#runtime';
import { members, MEMBERS_NAME, type NodeInfo } from '#cluster/membership/members';
import { toWireError } from '#protocols/wire/error';
import { agent } from './agent.js';
import type { LeaveReason } from './engine/messages.js';
import { type AgentLife, coordinatorFace, type JobEvent, queenFace, type SchedulerCasts } from './messages.js';

/** What a scheduler is made of. */
export interface SchedulerArgs {
  readonly modules: readonly string[];
  /** Agents per node; 0 chooses by the node's executors, see {@link agentsFor}. */
  readonly agentsPerNode: number;
  /** Test switch: the how-manieth agent lies, 0 for none. */
  readonly lyingAgent: number;
}

interface SchedulerState {
  readonly args: SchedulerArgs;
  readonly nodes: Map<string, NodeInfo>;
  readonly agents: Map<ActorAddress, AgentLife>;
  coordinator: ActorRef<typeof coordinatorFace> | undefined;
  placed: number;
}

/** An answer by vote needs three agents, so a lone node gets three even on one executor. */
const LEAST_AGENTS = 3;

/** Agents for a node with that many executors: the same number on each, and three at least. */
export function agentsFor(executors: number): number {
  return executors * Math.ceil(LEAST_AGENTS / executors);
}

/** Definition of a scheduler; a queen makes one per swarm. */
export const scheduler = defineActor({
  name: 'skep.scheduler',
  description: 'Places and watches the agents of a swarm.',
  supervision: { whenExceeded: 'stop-child' },
  init: async (args: SchedulerArgs, ctx): Promise<SchedulerState> => {
    const state: SchedulerState = { args, nodes: new Map(), agents: new Map(), coordinator: undefined, placed: 0 };
    // Placing takes calls to other nodes, which must not hold up the init.
    ctx.after(0, 'look');
    return state;
  },
  casts: {
    members: (state, message, ctx) => follow(state, message.members, ctx),
    attach: (state, message, ctx) => {
      state.coordinator = ctx.ref(coordinatorFace, message.coordinator);
      for (const { name, roles } of state.nodes.values())
        state.coordinator.cast('nodeRoles', { name, roles: rolesOf(name, roles, ctx) });
      for (const life of state.agents.values()) state.coordinator.cast('joined', life);
    },
    agentReady: (state, life, ctx) => {
      const before = state.agents.get(life.address);
      if (before !== undefined)
        state.coordinator?.cast('left', { agent: before.id, node: before.node, reason: 'crashed' });
      state.agents.set(life.address, life);
      ctx.monitor(life.address);
      state.coordinator?.cast('joined', life);
    },
  } satisfies CastHandlers<SchedulerState, SchedulerCasts>,
  info: async (state, info, ctx) => {
    if (info.type === 'timer') {
      const view = await ctx.lookup(members, MEMBERS_NAME);
      if (view === undefined) throw new Error('this node has no view of the cluster');
      await follow(state, await view.call('subscribe', { subscriber: ctx.self }), ctx);
    } else if (info.type === 'down') {
      lose(state, info.address, info.reason);
    } else if (info.type === 'exit') {
      lose(state, info.child, info.reason);
    }
  },
});

/** Places agents on workers that are new, and forgets nodes that are gone. */
async function follow(state: SchedulerState, view: readonly NodeInfo[], ctx: ActorContext): Promise<void> {
  const living = new Set(view.map((node) => identity(node)));
  for (const node of [...state.nodes.values()]) {
    if (living.has(identity(node))) continue;
    state.nodes.delete(node.name);
    tell(ctx, {
      type: 'node',
      name: node.name,
      pid: node.pid,
      roles: rolesOf(node.name, node.roles, ctx),
      status: 'lost',
    });
  }
  const fresh = view.filter((node) => node.roles.includes('worker') && !state.nodes.has(node.name));
  for (const node of fresh) {
    state.nodes.set(node.name, node);
    const roles = rolesOf(node.name, node.roles, ctx);
    state.coordinator?.cast('nodeRoles', { name: node.name, roles });
    tell(ctx, { type: 'node', name: node.name, pid: node.pid, roles, status: 'up' });
  }
  await Promise.all(fresh.map((node) => populate(state, node, ctx)));
}

async function populate(state: SchedulerState, node: NodeInfo, ctx: ActorContext): Promise<void> {
  const count = state.args.agentsPerNode > 0 ? state.args.agentsPerNode : agentsFor(node.executors.length);
  const orders = Array.from({ length: count }, (_, index) => {
    state.placed += 1;
    const executor: number | 'default' = node.executors[index % node.executors.length] ?? 'default';
    return { executor, lies: state.placed === state.args.lyingAgent };
  });
  const outcomes = await Promise.allSettled(
    orders.map(({ executor, lies }) =>
      ctx.spawn(agent, { modules: state.args.modules, lies }, { node: node.name, executor }),
    ),
  );
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected')
      ctx.log.error('agent not placed', { node: node.name, error: toWireError(outcome.reason) });
  }
}

function lose(state: SchedulerState, address: ActorAddress, reason: ExitReason): void {
  const life = state.agents.get(address);
  if (life === undefined) return;
  state.agents.delete(address);
  state.coordinator?.cast('left', { agent: life.id, node: life.node, reason: leaveReason(reason) });
}

function leaveReason(reason: ExitReason): LeaveReason {
  if (reason.class === 'node-down') return 'node-down';
  return reason.class === 'normal' || reason.class === 'shutdown' ? 'stopped' : 'crashed';
}

/** Roles of a node in this swarm: those of its own, and the queen's where she lives. */
function rolesOf(name: string, roles: readonly string[], ctx: ActorContext): readonly string[] {
  return name === ctx.node ? ['queen', 'coordinator', 'scheduler', ...roles] : roles;
}

function identity(node: NodeInfo): string {
  return `${node.name}@${node.incarnation}`;
}

function tell(ctx: ActorContext, event: JobEvent): void {
  if (ctx.parent !== undefined) ctx.ref(queenFace, ctx.parent).cast('event', event);
}
