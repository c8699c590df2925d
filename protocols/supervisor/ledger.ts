/**
 * The ledger of tasks. A task is accepted once, by the name of its client and the client's own number; it is carried out
 * at least once, and of its completions the first that is committed counts. A completion counts only from the child, the
 * epoch and the attempt that the task is assigned to, so whoever was given up cannot have a say later.
 */
import type { Command, Outcome } from './command.js';
import { type SupervisorState, type Task, taskId } from './state.js';

type Of<Type extends Command['type']> = Extract<Command, { readonly type: Type }>;

/** A client hands over a task, or asks after it. */
export function submit(state: SupervisorState, { client, seq, acked, payload }: Of<'submit'>, out: Outcome[]): void {
  const task = taskId({ client, seq });
  const floor = Math.max(state.acked.get(client) ?? 0, acked);
  if (floor > 0) forget(state, client, floor);
  // It may have been under way for long: the client has its result, and it is not remembered any more.
  if (seq <= floor && !state.tasks.has(task)) {
    out.push({ type: 'settled', task });
    return;
  }
  const again = state.tasks.has(task);
  if (!again) state.tasks.set(task, { client, seq, payload, attempt: 0, assigned: undefined, result: undefined });
  out.push({ type: 'accepted', task, again });
}

/** The client has the results of its tasks up to here. */
function forget(state: SupervisorState, client: string, upTo: number): void {
  const from = state.acked.get(client) ?? 0;
  state.acked.set(client, upTo);
  for (let seq = from + 1; seq <= upTo; seq += 1) {
    const id = taskId({ client, seq });
    if (state.tasks.get(id)?.result !== undefined) state.tasks.delete(id);
  }
}

/** A ready task goes to a child that has a home. */
export function assign(
  state: SupervisorState,
  { task: id, attempt, child, epoch }: Of<'assign'>,
  out: Outcome[],
): void {
  const task = state.tasks.get(id);
  const to = state.children.get(child);
  const ready = task !== undefined && task.assigned === undefined && task.result === undefined;
  if (!ready || task.attempt !== attempt || to?.epoch !== epoch || to.home === undefined || to.home.leaving) {
    out.push({ type: 'refused', command: 'assign', epoch });
    return;
  }
  state.tasks.set(id, { ...task, attempt: attempt + 1, assigned: { child, epoch } });
  out.push({ type: 'assigned', task: id, child, epoch, attempt: attempt + 1 });
}

/** The first completion counts, of the attempt that the task is at. */
export function complete(state: SupervisorState, command: Of<'complete'>, out: Outcome[]): void {
  const { task: id, child, epoch, attempt, result } = command;
  const task = state.tasks.get(id);
  if (task === undefined || !isAt(task, command)) {
    out.push({ type: 'refused', command: 'complete', epoch });
    return;
  }
  state.tasks.set(id, { ...task, assigned: undefined, result });
  out.push({ type: 'completed', task: id, child, epoch, attempt });
}

/** The attempt came to nothing: another one follows. */
export function fail(state: SupervisorState, command: Of<'fail'>, out: Outcome[]): void {
  const { task: id, epoch } = command;
  const task = state.tasks.get(id);
  if (task === undefined || !isAt(task, command)) {
    out.push({ type: 'refused', command: 'fail', epoch });
    return;
  }
  requeue(state, id, task, out);
}

/** All that a child is at is to be done by whoever comes after it. */
export function requeueAll(state: SupervisorState, child: string, out: Outcome[]): void {
  for (const [id, task] of state.tasks) if (task.assigned?.child === child) requeue(state, id, task, out);
}

function requeue(state: SupervisorState, id: string, task: Task, out: Outcome[]): void {
  state.tasks.set(id, { ...task, assigned: undefined });
  out.push({ type: 'requeued', task: id, attempt: task.attempt });
}

/** Whether the word of a child is about the attempt that the task is at. */
function isAt(task: Task, said: { readonly child: string; readonly epoch: number; readonly attempt: number }): boolean {
  const { assigned, attempt } = task;
  return assigned?.child === said.child && assigned.epoch === said.epoch && attempt === said.attempt;
}
