/**
 * Applies committed entries of the log to a supervisor. The same entries make the same state on every voter: no clock, no
 * chance, and times only from the entries.
 */
import { unreachable } from '../wire/error.js';
import type { Batch, Command, EndReason, Outcome, WithdrawReason } from './command.js';
import { addRestart, doubledMs } from './intensity.js';
import { assign, complete, fail, requeueAll, submit } from './ledger.js';
import type { SupervisorSettings } from './settings.js';
import type { Child, Home, SupervisorState } from './state.js';

type Of<Type extends Command['type']> = Extract<Command, { readonly type: Type }>;

/** Applies one entry; the state that is given is changed. */
export function applyBatch(state: SupervisorState, batch: Batch, settings: SupervisorSettings): readonly Outcome[] {
  // A new leader goes on from the time that it found, which may be behind that of an entry which it had not applied.
  state.timeMs = Math.max(state.timeMs, batch.atMs);
  const out: Outcome[] = [];
  for (const command of batch.commands) applyCommand(state, command, settings, out);
  return out;
}

function applyCommand(state: SupervisorState, command: Command, settings: SupervisorSettings, out: Outcome[]): void {
  switch (command.type) {
    case 'add-child':
      return addChild(state, command, out);
    case 'remove-child':
      return removeChild(state, command, out);
    case 'member':
      return noteMember(state, command, out);
    case 'drain':
      return drain(state, command, out);
    case 'withdraw':
      return withdrawOne(state, command, out);
    case 'place':
      return placeChild(state, command, out);
    case 'ended':
      return endChild(state, command, settings, out);
    case 'vacate':
      return vacate(state, command, out);
    case 'resume':
      return resume(state, out);
    case 'submit':
      return submit(state, command, out);
    case 'assign':
      return assign(state, command, out);
    case 'complete':
      return complete(state, command, out);
    case 'fail':
      return fail(state, command, out);
    default:
      return unreachable(command);
  }
}

function addChild(state: SupervisorState, { child: { name, required } }: Of<'add-child'>, out: Outcome[]): void {
  const before = state.children.get(name);
  // It is still on its way out: it comes back as what is wanted now, and keeps its home.
  if (before !== undefined && !before.removed) return;
  const child = before ?? { epoch: 0, home: undefined, notBeforeMs: 0 };
  state.children.set(name, { ...child, name, required, removed: false });
  out.push({ type: 'added', child: name });
}

function removeChild(state: SupervisorState, { child: name }: Of<'remove-child'>, out: Outcome[]): void {
  const child = state.children.get(name);
  if (child === undefined || child.removed) return;
  state.children.set(name, { ...child, removed: true });
  out.push({ type: 'removed', child: name });
  if (child.home === undefined) state.children.delete(name);
  else withdraw(state, name, 'removed', out);
}

function noteMember(state: SupervisorState, command: Of<'member'>, out: Outcome[]): void {
  const { node, life, incarnation, status, labels } = command;
  const before = state.members.get(node);
  if (before !== undefined) {
    // What SWIM forgot with a life of its own is not news.
    if (life < before.life || (life === before.life && incarnation < before.incarnation)) return;
  }
  state.members.set(node, { node, life, incarnation, status, labels, draining: before?.draining ?? false });
  out.push({ type: 'member', node, life, status });
  for (const { name, epoch, home } of state.children.values()) {
    if (home?.node !== node) continue;
    // A new life of a node begins when the one before is over, and with it all that ran there.
    if (home.life < life) vacated(state, name, epoch, 'restart', out);
    else if (status !== 'alive') withdraw(state, name, 'node-down', out);
  }
}

function drain(state: SupervisorState, { node, draining }: Of<'drain'>, out: Outcome[]): void {
  const member = state.members.get(node);
  if (member === undefined || member.draining === draining) return;
  state.members.set(node, { ...member, draining });
  out.push({ type: 'drain', node, draining });
}

function withdrawOne(state: SupervisorState, { child: name, epoch, reason }: Of<'withdraw'>, out: Outcome[]): void {
  if (state.children.get(name)?.epoch === epoch) withdraw(state, name, reason, out);
  else out.push({ type: 'refused', command: 'withdraw', epoch });
}

