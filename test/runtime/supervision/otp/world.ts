/**
 * The world of the scenarios: one supervisor with workers that note what happens to them, run under 200 seeds of the
 * deterministic scheduler, some of them on one executor and most with the workers spread over two others. The rules are
 * those of OTP's manual of `supervisor` and of its supervisor_SUITE.
 */
import assert from 'node:assert/strict';
import {
  type ActorAddress,
  ActorFailure,
  type ActorRef,
  type AutoShutdown,
  type ChildEntry,
  type ChildSpec,
  defineActor,
  defineSupervisor,
  type HandlerFailureClass,
  type RestartPolicy,
  SkepError,
  type Strategy,
  type SupervisionOptions,
} from '#runtime';
import { explore, type TestSystem } from '#runtime/testing/index';
import type { Test } from 'tap';

/** Seeds of each scenario, by the number of executors: on one alone fewer things may happen in any order. */
const SEEDS = new Map([
  [0, 30],
  [2, 170],
]);

/** What the workers of one run note, and what they are made to do. */
export interface Notes {
  /** Such as `a init` and `a end crash`, in the order in which they happened. */
  readonly log: string[];
  /** Inits that fail from now on, by worker, this many times. */
  readonly failing: Map<string, number>;
  /** Workers whose terminate never ends. */
  readonly stubborn: Set<string>;
}

/** A worker that can be made to end in every way. */
export function workerOf(notes: Notes) {
  return defineActor({
    name: 'worker',
    init: (args: { readonly id: string }) => {
      const left = notes.failing.get(args.id) ?? 0;
      if (left > 0) {
        notes.failing.set(args.id, left - 1);
        notes.log.push(`${args.id} fails to start`);
        throw new Error(`${args.id} cannot start`);
      }
      notes.log.push(`${args.id} init`);
      return { id: args.id, count: 0 };
    },
    calls: {
      count: (state) => state.count,
      lives: (_state, _message: undefined, ctx) => ctx.incarnation,
      hang: () => new Promise<never>(() => {}),
      failInCall: (_state, failure: HandlerFailureClass) => {
        throw new ActorFailure(failure, 'told to fail');
      },
    },
    casts: {
      bump: (state) => void (state.count += 1),
      crash: (): never => {
        throw new Error('boom');
      },
      fail: (_state, failure: HandlerFailureClass) => {
        throw new ActorFailure(failure, 'told to fail');
      },
      hang: () => new Promise<never>(() => {}),
      exit: (_state, reason: 'normal' | 'shutdown' | 'crash', ctx) =>
        ctx.stop(ctx.self, { class: reason, message: `ends itself: ${reason}` }),
    },
    terminate: (state, reason) => {
      notes.log.push(`${state.id} end ${reason.class}`);
      return notes.stubborn.has(state.id) ? new Promise<never>(() => {}) : undefined;
    },
  });
}

type Supervisor = ReturnType<typeof defineSupervisor<undefined>>;
export type Worker = ReturnType<typeof workerOf>;

/** The supervisor of a scenario: options as `defineSupervisor` has them, and its workers, `a b c` unless it says else. */
export interface Setup extends Pick<SupervisionOptions, 'backoff' | 'whenExceeded' | 'onFailure'> {
  readonly strategy?: Strategy;
  readonly intensity?: { readonly maxRestarts?: number; readonly withinMs?: number };
  readonly autoShutdown?: AutoShutdown;
  readonly children?: readonly (Partial<ChildSpec> & { readonly id: string })[];
  /** How the supervisor itself is restarted. Default temporary: its end is to be seen. */
  readonly restart?: RestartPolicy;
  /** Milliseconds of the node for an orderly end. Default 1000. */
  readonly shutdownMs?: number;
  /** The supervisor is started by the scenario. */
  readonly later?: boolean;
}

/** What a scenario works with. */
export class World {
  readonly system: TestSystem;
  readonly notes: Notes;
  readonly worker: Worker;
  readonly top: Supervisor;
  readonly #setup: Setup;
  sup!: ActorRef<Supervisor>;

  constructor(system: TestSystem, notes: Notes, worker: Worker, top: World['top'], setup: Setup) {
    this.system = system;
    this.notes = notes;
    this.worker = worker;
    this.top = top;
    this.#setup = setup;
  }

  /** Starts the supervisor. */
  async begin(): Promise<void> {
    this.sup = await this.system.spawn(this.top, undefined, {
      restart: this.#setup.restart ?? 'temporary',
      executor: 'system',
    });
  }

  /** The spec of one more worker. */
  spec(id: string, options: Partial<ChildSpec> = {}): ChildSpec {
    const executor = this.system.executors.length > 1 ? 'default' : 'same';
    return { id, definition: 'worker', args: { id }, executor, ...options };
  }

  /** What was noted since the last look. */
  took(): readonly string[] {
    return this.notes.log.splice(0);
  }

  /** Lets everything happen, back-offs included. */
  async pass(ms = 2_000): Promise<void> {
    await this.system.advance(ms);
  }

  children(): Promise<readonly ChildEntry[]> {
    return this.sup.call('whichChildren');
  }

  /** `a running, b stopped`: the children with their states. */
  async states(): Promise<string> {
    return (await this.children()).map(({ id, status }) => `${id} ${status}`).join(', ');
  }

  async kid(id: string): Promise<ActorRef<Worker>> {
    const child = (await this.children()).find((entry) => entry.id === id);
    assert.ok(child !== undefined, `no child ${id}`);
    return this.system.ref(this.worker, child.address);
  }

  /** Whether an actor lives. */
  lives(address: ActorAddress): boolean {
    return this.system.list().some((actor) => actor.address === address);
  }

  /** Living actors but those of skep itself. */
  get actors(): readonly string[] {
    return this.system.list().flatMap(({ definition }) => (definition.startsWith('skep.') ? [] : [definition]));
  }

  /** The supervisor has ended. */
  get isOver(): boolean {
    return !this.lives(this.sup.address);
  }

  /** Fails unless the promise rejects with that code. */
  async refused(code: string, work: PromiseLike<unknown>): Promise<void> {
    const error: unknown = await Promise.resolve(work).then(
      () => assert.fail(`expected ${code}`),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof SkepError && error.code === code, String(error));
  }
}

/** The body of a test: the scenario under every seed, on one executor and with its workers on two others. */
export function rule(setup: Setup, scenario: (world: World) => Promise<void>): (t: Test) => Promise<void> {
  return async (t) => {
    for (const [executors, seeds] of SEEDS) {
      const notes: Notes = { log: [], failing: new Map(), stubborn: new Set() };
      const worker = workerOf(notes);
      const {
        children = [{ id: 'a' }, { id: 'b' }, { id: 'c' }],
        restart: _r,
        later: _l,
        shutdownMs,
        ...options
      } = setup;
      const top = defineSupervisor({
        name: 'top',
        ...options,
        children: children.map((child) => ({
          definition: worker,
          args: { id: child.id },
          executor: executors === 0 ? 'same' : 'default',
          ...child,
        })),
      });
      const report = await explore({
        seeds,
        options: { executors, definitions: [worker, top], shutdownMs: shutdownMs ?? 1_000 },
        scenario: async (system) => {
          notes.log.length = 0;
          notes.failing.clear();
          notes.stubborn.clear();
          const world = new World(system, notes, worker, top, setup);
          if (setup.later !== true) await world.begin();
          await scenario(world);
        },
      });
      t.ok(report.seeds > 0, `${report.seeds} seeds, ${executors} executors, ${report.distinct} different runs`);
    }
  };
}

export { assert };
