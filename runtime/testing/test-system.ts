/**
 * An actor system for tests: the executors of production on one thread and one virtual clock, joined by links in memory
 * that carry real frames. Nothing runs by itself. Every turn of an actor, every delivery of a frame, every timer is a
 * step, and a generator with a seed chooses the next one, so that a seed is a whole run and can be had again.
 *
 *     the test --> edge executor --frames--> executor 0 (guardian, names)
 *                        '---------frames--> executors 1..n              executors: 0 is one that is all of these
 */
import { type ActorAddress, executorAddress, formatAddress } from '#protocols/wire/address';
import { type ExitReason, SHUTDOWN } from '#protocols/wire/envelope';
import { SkepError } from '#protocols/wire/error';
import { type CallMany, callManyBy } from '../actor/call-many.js';
import type { SpawnOptions } from '../actor/context.js';
import type { AnyDefinition, ArgsOf } from '../actor/definition.js';
import {
  type ActorRef,
  type CallOptions,
  type CastOptions,
  makeRef,
  type Messenger,
  type RefTarget,
} from '../actor/ref.js';
import { castEnvelope } from '../flow/cast.js';
import type { CastOutcome } from '../flow/outcome.js';
import { specOf } from '../executor/spec-of.js';
import type { Executor } from '../executor/executor.js';
import type { ActorSummary, ExecutorReport } from '../executor/report.js';
import { FIRST_SERIAL, GUARDIAN_SERIAL, SYSTEM_EXECUTOR } from '../executor/well-known.js';
import type { Groups } from '../groups/groups.js';
import type { RouteeSource, Router } from '../routing/router.js';
import type { RouterOptions } from '../routing/strategy.js';
import { Agenda } from './agenda.js';
import { Driven } from './driven.js';
import { FaultPlan } from './fault-plan.js';
import { observed } from './instrument.js';
import { LinkFaults } from './link-faults.js';
import { Mesh } from './mesh.js';
import { Probe, type ProbeOptions } from './probe.js';
import { probeDefinition } from './probe-definition.js';
import { Random } from './random.js';
import { Scheduler } from './scheduler.js';
import { type Settings, settingsOf, type TestSystemOptions } from './test-options.js';
import { type Handled, Trace } from './trace.js';
import type { VirtualClock } from './virtual-clock.js';

/** One life of the node: a run has no other. */
const INCARNATION = 't';
/** Generators of one seed that do not disturb each other. */
const STREAMS = { steps: 0, faults: 1, scenario: 2 };

/** A system under test. */
export class TestSystem implements Messenger {
  readonly node: string;
  readonly incarnation = INCARNATION;
  readonly seed: number;
  /** Ids of the executors that host actors. */
  readonly executors: readonly number[];
  readonly clock: VirtualClock;
  /** Chance for the scenario itself, from the same seed; it does not change the order of steps. */
  readonly random: Random;
  readonly #settings: Settings;
  readonly #trace: Trace;
  readonly #links: LinkFaults;
  readonly #mesh: Mesh;
  readonly #scheduler: Scheduler;
  readonly #probes: Probe[] = [];
  readonly #probe: AnyDefinition;

