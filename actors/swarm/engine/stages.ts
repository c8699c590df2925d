/**
 * How stages open, complete and, after a refuted agent, open again. A stage that fed others and had results thrown
 * away does not take its dependents down with it: they go on, and only when the stage is complete again and an output
 * really differs from the one they read are they started over. Most results of an agent that lied once were right.
 */
import { isDeepStrictEqual } from 'node:util';
import { type WireError, unreachable } from '#protocols/wire/error';
import { predecessors } from './graph.js';
import type { EngineState, RunTask, StageState, Turn } from './state.js';
import { reviewParked } from './failing.js';
import { createRun, dropTask, stageNamed, stageOf } from './tasks.js';

/** Opens the stages that wait for nothing. */
export function openRoots(state: EngineState): void {
  for (const stage of state.stages.values()) {
    openIfDue(state, stage);
  }
}

/** Marks a completed run as one whose output may be read. */
export function settle(state: EngineState, run: RunTask, verdict: 'unneeded' | 'verified' | 'unverifiable'): void {
  run.verdict = verdict;
  if (verdict !== 'unneeded') {
    state.account[verdict] += 1;
  }
  stageOf(state, run).settled += 1;
  state.dirty.add(run.stage);
}

/** Takes that back, remembering the output that others may have read. */
export function unsettle(state: EngineState, run: RunTask): void {
  if (run.verdict === 'open') {
    return;
  }
  if (run.verdict !== 'unneeded') {
    state.account[run.verdict] -= 1;
  }
  run.verdict = 'open';
  const stage = stageOf(state, run);
  stage.settled -= 1;
  stage.complete = false;
  if (stage.read && !stage.basis.has(run.index)) {
    stage.basis.set(run.index, run.output);
  }
}

/** Completes the stages that are due and opens what comes after them, until nothing changes. */
export function advanceStages(turn: Turn): void {
  const { state } = turn;
  if (state.dirty.size === 0) {
    return;
  }
  // A Set visits what is added while it is walked, so stages that complete at once (empty maps) come up here too.
  for (const id of state.dirty) {
    state.dirty.delete(id);
    const stage = stageNamed(state, id);
    if (stage.phase === 'open' && !stage.complete && stage.settled === stage.tasks.length) {
      completeStage(turn, stage);
    }
  }
  reviewParked(state);
}

/** Whether every stage is complete. */
export function allComplete(state: EngineState): boolean {
  return [...state.stages.values()].every((stage) => stage.complete);
}

/** The output of the job; see the effect `finished`. */
export function jobOutput(state: EngineState): unknown {
  const sinks = [...state.stages.values()].filter((stage) => stage.feeds.length + stage.precedes.length === 0);
  const [sink] = sinks;
  if (sink !== undefined && sinks.length === 1 && sink.spec.kind !== 'map') {
    return outputsOf(state, sink)[0];
  }
  return Object.fromEntries(sinks.map((stage) => [stage.spec.id, outputsOf(state, stage)]));
}

/** Drops the verifications of a run's present result. */
export function dropVerifications(turn: Turn, run: RunTask): void {
  for (const id of run.verifications) {
    const verification = turn.state.tasks.get(id);
    if (verification !== undefined) {
      dropTask(turn, verification);
    }
  }
  run.verifications = [];
}

function completeStage(turn: Turn, stage: StageState): void {
  const { state } = turn;
  stage.complete = true;
  turn.effects.push({ type: 'stage-completed', stage: stage.spec.id, tasks: stage.tasks.length });
  const changed = [...stage.basis].some(
    ([index, read]) => !isDeepStrictEqual(read, runOf(state, stage.tasks[index]).output),
  );
  stage.basis.clear();
  stage.read = true;
  for (const id of stage.feeds) {
    if (changed) {
      resetStage(turn, stageNamed(state, id));
    }
    openIfDue(state, stageNamed(state, id));
  }
  for (const id of stage.precedes) {
    openIfDue(state, stageNamed(state, id));
  }
}

/** Forgets everything a stage did, and everything that was made of it. */
function resetStage(turn: Turn, stage: StageState): void {
  if (stage.phase === 'waiting') {
    return;
  }
  for (const id of stage.tasks) {
    const run = runOf(turn.state, id);
    unsettle(turn.state, run);
    dropVerifications(turn, run);
    dropTask(turn, run);
  }
  stage.tasks = [];
  stage.phase = 'waiting';
  stage.settled = 0;
  stage.complete = false;
  stage.read = false;
  stage.basis.clear();
  for (const id of stage.feeds) {
    resetStage(turn, stageNamed(turn.state, id));
  }
}

function openIfDue(state: EngineState, stage: StageState): void {
  if (stage.phase === 'open' || !predecessors(stage.spec).every((id) => stageNamed(state, id).complete)) {
    return;
  }
  stage.phase = 'open';
  state.dirty.add(stage.spec.id);
  const { spec } = stage;
  switch (spec.kind) {
    case 'task':
      createRun(state, stage, { index: 0, id: spec.id, input: spec.input, nearNode: undefined });
      break;
    case 'map':
      openMap(state, stage, spec.over);
      break;
    case 'reduce': {
      const results = Object.fromEntries(spec.from.map((id) => [id, outputsOf(state, stageNamed(state, id))]));
      const nearNode = state.options.coordinatorNode;
      createRun(state, stage, { index: 0, id: spec.id, input: { input: spec.input, results }, nearNode });
      break;
    }
    default:
      unreachable(spec);
  }
}

function openMap(
  state: EngineState,
  stage: StageState,
  over: { readonly stage: string; readonly field: string },
): void {
  const source = runOf(state, stageNamed(state, over.stage).tasks[0]);
  const { output } = source;
  const elements: unknown =
    typeof output === 'object' && output !== null
      ? Object.entries(output).find(([key]) => key === over.field)?.[1]
      : undefined;
  if (!Array.isArray(elements)) {
    state.failure ??= notAnArray(stage.spec.id, over);
    return;
  }
  for (const [index, input] of elements.entries()) {
    createRun(state, stage, { index, id: `${stage.spec.id}/${index}`, input, nearNode: source.accepted?.node });
  }
}

function notAnArray(stage: string, over: { readonly stage: string; readonly field: string }): WireError {
  const message = `stage '${stage}': the output of '${over.stage}' has no array under '${over.field}'`;
  return { code: 'BAD_GRAPH', message, facts: { stage, field: 'over.field' } };
}

function outputsOf(state: EngineState, stage: StageState): readonly unknown[] {
  return stage.tasks.map((id) => runOf(state, id).output);
}

function runOf(state: EngineState, id: string | undefined): RunTask {
  const task = id === undefined ? undefined : state.tasks.get(id);
  if (task?.mode !== 'run') {
    throw new Error(`no task ${String(id)} in its stage`);
  }
  return task;
}
