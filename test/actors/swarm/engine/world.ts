/**
 * A simulated world around the engine: agents on nodes with virtual time and one seed for all chance. They answer late,
 * twice and out of order, fail, fall silent, crash, come back under another address, and some lie. Beside it the dumb
 * twin, which runs the same graph one task after another and knows no agents.
 */
import { createEngine, step } from '#actors/swarm/engine/engine';
import { type JobGraph, parseGraph } from '#actors/swarm/engine/graph';
import type { Effect, EngineInput } from '#actors/swarm/engine/messages';
import type { EngineState, RunTask } from '#actors/swarm/engine/state';
import { type Answer, answerOf, falsify, poison, shardsOf } from './skills.js';

type Assign = Extract<Effect, { type: 'assign' }>;
type Verify = 'claims' | 'all' | 'none';

/** What a world is made from; fast-check chooses it. */
export interface WorldPlan {
  readonly seed: number;
  readonly nodes: number;
  /** Agents that neither lie nor leave; at least three, so that every dispute finds a majority. */
  readonly steadfast: number;
  /** Honest agents that crash and come back. */
  readonly fickle: number;
  /** At most two: three could keep five votes without a majority. */
  readonly liars: number;
  readonly shards: number;
  readonly verify: { readonly list: Verify; readonly scan: Verify; readonly merge: Verify };
  readonly spotCheckEvery: number;
  /** Whether liars also lie about the list where nobody verifies it. */
  readonly poisonSource: boolean;
}

/** How a run in a world ended. */
export interface WorldRun {
  readonly plan: WorldPlan;
  readonly state: EngineState;
  readonly effects: readonly Effect[];
  readonly steps: number;
  /** Rules of the engine that were broken on the way. */
  readonly breaches: readonly string[];
  /** Whether a lie is among the results that the engine ended with. */
  readonly tainted: boolean;
  readonly liars: ReadonlySet<string>;
}

interface SimulatedAgent {
  readonly id: string;
  readonly node: string;
  readonly kind: 'steadfast' | 'fickle' | 'liar';
  alive: boolean;
}

const maxSteps = 20_000;
const tickMs = 20;
const leaseMs = 120;

/** The graph of a world: a list, a map over it, a task after the list, two reductions. */
export function graphOf(plan: WorldPlan): JobGraph {
  const { list, scan, merge } = plan.verify;
  return parseGraph({
    name: 'world',
    stages: [
      {
        id: 'list',
        kind: 'task',
        skill: 'list',
        input: { shards: plan.shards, salt: plan.seed % 97 },
        leaseMs,
        verify: list,
      },
      { id: 'scan', kind: 'map', skill: 'scan', over: { stage: 'list', field: 'shards' }, leaseMs, verify: scan },
      { id: 'side', kind: 'task', skill: 'scan', input: { n: 5 }, after: ['list'], leaseMs, verify: scan, priority: 2 },
      { id: 'merge', kind: 'reduce', skill: 'merge', from: ['scan', 'side'], input: 'm', leaseMs, verify: merge },
      { id: 'report', kind: 'reduce', skill: 'merge', from: ['merge', 'list'], leaseMs, verify: merge },
    ],
  });
}

/** The twin: the output of the same graph, one honest task after another. */
export function sequential(plan: WorldPlan): unknown {
  const run = (skill: string, input: unknown) => answerOf(skill, input).output;
  const list = run('list', { shards: plan.shards, salt: plan.seed % 97 });
  const scan = shardsOf(list).map((shard) => run('scan', shard));
  const side = run('scan', { n: 5 });
  const merge = run('merge', { input: 'm', results: { scan, side: [side] } });
  return run('merge', { input: null, results: { merge: [merge], list: [list] } });
}

/** Runs a world until the job is over or the steps run out. */
export function runWorld(plan: WorldPlan): WorldRun {
  return new World(plan).run();
}

class World {
  readonly plan: WorldPlan;
  state: EngineState;
  now = 0;
  steps = 0;
  born = 0;
  readonly random: () => number;
  readonly agents = new Map<string, SimulatedAgent>();
  readonly liars = new Set<string>();
  readonly effects: Effect[] = [];
  readonly breaches: string[] = [];
  /** What is going to happen, by time. */
  readonly agenda: { readonly at: number; readonly happen: () => void }[] = [];
  readonly holders = new Map<string, Assign>();
  readonly lastAttempt = new Map<string, number>();
  readonly failures = new Map<string, number>();
  /** Executions of mode `run` that were answered with a lie. */
  readonly lies = new Set<string>();
  shownDone = 0;

  constructor(plan: WorldPlan) {
    this.plan = plan;
    this.random = mulberry32(plan.seed);
    const options = { spotCheckEvery: plan.spotCheckEvery, maxLosses: 10_000, coordinatorNode: 'n0' };
    this.state = createEngine(graphOf(plan), options);
  }

