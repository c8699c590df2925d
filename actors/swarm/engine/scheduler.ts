/**
 * The choice of an agent for a task: a pure function of what is known of the agents. Constraints say who may have the
 * task at all; the score orders those who may; equal scores are ordered by agent id, so that the same history always
 * gives the same choice.
 *
 *   score = 0.30 availability + 0.25 expertise + 0.20 workload + 0.15 performance + 0.10 affinity
 */

/** What an agent did with one skill. */
export interface SkillHistory {
  successes: number;
  failures: number;
  /** Completions in mode `run`, and the milliseconds from assignment to completion that they took together. */
  runs: number;
  totalMs: number;
}

/** What the scheduler looks at in an agent. */
export interface Candidate {
  readonly id: string;
  readonly node: string;
  readonly executor: string;
  readonly skills: ReadonlySet<string>;
  readonly capacity: number;
  readonly alive: boolean;
  readonly quarantined: boolean;
  /** Tasks it holds. */
  readonly held: ReadonlySet<string>;
  /** Leases it answered in time, and leases it let expire. */
  readonly leasesKept: number;
  readonly leasesExpired: number;
  readonly history: ReadonlyMap<string, SkillHistory>;
}

/** Where a candidate is; verification keeps apart from the places that already voted. */
type Place = Pick<Candidate, 'node' | 'executor'>;

/** A task in search of an agent. */
interface PlacementRequest {
  readonly skill: string;
  /** Agents that must not have it. */
  readonly excluded: readonly string[];
  /** Agents that get it only when nobody else is alive to take it: they failed it or let its lease expire. */
  readonly avoided: readonly string[];
  /** Places to keep away from: another node if any is alive, else another executor, else anywhere. */
  readonly apartFrom: readonly Place[];
  /** Node that holds what the task needs, where there is one. */
  readonly nearNode: string | undefined;
}

/** The terms of a score, each from 0 (worst) to 1. */
interface Score {
  /** Share of its leases that it answered before they ended, beginning at 1: (kept + 1) / (kept + expired + 1). */
  readonly availability: number;
  /** Share of its executions of the skill that succeeded, with two successes as the prior, so that new agents get work. */
  readonly expertise: number;
  /** Share of its capacity that is free. */
  readonly workload: number;
  /** Mean duration of the fastest candidate over its own, for the skill; 1 while it has no completion. */
  readonly performance: number;
  /** 1 on `nearNode`, or everywhere when there is none; otherwise 0. */
  readonly affinity: number;
  readonly total: number;
}

/** Whether the agent may have the task at some time, busy or not. */
export function isEligible(request: Pick<PlacementRequest, 'skill' | 'excluded'>, agent: Candidate): boolean {
  return agent.alive && !agent.quarantined && agent.skills.has(request.skill) && !request.excluded.includes(agent.id);
}

/** Whether the agent can take one more task now. */
export function isFree(agent: Candidate): boolean {
  return agent.held.size < agent.capacity;
}

/**
 * The agent to give the task to, or undefined when the task must wait. It waits for a busy agent on another node
 * rather than take a free one too near: that agent is alive, so it frees itself or its lease ends.
 */
export function chooseAgent<A extends Candidate>(request: PlacementRequest, agents: readonly A[]): A | undefined {
  const eligible = agents.filter((agent) => isEligible(request, agent));
  if (!eligible.some(isFree)) {
    return undefined;
  }
  const unmarked = eligible.filter((agent) => !request.avoided.includes(agent.id));
  const pool = unmarked.length > 0 ? unmarked : eligible;
  const nearest = pool.reduce((best, agent) => Math.min(best, nearness(request.apartFrom, agent)), Infinity);
  const candidates = pool.filter((agent) => nearness(request.apartFrom, agent) === nearest && isFree(agent));
  const fastestMs = fastestMeanMs(request.skill, candidates);
  let best: { readonly agent: A; readonly total: number } | undefined;
  for (const agent of candidates) {
    const { total } = scoreAgent(request, agent, fastestMs);
    if (best === undefined || total > best.total || (total === best.total && agent.id < best.agent.id)) {
      best = { agent, total };
    }
  }
  return best?.agent;
}

/** The score of one candidate; `fastestMs` is the best mean duration for the skill among those compared. */
export function scoreAgent(
  request: Pick<PlacementRequest, 'skill' | 'nearNode'>,
  agent: Candidate,
  fastestMs: number | undefined,
): Score {
  const past = agent.history.get(request.skill);
  const successes = past?.successes ?? 0;
  const meanMs = meanDurationMs(past);
  const availability = (agent.leasesKept + 1) / (agent.leasesKept + agent.leasesExpired + 1);
  const expertise = (successes + 2) / (successes + (past?.failures ?? 0) + 2);
  const workload = Math.max(0, 1 - agent.held.size / agent.capacity);
  const performance = meanMs === undefined || fastestMs === undefined || meanMs === 0 ? 1 : fastestMs / meanMs;
  const affinity = request.nearNode === undefined || request.nearNode === agent.node ? 1 : 0;
  const total = 0.3 * availability + 0.25 * expertise + 0.2 * workload + 0.15 * performance + 0.1 * affinity;
  return { availability, expertise, workload, performance, affinity, total };
}

/** 0 on a node apart from all places, 1 on an executor apart from them, 2 elsewhere. */
function nearness(apartFrom: readonly Place[], agent: Place): number {
  if (apartFrom.every((place) => place.node !== agent.node)) {
    return 0;
  }
  return apartFrom.every((place) => place.node !== agent.node || place.executor !== agent.executor) ? 1 : 2;
}

function meanDurationMs(past: SkillHistory | undefined): number | undefined {
  return past === undefined || past.runs === 0 ? undefined : past.totalMs / past.runs;
}

function fastestMeanMs(skill: string, agents: readonly Candidate[]): number | undefined {
  let fastest: number | undefined;
  for (const agent of agents) {
    const meanMs = meanDurationMs(agent.history.get(skill));
    if (meanMs !== undefined && (fastest === undefined || meanMs < fastest)) {
      fastest = meanMs;
    }
  }
  return fastest;
}
