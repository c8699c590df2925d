/**
 * Follows a placement while nodes come and go: a step function that is told what there is, and asks for one hand-off
 * after the other, a few at a time. What was not done when something changes is forgotten, and the way is planned anew
 * from where things are.
 *
 *     nodes, items ──> plan ──> copy ... done ──> drop ... done ──> settled
 *                       ^          └── failed ──> tried again when anything else is done, or at the next tick
 *                       └── anything changes
 */
import { unreachable } from '../wire/error.js';
import { diffPlacements, type Step } from './diff.js';
import type { Placement, PlacementItem, PlacementNode } from './node.js';
import { place } from './place.js';

export type RebalanceInput =
  /** These are all nodes, or all items, from now on. */
  | { readonly type: 'nodes'; readonly nodes: readonly PlacementNode[] }
  | { readonly type: 'items'; readonly items: readonly PlacementItem[] }
  /** A step that was asked for has been done, or could not be. */
  | { readonly type: 'done' | 'failed'; readonly step: Step }
  /** Time for what failed to be tried again. */
  | { readonly type: 'tick' };

export type RebalanceEffect =
  | { readonly type: 'step'; readonly step: Step }
  /** Replicas that have no place, by key. */
  | { readonly type: 'missing'; readonly missing: ReadonlyMap<string, number> }
  /** Everything is where it should be. */
  | { readonly type: 'settled' };

/** State of {@link stepRebalance}. */
export interface RebalanceState {
  /** Steps that are being done at once, at most. */
  readonly atOnce: number;
  nodes: readonly PlacementNode[];
  items: readonly PlacementItem[];
  /** Where things are. */
  readonly current: Map<string, readonly string[]>;
  target: Placement;
  running: readonly Step[];
}

/** A follower of placements; `current` is where things are. */
export function newRebalance(atOnce: number, current: Placement = new Map()): RebalanceState {
  return { atOnce, nodes: [], items: [], current: new Map(current), target: new Map(), running: [] };
}

/** One step. It changes the state that it is given. */
export function stepRebalance(
  state: RebalanceState,
  input: RebalanceInput,
): { readonly state: RebalanceState; readonly effects: readonly RebalanceEffect[] } {
  const effects: RebalanceEffect[] = [];
  switch (input.type) {
    case 'nodes':
      state.nodes = input.nodes;
      retarget(state, effects);
      break;
    case 'items':
      state.items = input.items;
      retarget(state, effects);
      break;
    case 'done':
    case 'failed':
      if (!ended(state, input.step)) return { state, effects };
      if (input.type === 'done') note(state, input.step);
      break;
    case 'tick':
      break;
    default:
      return unreachable(input);
  }
  // What has just failed is not tried again at once.
  const held = input.type === 'failed' ? input.step : undefined;
  askForMore(state, held, effects);
  return { state, effects };
}

function retarget(state: RebalanceState, effects: RebalanceEffect[]): void {
  const { placement, missing } = place(state.items, state.nodes);
  state.target = placement;
  const living = new Set(state.nodes.map(({ id }) => id));
  // What a node held that is gone, nobody holds; and what was on its way there does not arrive.
  for (const [key, ids] of state.current) {
    const left = ids.filter((id) => living.has(id));
    if (left.length < ids.length) state.current.set(key, left);
  }
  state.running = state.running.filter((step) => living.has(step.type === 'copy' ? step.to : step.node));
  if (missing.size > 0) effects.push({ type: 'missing', missing });
}

function askForMore(state: RebalanceState, held: Step | undefined, effects: RebalanceEffect[]): void {
  const plan = diffPlacements(state.current, state.target, state.items, state.nodes);
  if (plan.length === 0 && state.running.length === 0) effects.push({ type: 'settled' });
  // Only the steps before the first that has to wait for another: a drop waits for the copies of its item.
  const copying = new Set<string>();
  for (const step of plan) {
    if (step.type === 'copy') copying.add(step.key);
    if (state.running.length >= state.atOnce) return;
    const waits = step.type === 'drop' && copying.has(step.key);
    if (waits || isSame(step, held) || state.running.some((one) => isSame(one, step))) continue;
    if (step.type === 'copy' && !step.over && !hasRoom(state, step)) continue;
    state.running = [...state.running, step];
    effects.push({ type: 'step', step });
  }
}

/** Room at the node of a copy now, with what is on its way there: the plan counts on drops that are not done yet. */
function hasRoom(
  { nodes, items, current, running }: RebalanceState,
  { key, to }: Extract<Step, { type: 'copy' }>,
): boolean {
  const capacity = nodes.find(({ id }) => id === to)?.capacity;
  if (capacity === undefined) return true;
  const sizeOf = (name: string): number => items.find((item) => item.key === name)?.size ?? 1;
  let used = sizeOf(key);
  for (const [name, ids] of current) if (ids.includes(to)) used += sizeOf(name);
  for (const step of running) if (step.type === 'copy' && step.to === to) used += sizeOf(step.key);
  return used <= capacity;
}

/** Takes a step out of those that run; false when it was none of them. */
function ended(state: RebalanceState, step: Step): boolean {
  const left = state.running.filter((one) => !isSame(one, step));
  const found = left.length < state.running.length;
  state.running = left;
  return found;
}

function note({ current }: RebalanceState, step: Step): void {
  const before = current.get(step.key) ?? [];
  const after = step.type === 'copy' ? [...before, step.to] : before.filter((id) => id !== step.node);
  if (after.length === 0) current.delete(step.key);
  else current.set(step.key, after);
}

function isSame(one: Step, other: Step | undefined): boolean {
  if (other === undefined || one.key !== other.key) return false;
  if (one.type === 'copy') return other.type === 'copy' && one.to === other.to;
  return other.type === 'drop' && one.node === other.node;
}
