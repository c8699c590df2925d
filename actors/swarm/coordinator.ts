/**
 * The coordinator runs one job: it feeds the task-graph engine with what happens and carries out what the engine asks
 * for. All decisions are the engine's; all waiting, sending and timing is here.
 */
import { type ActorAddress, type ActorContext, type CastHandlers, defineActor } from '#runtime';
import { unreachable } from '#protocols/wire/error';
import { accountOf, createEngine, step } from './engine/engine.js';
import { parseGraph } from './engine/graph.js';
import type { Effect, EngineInput } from './engine/messages.js';
import type { EngineState } from './engine/state.js';
import { agentFace, type CoordinatorCasts, type JobEvent, queenFace, schedulerFace } from './messages.js';

/** What a coordinator is made of. */
export interface CoordinatorArgs {
  readonly job: string;
  /** A job graph, checked again here. */
  readonly graph: unknown;
  readonly scheduler: ActorAddress;
  /** One task in this many is verified whole, claims or not; see the engine's options. */
  readonly spotCheckEvery: number;
}

interface CoordinatorState {
  readonly job: string;
  readonly engine: EngineState;
  readonly addresses: Map<string, ActorAddress>;
  readonly roles: Map<string, readonly string[]>;
}

const TICK_MS = 500;
/** How long the start waits for the first agent. */
const START_MS = 3_000;

/** Definition of a coordinator; a queen makes one per job. */
export const coordinator = defineActor({
  name: 'skep.coordinator',
  description: 'Runs the task graph of one job.',
  mailbox: { capacity: 100_000 },
  init: (args: CoordinatorArgs, ctx): CoordinatorState => {
    const engine = createEngine(parseGraph(args.graph), {
      coordinatorNode: ctx.node,
      spotCheckEvery: args.spotCheckEvery,
    });
    const state = { job: args.job, engine, addresses: new Map(), roles: new Map() };
    ctx.every(TICK_MS, 'tick');
    // Started before any agent is there, every job would begin with an alarm that nobody can do its work.
    ctx.after(START_MS, 'start');
    ctx.ref(schedulerFace, args.scheduler).cast('attach', { coordinator: ctx.self });
    return state;
  },
  calls: {
    /** The account of the run so far. */
    account: (state) => accountOf(state.engine, state.job, state.roles),
  },
  casts: {
    joined: (state, life, ctx) => {
      const { id, address, node, executor, skills } = life;
      state.addresses.set(id, address);
      tell(ctx, { type: 'agent', agent: id, node, status: 'joined', reason: '' });
      feed(state, { type: 'agent-joined', agent: { id, node, executor: `${node}/${executor}`, skills } }, ctx);
      start(state, ctx);
    },
    left: (state, { agent, node, reason }, ctx) => {
      if (!state.addresses.delete(agent)) return;
      tell(ctx, { type: 'agent', agent, node, status: 'left', reason });
      feed(state, { type: 'agent-left', agent, reason }, ctx);
    },
    nodeRoles: (state, { name, roles }) => void state.roles.set(name, roles),
    completed: (state, { narrowed, ...rest }, ctx) => {
      feed(state, { type: 'completed', ...rest, ...(narrowed === null ? {} : { narrowed }), now: Date.now() }, ctx);
    },
    failed: (state, message, ctx) => feed(state, { type: 'failed', ...message, now: Date.now() }, ctx),
    renew: (state, message, ctx) => feed(state, { type: 'renew', ...message, now: Date.now() }, ctx),
    cancel: (state, _message, ctx) => feed(state, { type: 'cancel' }, ctx),
  } satisfies CastHandlers<CoordinatorState, CoordinatorCasts>,
  info: (state, info, ctx) => {
    if (info.type !== 'timer') return;
    if (info.key === 'start') start(state, ctx);
    else feed(state, { type: 'tick', now: Date.now() }, ctx);
  },
});

function start(state: CoordinatorState, ctx: ActorContext): void {
  if (state.engine.phase === 'idle') feed(state, { type: 'start', now: Date.now() }, ctx);
}

function feed(state: CoordinatorState, input: EngineInput, ctx: ActorContext): void {
  for (const effect of step(state.engine, input)) carryOut(state, effect, ctx);
}

function carryOut(state: CoordinatorState, effect: Effect, ctx: ActorContext): void {
  switch (effect.type) {
    case 'assign': {
      const address = state.addresses.get(effect.agent);
      if (address === undefined) return;
      const { type: _, ...order } = effect;
      ctx.ref(agentFace, address).cast('execute', { ...order, coordinator: ctx.self });
      return;
    }
    case 'revoke':
      // The agent's late answer is fenced off by its attempt; what it is computing now is not worth a message.
      ctx.log.debug('execution revoked', { task: effect.task, agent: effect.agent, attempt: effect.attempt });
      return;
    case 'progress': {
      const { done, total, rerun, verified, disputed } = effect;
      if (ctx.parent !== undefined)
        ctx.ref(queenFace, ctx.parent).cast('progress', { done, total, rerun, verified, disputed });
      return;
    }
    case 'stage-completed':
      tell(ctx, { type: 'stage', stage: effect.stage, tasks: effect.tasks });
      return;
    case 'outvoted':
    case 'starved':
      tell(ctx, effect);
      return;
    case 'finished':
      if (ctx.parent === undefined) return;
      ctx
        .ref(queenFace, ctx.parent)
        .cast('finished', { output: effect.output, account: accountOf(state.engine, state.job, state.roles) });
      return;
    case 'job-failed':
      if (ctx.parent === undefined) return;
      ctx
        .ref(queenFace, ctx.parent)
        .cast('failed', { error: effect.error, account: accountOf(state.engine, state.job, state.roles) });
      return;
    default:
      unreachable(effect);
  }
}

function tell(ctx: ActorContext, event: JobEvent): void {
  if (ctx.parent !== undefined) ctx.ref(queenFace, ctx.parent).cast('event', event);
}