  private constructor(settings: Settings) {
    const { seed, clock, faults, node, order, traceLimit } = settings;
    this.#settings = settings;
    this.node = node;
    this.seed = seed;
    this.executors = settings.ids.filter((id) => id !== settings.edge || id === SYSTEM_EXECUTOR);
    this.clock = clock;
    this.random = new Random(seed, STREAMS.scenario);
    this.#trace = new Trace(traceLimit);
    const random = new Random(seed, STREAMS.steps);
    const agenda = new Agenda(order, random);
    this.#links = new LinkFaults(faults, new Random(seed, STREAMS.faults));
    const plan = new FaultPlan(faults, this.#links);
    let handled: Handled | undefined;
    const notes = {
      take: () => {
        const taken = handled;
        handled = undefined;
        return taken;
      },
    };
    const instrument = (definition: AnyDefinition): AnyDefinition =>
      observed(definition, {
        handling: (message, ctx) => {
          handled = message;
          return plan.handling(definition.name, ctx);
        },
      });
    const note = (message: Handled): undefined => {
      handled = message;
    };
    this.#probe = probeDefinition(this.#probes, { handling: note });
    const definitions = [...[...new Set(settings.definitions)].map(instrument), this.#probe];
    this.#mesh = new Mesh({ agenda, clock, faults: this.#links, notes, definitions, spec: specOfNode(settings) });
    const beforeStep = plan.hasKills ? () => plan.killDue(this.#trace.count, (id) => this.#kill(id)) : undefined;
    const { maxSteps } = settings;
    const slices = order === 'random';
    this.#scheduler = new Scheduler({ agenda, clock, trace: this.#trace, random, slices, maxSteps, beforeStep });
    plan.arm(faults, clock, this.#mesh);
  }

  /**
   * Makes a system. Nothing of it runs until it is waited for.
   * @throws SkepError BAD_USAGE when an option is out of range, DUPLICATE_DEFINITION.
   */
  static async create(options: TestSystemOptions = {}): Promise<TestSystem> {
    const settings = settingsOf(options);
    const system = new TestSystem(settings);
    await system.#mesh.start(settings.ids);
    return system;
  }

  // ---- as an ActorSystem; whoever awaits one of these makes the system take steps until it settles ------------------

  /** Spawns under the guardian. */
  spawn<D extends AnyDefinition>(
    definition: D,
    args: ArgsOf<D>,
    options: SpawnOptions & CallOptions = {},
  ): Promise<ActorRef<D>> {
    const spec = specOf(definition, args, options, undefined, 'default');
    const started = this.#edge.call(this.guardian, 'spawn', { spec }, options);
    return this.#driven(started.then((address) => this.ref(definition, address as ActorAddress)));
  }

  ref<D extends RefTarget>(definition: D, address: ActorAddress): ActorRef<D> {
    return makeRef(definition, address, this);
  }

  lookup<D extends AnyDefinition>(definition: D, name: string): Promise<ActorRef<D> | undefined> {
    const found = this.#edge.lookup(name);
    return this.#driven(found.then((address) => (address === undefined ? undefined : this.ref(definition, address))));
  }

  /** Sends the order to stop an actor. */
  stopActor(address: ActorAddress, reason: ExitReason = SHUTDOWN): void {
    const { address: from } = this.#edge;
    this.#edge.deliver({ kind: 'signal', to: address, from, signal: { type: 'stop', reason } });
  }

  cast(to: ActorAddress, name: string, message: unknown, options?: CastOptions): boolean {
    return this.tryCast(to, name, message, options) === 'accepted';
  }

  tryCast(to: ActorAddress, name: string, message: unknown, options?: CastOptions): CastOutcome {
    return this.#edge.offer(castEnvelope(this.#edge.address, to, name, message, options));
  }

  call(to: ActorAddress, name: string, message: unknown, options: CallOptions = {}): Promise<unknown> {
    return this.#driven(this.#edge.call(to, name, message, options));
  }

  stream(to: ActorAddress, name: string, message: unknown, options: CallOptions = {}): AsyncIterable<unknown> {
    const stream = this.#edge.stream(to, name, message, options);
    return {
      [Symbol.asyncIterator]: () => {
        const iterator = stream[Symbol.asyncIterator]();
        return {
          next: () => this.#driven(iterator.next()),
          return: () => iterator.return?.() ?? Promise.resolve({ done: true, value: undefined }),
        };
      },
    };
  }

  drained(to: ActorAddress): Promise<void> {
    return this.#driven(this.#edge.drained(to));
  }

  /** Process groups, as of an `ActorSystem`; await what they promise through {@link run}. */
  get groups(): Groups {
    return this.#edge.services.nodeGroups(this);
  }

  /** Sends to all subscribers of a topic. @throws SkepError BAD_TOPIC. */
  publish(topic: string, message: unknown): boolean {
    return this.#edge.services.topics.publish(this.#edge.address, topic, message);
  }

  /** A router over actors or the members of a group. */
  router<D extends RefTarget>(definition: D, source: RouteeSource, options: RouterOptions): Promise<Router<D>> {
    const holder = { address: this.#edge.address, messenger: this };
    return this.#driven(this.#edge.services.router(holder, definition, source, options));
  }

  /** Calls many actors and gives every outcome, in the order of the refs. */
  get callMany(): CallMany {
    return callManyBy(this);
  }

  /** The guardian, parent of what is spawned from outside. */
  get guardian(): ActorAddress {
    const { node, incarnation } = this;
    return formatAddress({ node, incarnation, executor: SYSTEM_EXECUTOR, serial: GUARDIAN_SERIAL });
  }

  /** All living actors, without a step: those of an executor that is being replaced are not there. */
  list(): readonly ActorSummary[] {
    return this.#mesh.executors.flatMap((executor) => executor.list());
  }

  /** The reports of all executors, without a step. */
  reports(): readonly ExecutorReport[] {
    return this.#mesh.executors.map((executor) => executor.report());
  }

  /** Stops all actors in order, newest first. */
  shutdown(): Promise<void> {
    const stop = async (): Promise<void> => {
      const timeoutMs = Number.POSITIVE_INFINITY;
      await this.#edge.call(executorAddress(this.node, this.incarnation, SYSTEM_EXECUTOR), 'stop', null, { timeoutMs });
      for (const executor of this.#mesh.executors) await executor.close();
    };
    return this.#driven(stop());
  }

  // ---- the run -----------------------------------------------------------------------------------------------

  /**
   * Takes steps until the promise settles, letting virtual time pass whenever nothing else is left to do.
   * @throws SkepError TEST_STUCK when nothing is left that could settle it, or after `maxSteps` steps.
   */
  run<T>(work: PromiseLike<T>): Promise<T> {
    return this.#scheduler.run(work);
  }

  /**
   * Takes steps until the condition holds, letting virtual time pass whenever nothing else is left to do. The condition
   * is looked at after each step and has no effects. Without `withinMs` it may take any time.
   * @throws SkepError TEST_STUCK when it does not hold in time, or when nothing is left to do.
   */
  async until(condition: () => boolean, { withinMs = Number.POSITIVE_INFINITY } = {}): Promise<void> {
    if (await this.#scheduler.until(condition, this.clock.now() + withinMs)) return;
    throw this.#scheduler.stuck(
      `the condition does not hold${Number.isFinite(withinMs) ? ` within ${withinMs} ms` : ''}`,
    );
  }

  /** Takes steps until none is left but timers of the future. @throws SkepError TEST_STUCK after `maxSteps` steps. */
  settle(): Promise<void> {
    return this.#scheduler.settle();
  }

  /** Lets that much virtual time pass, and everything happen that is due meanwhile; settles before and after. */
  advance(deltaMs: number): Promise<void> {
    if (!(deltaMs >= 0)) throw new SkepError('BAD_USAGE', `advance: ${deltaMs}: expected milliseconds from 0`);
    return this.#scheduler.advance(deltaMs);
  }

  /** The last steps in words, oldest first; all that are kept by default. */
  trace(count = Number.POSITIVE_INFINITY): readonly string[] {
    return this.#trace.lines(count);
  }

  /** A hash over every step so far: two runs with the same one took the same steps. 16 hexadecimal digits. */
  traceHash(): string {
    return this.#trace.hash;
  }

  /** Steps taken so far. */
  get steps(): number {
    return this.#trace.count;
  }

  /** Writes a line into the trace. */
  note(text: string): void {
    this.#trace.add('note', this.clock.now(), text, undefined);
  }

  // ---- faults and probes ---------------------------------------------------------------------------------------

  /**
   * Ends an executor as `kill -9` ends a process: its actors vanish in the middle of what they do. The others are told
   * in steps of their own, and a replacement takes its place, where supervisors restart their children.
   * @throws SkepError BAD_USAGE for the system executor, whose death is that of the node, and one that is dead already.
   */
  killExecutor(id: number): void {
    const { mortal } = this.#settings;
    if (!mortal.includes(id)) {
      const known = mortal.length === 0 ? 'a system with executors' : `one of ${mortal.join(', ')}`;
      throw new SkepError('BAD_USAGE', `killExecutor: ${id}: expected ${known}`);
    }
    if (!this.#kill(id)) throw new SkepError('BAD_USAGE', `killExecutor: ${id} is dead and not replaced yet`);
  }

  /** The thread of an executor hangs: it takes no step until {@link resume}. */
  stall(executor: number): void {
    this.#checkExecutor('stall', executor);
    this.#mesh.stall(executor);
  }

  resume(executor: number): void {
    this.#checkExecutor('resume', executor);
    this.#mesh.resume(executor);
  }

  /** Loses everything that two executors send each other, until {@link heal}. */
  partition(a: number, b: number): void {
    this.#checkExecutor('partition', a);
    this.#checkExecutor('partition', b);
    this.#links.partition(a, b);
  }

  /** Ends the partition between two executors; without arguments all of them. What was lost stays lost. */
  heal(a?: number, b?: number): void {
    this.#links.heal(a, b);
  }

  /** An actor of the test that records what it gets. */
  probe(options: ProbeOptions = {}): Promise<Probe> {
    const probe = new Probe({
      now: () => this.clock.now(),
      until: (condition, endMs) => this.#scheduler.until(condition, endMs),
      ref: (definition, address) => this.ref(definition, address),
    });
    const id = this.#probes.push(probe) - 1;
    const spec = specOf(this.#probe, { id }, options, undefined, 'default');
    const started = this.#edge.call(this.guardian, 'spawn', { spec }, {});
    return this.#driven(started.then(() => probe));
  }

  /** Lets go of the system as it is: no actor is stopped, nothing of it runs any more. */
  dispose(): void {
    this.#mesh.dispose();
  }

  #kill(id: number): boolean {
    const killed = this.#mesh.kill(id);
    if (killed) this.note(`executor ${id} killed`);
    return killed;
  }

  get #edge(): Executor {
    const edge = this.#mesh.executor(this.#settings.edge);
    if (edge === undefined) throw new SkepError('INTERNAL', 'the edge executor is gone');
    return edge;
  }

  #driven<T>(work: Promise<T>): Promise<T> {
    return Driven.of(work, (driven) => this.#scheduler.run(driven));
  }

  #checkExecutor(what: string, id: number): void {
    const { ids } = this.#settings;
    if (!ids.includes(id)) throw new SkepError('BAD_USAGE', `${what}: ${id}: expected one of ${ids.join(', ')}`);
  }
}

/** Offloaded functions run in place: what threads do is no matter of a seed. */
const OFFLOAD = { threads: 0, queue: 256, idleMs: 0 };

function specOfNode(settings: Settings) {
  const { node, seed, placement, log, callTimeoutMs, shutdownMs, defaults, freezeMessages } = settings;
  const topology = { defaults: placement };
  const base = { node, incarnation: INCARNATION, topology, modules: [], extensions: [], firstSerial: FIRST_SERIAL };
  const own = { telemetry: {}, slowTurnMs: 0, offload: OFFLOAD };
  return { ...base, ...own, seed, log, callTimeoutMs, shutdownMs, defaults, freezeMessages };
}
