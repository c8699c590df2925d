/**
 * Makes a failed run small enough to be read: fewer faults and operations, a calmer world, shorter faults. A smaller
 * run counts only when it breaks the same invariant. What it may spend is counted in runs and events, never in time, so the
 * same failure becomes the same small run everywhere.
 *
 *     what comes after the failure goes  ->  ddmin over faults, operations, nodes that are lost or rot
 *       ^                                ->  knobs turned to calm, all at once or one by one
 *       '--- while it helps and runs are left --- durations of faults halved
 */
import { ddmin } from './ddmin.js';
import type { Fault } from './faults.js';
import { calm, rates } from './knobs.js';
import type { Model } from './model.js';
import { type Failure, type Outcome, runSeed, type RunPlan } from './run.js';

/** How much to spend on it. */
export interface ShrinkOptions {
  /** Runs at most. Default 300. */
  readonly runs?: number;
  /** Events of all runs together at most, which bounds it where each run is a storm. Default 20 million. */
  readonly events?: number;
  /** Told after each run: how many there were, and how many faults and operations are left. */
  readonly onRun?: (runs: number, left: number) => void;
}

/** A failed run that was made smaller. */
export interface Shrunk {
  readonly plan: RunPlan;
  /** How the run of that plan fails. */
  readonly failure: Failure;
  /** Runs that it took. */
  readonly runs: number;
}

/** A fault that is shorter than this is short enough, in virtual microseconds. */
const SHORT_US = 1_000;

/** Makes the plan of a failed run smaller. @throws RangeError when the run did not fail. */
export function shrink(
  model: Model,
  { seed, plan, failure }: Pick<Outcome, 'seed' | 'plan' | 'failure'>,
  { runs = 300, events = 20_000_000, onRun }: ShrinkOptions = {},
): Shrunk {
  if (failure === undefined) throw new RangeError(`seed ${seed} did not fail: there is nothing to make smaller`);
  const search = new Search(model, seed, plan, failure, { runs, events, onRun });
  cutTail(search, model.busyUs);
  for (let before = Number.NaN; search.weight !== before && !search.spent; ) {
    before = search.weight;
    ddmin(partsOf(search.plan), (parts) => search.try(planWith(search.plan, parts)));
    calmKnobs(search);
    halveDurations(search);
  }
  return { plan: search.plan, failure: search.failure, runs: search.runs };
}

/** What a search may spend, and whom it tells. */
interface Budget {
  readonly runs: number;
  readonly events: number;
  readonly onRun: ShrinkOptions['onRun'];
}

/** The smallest plan so far that fails alike. */
class Search {
  plan: RunPlan;
  failure: Failure;
  runs = 0;
  #events = 0;
  readonly #model: Model;
  readonly #seed: number;
  readonly #budget: Budget;

  constructor(model: Model, seed: number, plan: RunPlan, failure: Failure, budget: Budget) {
    this.plan = plan;
    this.failure = failure;
    this.#model = model;
    this.#seed = seed;
    this.#budget = budget;
  }

  get spent(): boolean {
    return this.runs >= this.#budget.runs || this.#events >= this.#budget.events;
  }

  /** Changes whenever the plan became smaller in any respect. */
  get weight(): number {
    const { faults, knobs } = this.plan;
    const wild = rates.filter((rate) => knobs[rate] !== calm[rate]).length;
    return partsOf(this.plan).length + wild + faults.reduce((sum, { forUs }) => sum + forUs, 0);
  }

  /** Goes on with this plan when it fails alike. */
  try(plan: RunPlan): boolean {
    if (this.spent) return false;
    this.runs += 1;
    const { failure, events } = runSeed(this.#model, this.#seed, { plan });
    this.#events += events;
    const alike = failure !== undefined && isAlike(failure, this.failure);
    if (alike) {
      this.plan = plan;
      this.failure = failure;
    }
    this.#budget.onRun?.(this.runs, this.plan.faults.length + this.plan.operations.length);
    return alike;
  }
}

/** The same invariant; of what the code threw by itself, the same class of error. */
function isAlike(one: Failure, other: Failure): boolean {
  const kind = ({ invariant, message }: Failure): string =>
    invariant === 'crash' ? `crash ${message.split(/[:\n]/, 1).join('')}` : invariant;
  return kind(one) === kind(other);
}

/** What comes after the failure had no part in it. */
function cutTail(search: Search, busyUs: number): void {
  const { plan, failure } = search;
  if (failure.atUs >= busyUs) return;
  search.try({
    ...plan,
    faults: plan.faults.filter(({ atUs }) => atUs <= failure.atUs),
    operations: plan.operations.filter(({ atUs }) => atUs <= failure.atUs),
    lost: [],
  });
}

/** Something that can be left out of a plan. */
type Part =
  | { readonly type: 'fault'; readonly atUs: number; readonly fault: Fault }
  | { readonly type: 'operation'; readonly atUs: number; readonly operation: RunPlan['operations'][number] }
  | { readonly type: 'lost' | 'rotten'; readonly atUs: number; readonly node: number };

/** By time, so that neighbours belong together. */
function partsOf({ faults, operations, lost, rotten }: RunPlan): readonly Part[] {
  const parts: Part[] = [
    ...faults.map((fault): Part => ({ type: 'fault', atUs: fault.atUs, fault })),
    ...operations.map((operation): Part => ({ type: 'operation', atUs: operation.atUs, operation })),
    ...lost.map((node): Part => ({ type: 'lost', atUs: Number.POSITIVE_INFINITY, node })),
    ...rotten.map((node): Part => ({ type: 'rotten', atUs: Number.POSITIVE_INFINITY, node })),
  ];
  // Two that are infinite are neither before nor after each other.
  return parts.sort((one, other) => (one.atUs === other.atUs ? 0 : one.atUs - other.atUs));
}

function planWith(plan: RunPlan, parts: readonly Part[]): RunPlan {
  return {
    ...plan,
    faults: parts.flatMap((part) => (part.type === 'fault' ? [part.fault] : [])),
    operations: parts.flatMap((part) => (part.type === 'operation' ? [part.operation] : [])),
    lost: parts.flatMap((part) => (part.type === 'lost' ? [part.node] : [])),
    rotten: parts.flatMap((part) => (part.type === 'rotten' ? [part.node] : [])),
  };
}

function calmKnobs(search: Search): void {
  const wild = rates.filter((rate) => search.plan.knobs[rate] !== calm[rate]);
  const turned = (some: readonly (typeof rates)[number][]): RunPlan => ({
    ...search.plan,
    knobs: { ...search.plan.knobs, ...Object.fromEntries(some.map((rate) => [rate, calm[rate]])) },
  });
  if (wild.length === 0 || search.try(turned(wild))) return;
  for (const rate of wild) search.try(turned([rate]));
}

function halveDurations(search: Search): void {
  for (let index = 0; index < search.plan.faults.length; index += 1) {
    const halved = (): RunPlan => ({
      ...search.plan,
      faults: search.plan.faults.map((fault, at) =>
        at === index ? { ...fault, forUs: Math.floor(fault.forUs / 2) } : fault,
      ),
    });
    // How long a clock jumps says nothing: it jumps at once.
    const long = (): boolean => {
      const { kind, forUs } = search.plan.faults[index] ?? { kind: 'jump', forUs: 0 };
      return kind !== 'jump' && forUs > SHORT_US;
    };
    let helps = true;
    while (helps && long()) helps = search.try(halved());
  }
}