  run(): WorldRun {
    this.populate();
    this.at(this.below(10), () => this.send({ type: 'start', now: this.now }));
    this.at(tickMs, () => this.tick());
    while (this.state.endedAt === undefined && this.steps < maxSteps && this.agenda.length > 0) {
      let first = 0;
      for (const [index, { at }] of this.agenda.entries()) {
        first = at < (this.agenda[first]?.at ?? Infinity) ? index : first;
      }
      const [next] = this.agenda.splice(first, 1);
      this.now = Math.max(this.now, next?.at ?? 0);
      next?.happen();
    }
    const { plan, state, effects, steps, breaches, liars } = this;
    const runs = [...state.tasks.values()].filter((task): task is RunTask => task.mode === 'run');
    const tainted = runs.some((task) => task.accepted !== undefined && this.lies.has(`${task.id}#${task.attempt}`));
    return { plan, state, effects, steps, breaches, tainted, liars };
  }

  private populate(): void {
    const kinds = (['steadfast', 'fickle', 'liar'] as const).flatMap((kind) =>
      Array.from(
        { length: { steadfast: this.plan.steadfast, fickle: this.plan.fickle, liar: this.plan.liars }[kind] },
        () => kind,
      ),
    );
    for (const kind of kinds) {
      // The steadfast are there from the beginning: a liar alone could not be refuted.
      this.at(kind === 'steadfast' ? 0 : this.below(60), () => this.arrive(kind));
    }
  }

  private arrive(kind: SimulatedAgent['kind']): void {
    this.born += 1;
    const node = `n${this.below(this.plan.nodes)}`;
    const agent: SimulatedAgent = { id: `${node}/${kind}-${this.born}`, node, kind, alive: true };
    this.agents.set(agent.id, agent);
    if (kind === 'liar') {
      this.liars.add(agent.id);
    }
    const executor = `e${this.below(2)}`;
    const info = { id: agent.id, node, executor, skills: ['list', 'scan', 'merge'], capacity: 1 + this.below(3) };
    this.send({ type: 'agent-joined', agent: info });
    if (kind === 'fickle' || (kind === 'liar' && this.chance(0.2))) {
      this.at(this.now + 10 + this.below(250), () => this.crash(agent));
    }
  }

  private crash(agent: SimulatedAgent): void {
    agent.alive = false;
    for (const [task, assign] of this.holders) {
      if (assign.agent === agent.id) {
        this.holders.delete(task);
      }
    }
    this.send({ type: 'agent-left', agent: agent.id, reason: this.chance(0.5) ? 'crashed' : 'node-down' });
    if (agent.kind === 'fickle' && this.born < 60) {
      this.at(this.now + this.below(100), () => this.arrive('fickle'));
    }
  }

  private tick(): void {
    this.send({ type: 'tick', now: this.now });
    if (this.chance(0.02)) {
      this.state = structuredClone(this.state);
    }
    this.at(this.now + tickMs, () => this.tick());
  }

  /** What an agent does with an execution: mostly what it should. */
  private work(assign: Assign): void {
    const agent = this.agents.get(assign.agent);
    const durationMs = this.chance(0.05) ? leaseMs + this.below(100) : 1 + this.below(40);
    if (agent === undefined || this.chance(0.03)) {
      return;
    }
    const failures = this.failures.get(assign.task) ?? 0;
    if (failures < 3 && this.chance(0.05)) {
      this.failures.set(assign.task, failures + 1);
      this.at(this.now + durationMs, () =>
        this.report(agent, { ...execution(assign), type: 'failed', error: broken, now: 0 }),
      );
      return;
    }
    if (durationMs > leaseMs && this.chance(0.5)) {
      this.at(this.now + leaseMs / 2, () => this.report(agent, { ...execution(assign), type: 'renew', now: 0 }));
    }
    const input = this.answer(agent, assign);
    this.at(this.now + durationMs, () => this.report(agent, input));
    if (this.chance(0.1)) {
      this.at(this.now + durationMs + this.below(60), () => this.report(agent, input));
    }
  }

  /** A dead agent's message may still be on its way. */
  private report(agent: SimulatedAgent, input: EngineInput): void {
    if (agent.alive || this.chance(0.3)) {
      this.send('now' in input ? { ...input, now: this.now } : input);
    }
  }

  private answer(agent: SimulatedAgent, assign: Assign): EngineInput {
    const truth = answerOf(assign.skill, assign.input);
    const said = agent.kind === 'liar' ? this.lie(agent, assign, truth) : truth;
    if ('error' in said) {
      return { ...execution(assign), type: 'failed', error: said.error, now: 0 };
    }
    return { ...execution(assign), type: 'completed', now: 0, ...said };
  }

