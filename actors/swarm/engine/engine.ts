/**
 * The task-graph engine: a step function over plain data. It schedules, leases, retries, verifies and reduces, and knows
 * nothing of what skills compute, of time but what inputs tell it, or of how effects are carried out.
 *
 * Execution is at least once, its effect once: the first completion of the current attempt, by the agent that holds
 * it, is the result; the attempt number is the fencing epoch, and everything else is counted and ignored.
 */
import { unreachable } from '#protocols/wire/error';
import { emptyAccount, type JobAccount, reportAccount } from './account.js';
import { join, leave } from './agents.js';
import { dispatch } from './dispatch.js';
import { complete, expireLeases, fail, renew } from './executions.js';
import { dataSources, type JobGraph, type Stage } from './graph.js';
import type { Effect, EngineInput } from './messages.js';
import { advanceStages, allComplete, jobOutput, openRoots } from './stages.js';
import type { EngineOptions, EngineState, StageState, Turn } from './state.js';
import { release } from './tasks.js';
import { expireDisputes, reviewPending } from './verification.js';

const defaultOptions: EngineOptions = {
  capacity: 2,
  spotCheckEvery: 8,
  maxVotes: 5,
  disputeWaitMs: 30_000,
  maxLosses: 16,
  coordinatorNode: undefined,
};

/** The state of a job that has not started. `graph` comes from `parseGraph`. Agents may join before the start. */
export function createEngine(graph: JobGraph, options: Partial<EngineOptions> = {}): EngineState {
  return {
    graph,
    options: { ...defaultOptions, ...options },
    phase: 'idle',
    now: 0,
    startedAt: 0,
    endedAt: undefined,
    stages: new Map(graph.stages.map((stage) => [stage.id, freshStage(graph, stage)])),
    dirty: new Set(),
    tasks: new Map(),
    fences: new Map(),
    ready: new Map(),
    tickets: 0,
    orders: 0,
    running: 0,
    agents: new Map(),
    pendingVerifications: new Set(),
    parked: new Map(),
    failure: undefined,
    starved: false,
    account: emptyAccount(),
    shown: { done: 0, total: 0, rerun: 0 },
  };
}

/** Takes one input into the state, which it changes in place, and gives what to do about it, in order. */
export function step(state: EngineState, input: EngineInput): readonly Effect[] {
  const turn: Turn = { state, effects: [], agentsShrank: false };
  if ('now' in input) {
    state.now = Math.max(state.now, input.now);
  }
  take(turn, input);
  conclude(turn);
  return turn.effects;
}

/** The account of the run so far. `roles` are those of each node, by its name. */
export function accountOf(state: EngineState, job: string, roles: ReadonlyMap<string, readonly string[]>): JobAccount {
  return reportAccount(state.account, {
    job,
    startedAtMs: state.startedAt,
    durationMs: (state.endedAt ?? state.now) - state.startedAt,
    over: state.endedAt !== undefined,
    roles,
  });
}

function take(turn: Turn, input: EngineInput): void {
  switch (input.type) {
    case 'start':
      start(turn.state);
      break;
    case 'agent-joined':
      join(turn, input.agent);
      break;
    case 'agent-left':
      leave(turn, input.agent, input.reason);
      break;
    case 'completed':
      complete(turn, input);
      break;
    case 'failed':
      fail(turn.state, input);
      break;
    case 'renew':
      renew(turn, input);
      break;
    case 'tick':
      expireLeases(turn);
      expireDisputes(turn.state);
      break;
    case 'cancel':
      cancel(turn.state);
      break;
    default:
      unreachable(input);
  }
}

/** What follows from a step: stages complete, the job ends, or free agents get work. */
function conclude(turn: Turn): void {
  const { state } = turn;
  if (state.endedAt !== undefined || (state.phase === 'idle' && state.failure === undefined)) {
    return;
  }
  if (turn.agentsShrank) {
    reviewPending(turn);
  }
  advanceStages(turn);
  if (state.failure !== undefined) {
    end(turn, state.failure.code === 'JOB_CANCELLED' ? 'cancelled' : 'failed');
    turn.effects.push({ type: 'job-failed', error: state.failure });
  } else if (allComplete(state)) {
    end(turn, 'finished');
    turn.effects.push({ type: 'finished', output: jobOutput(state) });
  } else {
    dispatch(turn);
    showProgress(turn);
  }
}

function start(state: EngineState): void {
  if (state.phase === 'idle' && state.endedAt === undefined) {
    state.phase = 'running';
    state.startedAt = state.now;
    openRoots(state);
  }
}

function cancel(state: EngineState): void {
  if (state.endedAt === undefined) {
    state.failure ??= { code: 'JOB_CANCELLED', message: `job ${state.graph.name} was cancelled` };
  }
}

function end(turn: Turn, phase: 'finished' | 'failed' | 'cancelled'): void {
  const { state } = turn;
  state.phase = phase;
  state.endedAt = state.now;
  state.ready.clear();
  for (const agent of state.agents.values()) {
    for (const id of [...agent.held]) {
      const task = state.tasks.get(id);
      if (task !== undefined) {
        release(state, task);
        turn.effects.push({ type: 'revoke', agent: agent.id, task: id, attempt: task.attempt });
      }
    }
  }
  showProgress(turn);
}

function showProgress(turn: Turn): void {
  const { state } = turn;
  const { completed, rerun, verified, disputed } = state.account;
  const done = Math.max(state.shown.done, completed);
  const total = Math.max(state.account.total, done);
  if (done === state.shown.done && total === state.shown.total && rerun === state.shown.rerun) {
    return;
  }
  state.shown = { done, total, rerun };
  turn.effects.push({ type: 'progress', done, total, rerun, verified, disputed });
}

function freshStage(graph: JobGraph, stage: Stage): StageState {
  const feeds = graph.stages.filter((other) => dataSources(other).includes(stage.id));
  const precedes = graph.stages.filter((other) => other.kind === 'task' && other.after.includes(stage.id));
  return {
    spec: stage,
    feeds: feeds.map((other) => other.id),
    precedes: precedes.map((other) => other.id),
    phase: 'waiting',
    tasks: [],
    settled: 0,
    complete: false,
    read: false,
    basis: new Map(),
  };
}
