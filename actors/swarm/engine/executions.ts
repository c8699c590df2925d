/**
 * What agents say of the tasks they hold. Only the holder of the current attempt is listened to.
 */
import type { WireError } from '#protocols/wire/error';
import { giveUp, requeueLost } from './failing.js';
import type { EngineInput, Execution } from './messages.js';
import type { SkillHistory } from './scheduler.js';
import type { AgentState, EngineState, Task, Turn } from './state.js';
import { accept, enqueue, release, stageOf } from './tasks.js';
import { beginVerification, tally } from './verification.js';
import { canonicalClaims } from './votes.js';

/** Takes a completion, if it is the one that counts. */
export function complete(turn: Turn, input: Extract<EngineInput, { type: 'completed' }>): void {
  const { state } = turn;
  const task = heldTask(state, input);
  if (task === undefined) {
    state.account.duplicatesIgnored += 1;
    return;
  }
  const tookMs = state.now - (task.lease?.assignedAt ?? state.now);
  const agent = release(state, task);
  if (agent === undefined) {
    return;
  }
  agent.leasesKept += 1;
  const past = historyOf(agent, task.skill);
  past.successes += 1;
  const claims = input.claims ?? [];
  accept(state, task, agent, canonicalClaims(claims));
  if (task.mode === 'verify') {
    const subject = state.tasks.get(task.subject);
    if (subject?.mode === 'run') {
      tally(turn, subject);
    }
    return;
  }
  past.runs += 1;
  past.totalMs += tookMs;
  task.output = input.output;
  beginVerification(turn, task, claims.length, input.narrowed);
}

/** Takes a failure: it costs a retry, and another agent is to try if there is one. */
export function fail(state: EngineState, input: Extract<EngineInput, { type: 'failed' }>): void {
  const task = heldTask(state, input);
  const agent = task === undefined ? undefined : release(state, task);
  if (task === undefined || agent === undefined) {
    return;
  }
  agent.leasesKept += 1;
  historyOf(agent, task.skill).failures += 1;
  task.failures += 1;
  avoid(task, agent.id);
  const { retries } = stageOf(state, task).spec;
  if (task.failures > retries) {
    giveUp(state, task, taskFailed(state, task, input.error));
  } else {
    state.account.rerun += 1;
    enqueue(state, task);
  }
}

/** Extends the lease; an agent that works on something it does not hold is told to stop. */
export function renew(turn: Turn, input: Extract<EngineInput, { type: 'renew' }>): void {
  const { state } = turn;
  const task = heldTask(state, input);
  if (task?.lease === undefined) {
    turn.effects.push({ type: 'revoke', agent: input.agent, task: input.task, attempt: input.attempt });
    return;
  }
  task.lease.expiresAt = state.now + stageOf(state, task).spec.leaseMs;
}

/** Takes back what was held too long. Walks what is running, which the agents' capacity bounds, not all tasks. */
export function expireLeases(turn: Turn): void {
  const { state } = turn;
  for (const agent of state.agents.values()) {
    for (const id of [...agent.held]) {
      const task = state.tasks.get(id);
      if (task?.lease === undefined || task.lease.expiresAt > state.now) {
        continue;
      }
      release(state, task);
      agent.leasesExpired += 1;
      state.account.rerun += 1;
      turn.effects.push({ type: 'revoke', agent: agent.id, task: id, attempt: task.attempt });
      avoid(task, agent.id);
      requeueLost(state, task, `its lease expired at agent ${agent.id}`);
    }
  }
}

/** The task that the agent holds under that attempt. */
function heldTask(state: EngineState, execution: Execution): Task | undefined {
  const task = state.tasks.get(execution.task);
  return task?.lease?.agent === execution.agent && task.attempt === execution.attempt ? task : undefined;
}

function avoid(task: Task, agent: string): void {
  if (!task.avoided.includes(agent)) {
    task.avoided.push(agent);
  }
}

function historyOf(agent: AgentState, skill: string): SkillHistory {
  let past = agent.history.get(skill);
  if (past === undefined) {
    past = { successes: 0, failures: 0, runs: 0, totalMs: 0 };
    agent.history.set(skill, past);
  }
  return past;
}

/** Names the task and the last cause. A reduction's input holds the outputs of whole stages, so it stays out. */
function taskFailed(state: EngineState, task: Task, cause: WireError): WireError {
  const { id, stage, failures } = task;
  const message = `task ${id} failed on each of ${failures} attempts; the last: ${cause.message}`;
  const input = stageOf(state, task).spec.kind === 'reduce' ? {} : { input: task.input };
  return { code: 'TASK_FAILED', message, facts: { task: id, stage, failures, ...input, cause } };
}