  private lie(agent: SimulatedAgent, assign: Assign, truth: Answer): Answer {
    const stage = assign.task.split(/[/~]/)[0] ?? '';
    const verify = this.state.stages.get(stage)?.spec.verify ?? 'none';
    let said: Answer = truth;
    if (verify !== 'none' && this.chance(0.5)) {
      // Two that hide the same thing would agree, and two that agree are a majority.
      const mayHide = this.plan.liars === 1 && (verify === 'all' || this.plan.spotCheckEvery === 1);
      said = falsify(truth, agent.id, mayHide && this.chance(0.5));
    } else if (verify === 'none' && stage === 'list' && this.plan.poisonSource) {
      said = poison(truth, this.chance(0.3));
    }
    if (said !== truth && assign.mode === 'run') {
      this.lies.add(`${assign.task}#${assign.attempt}`);
    }
    return said;
  }

  private send(input: EngineInput): void {
    this.steps += 1;
    if (
      (input.type === 'completed' || input.type === 'failed') &&
      this.holders.get(input.task)?.attempt === input.attempt
    ) {
      this.holders.delete(input.task);
    }
    for (const effect of step(this.state, input)) {
      this.effects.push(effect);
      this.observe(effect);
    }
    this.recount();
  }

  private observe(effect: Effect): void {
    if (effect.type === 'assign') {
      this.checkAssign(effect);
      this.holders.set(effect.task, effect);
      this.work(effect);
    } else if (effect.type === 'revoke' && this.holders.get(effect.task)?.attempt === effect.attempt) {
      this.holders.delete(effect.task);
    } else if (effect.type === 'progress') {
      this.must(effect.done >= this.shownDone, 'progress ran backwards');
      this.must(effect.done <= effect.total, 'more done than there is');
      this.shownDone = effect.done;
    } else if (effect.type === 'outvoted') {
      this.must(this.liars.has(effect.agent), `honest ${effect.agent} was outvoted`);
    }
  }

  private checkAssign(effect: Assign): void {
    const agent = this.state.agents.get(effect.agent);
    this.must(this.agents.get(effect.agent)?.alive === true, `${effect.task} went to a dead agent`);
    this.must(
      !this.effects.some((past) => past.type === 'outvoted' && past.agent === effect.agent),
      `${effect.agent} is quarantined`,
    );
    this.must(!this.holders.has(effect.task), `${effect.task} is held twice`);
    this.must(
      effect.attempt > (this.lastAttempt.get(effect.task) ?? 0),
      `${effect.task} repeats attempt ${effect.attempt}`,
    );
    this.must((agent?.held.size ?? 0) <= (agent?.capacity ?? 0), `${effect.agent} holds too much`);
    this.lastAttempt.set(effect.task, effect.attempt);
    const subject = effect.mode === 'verify' ? this.state.tasks.get(effect.task.split('~')[0] ?? '') : undefined;
    if (subject?.mode === 'run') {
      const voters = [subject.id, ...subject.verifications].map((id) => this.state.tasks.get(id)?.accepted?.agent);
      this.must(!voters.includes(effect.agent), `${effect.agent} votes twice on ${subject.id}`);
    }
  }

  /** The counters against what they count. */
  private recount(): void {
    const { account, tasks, agents, running } = this.state;
    const done = [...tasks.values()].filter((task) => task.accepted !== undefined).length;
    const held = [...agents.values()].reduce((sum, agent) => sum + agent.held.size, 0);
    const onNodes = [...account.nodes.values()].reduce((sum, node) => sum + node.accepted, 0);
    const ofAgents = [...agents.values()].reduce((sum, agent) => sum + agent.results.size, 0);
    this.must(account.total === tasks.size, `total ${account.total} of ${tasks.size}`);
    this.must(account.completed === done, `completed ${account.completed} of ${done}`);
    this.must(onNodes === done && ofAgents === done, `accepted ${onNodes} on nodes, ${ofAgents} of agents, of ${done}`);
    this.must(
      running === held && (this.state.endedAt !== undefined || held === this.holders.size),
      `${held} are running`,
    );
  }

  private must(holds: boolean, breach: string): void {
    if (!holds && this.breaches.length < 10) {
      this.breaches.push(`step ${this.steps}: ${breach}`);
    }
  }

  private at(at: number, happen: () => void): void {
    this.agenda.push({ at, happen });
  }

  private chance(probability: number): boolean {
    return this.random() < probability;
  }

  private below(limit: number): number {
    return Math.floor(this.random() * limit);
  }
}

const broken = { code: 'INTERNAL', message: 'a passing failure' } as const;

function execution({ agent, task, attempt }: Assign) {
  return { agent, task, attempt };
}

/** A small generator with 32 bits of state; the same seed gives the same world everywhere. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
