/**
 * A job driven by hand: it keeps who holds what, so that a scenario can speak of tasks and agents and leave attempts
 * to the helper, unless the attempt is the point.
 */
import { accountOf, createEngine, step } from '#actors/swarm/engine/engine';
import { type JobGraphInput, parseGraph } from '#actors/swarm/engine/graph';
import type { AgentInfo, Effect, EngineInput } from '#actors/swarm/engine/messages';
import type { EngineOptions, EngineState } from '#actors/swarm/engine/state';

export type Assign = Extract<Effect, { type: 'assign' }>;

/** What a scenario may say of a completion. */
interface Answer {
  readonly output?: unknown;
  readonly claims?: readonly string[];
  readonly narrowed?: unknown;
}

export class Job {
  state: EngineState;
  /** All effects so far. */
  readonly effects: Effect[] = [];
  /** Who holds what. */
  readonly held = new Map<string, Assign>();
  now = 1_000;

  constructor(stages: JobGraphInput['stages'], options: Partial<EngineOptions> = {}) {
    this.state = createEngine(parseGraph({ name: 'job', stages }), options);
  }

  send(input: EngineInput): readonly Effect[] {
    const effects = step(this.state, input);
    for (const effect of effects) {
      if (effect.type === 'assign') {
        this.held.set(effect.task, effect);
      } else if (effect.type === 'revoke' && this.held.get(effect.task)?.attempt === effect.attempt) {
        this.held.delete(effect.task);
      }
    }
    this.effects.push(...effects);
    return effects;
  }

  start(): readonly Effect[] {
    return this.send({ type: 'start', now: this.now });
  }

  /** Joins agents written as `node/name` or `node/executor/name`, all with the skill `work` unless told otherwise. */
  join(names: readonly string[], more: Partial<AgentInfo> = {}): readonly Effect[] {
    return names.flatMap((id) => {
      const parts = id.split('/');
      const executor = parts.length === 3 ? (parts[1] ?? '') : 'e1';
      return this.send({
        type: 'agent-joined',
        agent: { id, node: parts[0] ?? '', executor, skills: ['work'], ...more },
      });
    });
  }

  leave(agent: string): readonly Effect[] {
    for (const [task, assign] of this.held) {
      if (assign.agent === agent) {
        this.held.delete(task);
      }
    }
    return this.send({ type: 'agent-left', agent, reason: 'crashed' });
  }

  /** Completes a task as whoever holds it. */
  complete(task: string, answer: Answer = {}): readonly Effect[] {
    const { agent, attempt } = this.holder(task);
    this.held.delete(task);
    return this.send({ type: 'completed', agent, task, attempt, now: this.now, output: null, ...answer });
  }

  fail(task: string, message = 'it broke'): readonly Effect[] {
    const { agent, attempt } = this.holder(task);
    this.held.delete(task);
    return this.send({ type: 'failed', agent, task, attempt, now: this.now, error: { code: 'INTERNAL', message } });
  }

  /** Lets time pass and ticks. */
  pass(ms: number): readonly Effect[] {
    this.now += ms;
    return this.send({ type: 'tick', now: this.now });
  }

  holder(task: string): Assign {
    const assign = this.held.get(task);
    if (assign === undefined) {
      throw new Error(`nobody holds ${task}; held are ${[...this.held.keys()].join(', ')}`);
    }
    return assign;
  }

  /** Completes whatever is held, by `answer`, until nothing is; gives how many that were. */
  drain(answer: (assign: Assign) => Answer = () => ({})): number {
    let completions = 0;
    for (let next = this.held.values().next().value; next !== undefined; next = this.held.values().next().value) {
      this.complete(next.task, answer(next));
      completions += 1;
    }
    return completions;
  }

  of<T extends Effect['type']>(type: T): readonly Extract<Effect, { type: T }>[] {
    return this.effects.filter((effect): effect is Extract<Effect, { type: T }> => effect.type === type);
  }

  get account() {
    return accountOf(this.state, 'job-1', new Map([['a', ['voter']]]));
  }

  /** Tasks accepted on all nodes together. */
  get acceptedOnNodes(): number {
    return this.account.nodes.reduce((sum, node) => sum + node.tasks, 0);
  }
}
