/**
 * When a task fails the job, and when that has to wait: a task whose own input is being produced again may have failed
 * only because the agent that made the input lied.
 */
import type { WireError } from '#protocols/wire/error';
import { dataSources } from './graph.js';
import type { EngineState, StageState, Task } from './state.js';
import { enqueue, stageNamed, stageOf } from './tasks.js';

/** Counts an agent or a lease lost under the task, and queues it again unless that happened too often. */
export function requeueLost(state: EngineState, task: Task, cause: string): void {
  task.losses += 1;
  if (task.losses > state.options.maxLosses) {
    const message = `task ${task.id} was lost ${task.losses} times; the last time ${cause}`;
    giveUp(state, task, { code: 'TASK_FAILED', message, facts: { task: task.id, stage: task.stage } });
    return;
  }
  enqueue(state, task);
}

/**
 * Fails the job over a task. While an input of the task is itself being produced again the verdict waits, because the
 * failure may be the doing of the agent that lied about that input.
 */
export function giveUp(state: EngineState, task: Task, error: WireError): void {
  if (task.phase !== 'done') {
    task.phase = 'parked';
  }
  if (sourcesHold(state, stageOf(state, task))) {
    state.failure ??= error;
  } else {
    state.parked.set(task.id, error);
  }
}

/** Fails the job over the tasks that were waiting to know whether their input was right, and now know. */
export function reviewParked(state: EngineState): void {
  for (const [id, error] of state.parked) {
    const task = state.tasks.get(id);
    if (task !== undefined && sourcesHold(state, stageOf(state, task))) {
      state.failure ??= error;
    }
  }
}

function sourcesHold(state: EngineState, stage: StageState): boolean {
  return dataSources(stage.spec).every((id) => {
    const source = stageNamed(state, id);
    return source.complete && sourcesHold(state, source);
  });
}
