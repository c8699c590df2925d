/**
 * The life of a task, mode regardless: created, queued, held by an agent, given back, accepted, dropped. Every change
 * of the counters, of what agents hold and of the ready queue goes through here, so that they cannot drift apart.
 */
import { unreachable } from '#protocols/wire/error';
import { tallyOf } from './account.js';
import { pushReady } from './ready.js';
import type { AgentState, EngineState, RunTask, StageState, Task, Turn, VerifyTask } from './state.js';

/** What a task of a stage begins as. */
interface NewRun {
  readonly index: number;
  readonly id: string;
  readonly input: unknown;
  readonly nearNode: string | undefined;
}

/** Adds a task of the graph and queues it. */
export function createRun(state: EngineState, stage: StageState, run: NewRun): void {
  state.orders += 1;
  const task: RunTask = {
    ...freshTask(state, run.id, stage),
    mode: 'run',
    index: run.index,
    input: run.input,
    order: state.orders,
    nearNode: run.nearNode,
    output: undefined,
    verifyInput: undefined,
    verdict: 'open',
    verifications: [],
    verificationsBegun: 0,
    disputed: false,
  };
  stage.tasks.push(task.id);
  addTask(state, task);
}

/** Adds a verification of `run` by an agent other than `voters` and queues it. */
export function createVerification(state: EngineState, run: RunTask, voters: readonly string[]): VerifyTask {
  run.verificationsBegun += 1;
  const task: VerifyTask = {
    ...freshTask(state, `${run.id}~${run.verificationsBegun}`, stageOf(state, run)),
    mode: 'verify',
    subject: run.id,
    input: run.verifyInput,
    order: run.order,
    nearNode: undefined,
    voters,
    stuckSince: undefined,
  };
  run.verifications.push(task.id);
  state.pendingVerifications.add(task.id);
  addTask(state, task);
  return task;
}

/** Puts a task among those that wait for an agent. */
export function enqueue(state: EngineState, task: Task): void {
  state.tickets += 1;
  task.phase = 'ready';
  task.ticket = state.tickets;
  const { skill, avoided, id, ticket, priority, order } = task;
  const excluded = task.mode === 'verify' ? task.voters : [];
  pushReady(state.ready, { skill, excluded, avoided }, { task: id, ticket, priority, order });
}

/** Whether an entry of the ready queue still stands for a waiting task. */
export function isWaiting(state: EngineState, entry: { readonly task: string; readonly ticket: number }): boolean {
  const task = state.tasks.get(entry.task);
  return task !== undefined && task.phase === 'ready' && task.ticket === entry.ticket;
}

/** Gives a waiting task to an agent under a new attempt. */
export function assign(turn: Turn, task: Task, agent: AgentState): void {
  const { state } = turn;
  const { leaseMs } = stageOf(state, task).spec;
  task.phase = 'running';
  task.attempt += 1;
  task.lease = { agent: agent.id, assignedAt: state.now, expiresAt: state.now + leaseMs };
  if (task.mode === 'verify') {
    task.stuckSince = undefined;
  }
  agent.held.add(task.id);
  state.running += 1;
  state.starved = false;
  const { id, attempt, skill, input, mode } = task;
  turn.effects.push({ type: 'assign', agent: agent.id, task: id, attempt, skill, input, leaseMs, mode });
}

/** Ends the running attempt of a task, however it ended; gives the agent that held it. */
export function release(state: EngineState, task: Task): AgentState | undefined {
  const agent = task.lease === undefined ? undefined : state.agents.get(task.lease.agent);
  agent?.held.delete(task.id);
  state.running -= 1;
  task.lease = undefined;
  task.phase = 'ready';
  return agent;
}

/** Ends the running attempt because its result is no longer wanted, and tells the agent. */
export function revoke(turn: Turn, task: Task): void {
  const agent = release(turn.state, task);
  turn.state.account.rerun += 1;
  if (agent?.alive === true) {
    turn.effects.push({ type: 'revoke', agent: agent.id, task: task.id, attempt: task.attempt });
  }
}

/** Takes a completion as the result of the task. */
export function accept(state: EngineState, task: Task, agent: AgentState, claims: string): void {
  task.phase = 'done';
  task.accepted = { agent: agent.id, node: agent.node, claims };
  agent.results.add(task.id);
  state.account.completed += 1;
  tallyOf(state.account, agent.node).accepted += 1;
  if (task.mode === 'verify') {
    state.pendingVerifications.delete(task.id);
  }
}

/** Throws the accepted result of a task away. */
export function withdraw(state: EngineState, task: Task): void {
  if (task.accepted === undefined) {
    return;
  }
  state.agents.get(task.accepted.agent)?.results.delete(task.id);
  tallyOf(state.account, task.accepted.node).accepted -= 1;
  state.account.completed -= 1;
  state.account.rerun += 1;
  state.parked.delete(task.id);
  task.accepted = undefined;
}

/** Takes a task out of the job, whatever became of it; its id may come back, its attempts may not. */
export function dropTask(turn: Turn, task: Task): void {
  const { state } = turn;
  switch (task.phase) {
    case 'running':
      revoke(turn, task);
      break;
    case 'done':
      withdraw(state, task);
      break;
    case 'ready':
    case 'parked':
      break;
    default:
      unreachable(task.phase);
  }
  state.parked.delete(task.id);
  state.pendingVerifications.delete(task.id);
  state.fences.set(task.id, task.attempt);
  state.tasks.delete(task.id);
  state.account.total -= 1;
}

/** The stage of a task. */
export function stageOf(state: EngineState, task: Task): StageState {
  return stageNamed(state, task.stage);
}

/** A stage that the checked graph is known to have. */
export function stageNamed(state: EngineState, id: string): StageState {
  const stage = state.stages.get(id);
  if (stage === undefined) {
    throw new Error(`no stage ${id}: the graph was not checked`);
  }
  return stage;
}

function addTask(state: EngineState, task: Task): void {
  state.tasks.set(task.id, task);
  state.account.total += 1;
  enqueue(state, task);
}

function freshTask(state: EngineState, id: string, stage: StageState) {
  return {
    id,
    stage: stage.spec.id,
    skill: stage.spec.skill,
    priority: stage.spec.priority,
    phase: 'ready' as const,
    attempt: state.fences.get(id) ?? 0,
    failures: 0,
    losses: 0,
    avoided: [],
    ticket: 0,
    lease: undefined,
    accepted: undefined,
  };
}