function placeChild(state: SupervisorState, command: Of<'place'>, out: Outcome[]): void {
  const { child: name, after, node, life } = command;
  const child = state.children.get(name);
  const member = state.members.get(node);
  const fits = child !== undefined && child.epoch === after && !child.removed && (child.home?.leaving ?? true);
  const there = member?.status === 'alive' && member.life === life && !member.draining;
  if (!fits || !there || state.escalatedMs !== undefined) {
    out.push({ type: 'refused', command: 'place', epoch: after });
    return;
  }
  if (child.home !== undefined) vacated(state, name, after, 'lease', out);
  state.epoch += 1;
  const epoch = state.epoch;
  const home: Home = { node, life, leaving: false };
  state.children.set(name, { ...child, epoch, home });
  out.push({ type: 'placed', child: name, epoch, node, life, after: child.home === undefined ? 'end' : 'lease' });
}

function endChild(
  state: SupervisorState,
  { child: name, epoch, reason }: Of<'ended'>,
  settings: SupervisorSettings,
  out: Outcome[],
): void {
  const child = state.children.get(name);
  if (child?.home === undefined || child.epoch !== epoch) {
    out.push({ type: 'refused', command: 'ended', epoch });
    return;
  }
  vacated(state, name, epoch, reason, out);
  if (reason === 'crash') crashed(state, child, settings, out);
}

/** Counts a crash, and restarts whom the strategy restarts along. */
function crashed(state: SupervisorState, { name }: Child, settings: SupervisorSettings, out: Outcome[]): void {
  const child = state.children.get(name);
  if (child === undefined || child.removed) return;
  const { allowed, history } = addRestart(state.crashes, state.timeMs, settings.intensity);
  const { firstMs, maxMs } = settings.backoff;
  const notBeforeMs = state.timeMs + doubledMs(history.length, firstMs, maxMs);
  state.crashes = history;
  state.children.set(name, { ...child, notBeforeMs });
  if (!allowed && state.escalatedMs === undefined) {
    state.escalatedMs = state.timeMs;
    out.push({ type: 'escalated', child: name });
    for (const each of [...state.children.keys()]) withdraw(state, each, 'escalated', out);
    return;
  }
  const names = [...state.children.keys()];
  const others = settings.strategy === 'rest-for-one' ? names.slice(names.indexOf(name) + 1) : names;
  if (settings.strategy !== 'one-for-one') for (const other of others) withdraw(state, other, 'strategy', out);
}

function vacate(state: SupervisorState, { child: name, epoch }: Of<'vacate'>, out: Outcome[]): void {
  const child = state.children.get(name);
  if (child?.epoch === epoch && child.home?.leaving === true) vacated(state, name, epoch, 'lease', out);
  else out.push({ type: 'refused', command: 'vacate', epoch });
}

/** The parent's new beginning: nobody's crashes count any more. */
function resume(state: SupervisorState, out: Outcome[]): void {
  if (state.escalatedMs === undefined) {
    out.push({ type: 'refused', command: 'resume', epoch: 0 });
    return;
  }
  state.escalatedMs = undefined;
  state.crashes = [];
  for (const [name, child] of state.children) state.children.set(name, { ...child, notBeforeMs: 0 });
  out.push({ type: 'resumed' });
}

/** No lease is given any more for where the child is. */
function withdraw(state: SupervisorState, name: string, reason: WithdrawReason, out: Outcome[]): void {
  const child = state.children.get(name);
  if (child?.home === undefined || child.home.leaving) return;
  state.children.set(name, { ...child, home: { ...child.home, leaving: true } });
  out.push({ type: 'withdrawn', child: name, epoch: child.epoch, reason });
}

/** The child runs nowhere any more, and what it was at is to be done by whoever comes after. */
function vacated(
  state: SupervisorState,
  name: string,
  epoch: number,
  reason: EndReason | 'restart' | 'lease',
  out: Outcome[],
): void {
  const child = state.children.get(name);
  if (child === undefined) return;
  if (child.removed) state.children.delete(name);
  else state.children.set(name, { ...child, home: undefined });
  out.push({ type: 'ended', child: name, epoch, reason });
  requeueAll(state, name, out);
}
