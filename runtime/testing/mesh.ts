/**
 * The executors of a test system and the links between them: what `executor/threads.ts` is to a node, without the
 * threads. A killed executor is replaced as it is there: every other one is told by its control lane, in its own time,
 * first of the death and then of the successor, whose serials begin above those of the dead one.
 */
import type { AnyDefinition } from '../actor/definition.js';
import { buildExecutor, type ExecutorSpec } from '../executor/build.js';
import { describeDeath } from '../executor/death.js';
import type { Executor } from '../executor/executor.js';
import { EDGE_EXECUTOR, FIRST_SERIAL } from '../executor/well-known.js';
import { type Logger, silentLogger } from '../telemetry/log.js';
import type { Agenda, StepHost } from './agenda.js';
import { ExecutorClock } from './executor-clock.js';
import { Lane } from './lane.js';
import type { LinkFaults } from './link-faults.js';
import { MemoryLink } from './memory-link.js';
import { SteppedDispatcher, type TurnNotes } from './stepped-dispatcher.js';
import type { VirtualClock } from './virtual-clock.js';

/** Serials per life of an executor, as in production. */
const SERIALS_PER_LIFE = 2 ** 32;

/** What a mesh is made of. */
export interface MeshParts {
  readonly agenda: Agenda;
  readonly clock: VirtualClock;
  readonly faults: LinkFaults;
  readonly notes: TurnNotes;
  readonly definitions: readonly AnyDefinition[];
  readonly spec: Omit<ExecutorSpec, 'id'>;
}

/** One life of one executor. */
class Host implements StepHost {
  readonly id: number;
  readonly control: Lane;
  alive = true;
  stalled = false;
  executor: Executor | undefined;
  /** Links to the others, by the id of their other end. */
  readonly outgoing = new Map<number, MemoryLink>();

  constructor(agenda: Agenda, id: number) {
    this.id = id;
    this.control = new Lane(agenda, 'control', this);
  }
}

export class Mesh {
  readonly #parts: MeshParts;
  readonly #log: Logger | undefined;
  readonly #hosts = new Map<number, Host>();
  #lives = 0;

  constructor(parts: MeshParts) {
    this.#parts = parts;
    this.#log = parts.spec.log.level === 'silent' ? silentLogger : undefined;
  }

  /** Builds the executors and connects all with all; nothing is left to do afterwards. */
  async start(ids: readonly number[]): Promise<void> {
    for (const id of ids) {
      const host = await this.#build(id, FIRST_SERIAL);
      for (const other of this.#hosts.values()) {
        this.#open(host, other);
        this.#open(other, host);
        this.#attach(host, other);
        this.#attach(other, host);
      }
      this.#hosts.set(id, host);
    }
  }

  /** Living executors. */
  get executors(): readonly Executor[] {
    return [...this.#hosts.values()].flatMap(({ executor }) => executor ?? []);
  }

  /** The executor of that id; undefined while it is being replaced. */
  executor(id: number): Executor | undefined {
    return this.#hosts.get(id)?.executor;
  }

  /** Ends a thread at once, whatever it was doing, and puts another in its place. False when it is dead already. */
  kill(id: number): boolean {
    const dead = this.#hosts.get(id);
    if (dead === undefined) return false;
    dead.alive = false;
    this.#hosts.delete(id);
    this.#lives += 1;
    const nextSerial = FIRST_SERIAL + this.#lives * SERIALS_PER_LIFE;
    const { node, incarnation } = this.#parts.spec;
    const facts = { node, incarnation, executor: id, nextSerial, cause: 'killed', inTurn: undefined };
    const death = describeDeath({ ...facts, stalledMs: undefined });
    for (const other of this.#hosts.values()) {
      other.outgoing.get(id)?.close();
      // What the dead one sent last may still arrive, until the other end has heard of its death.
      other.control.push(() => {
        dead.outgoing.get(other.id)?.close();
        other.executor?.executorDown(death);
      });
    }
    this.#hosts.get(EDGE_EXECUTOR)?.control.push(() => void this.#replace(id, nextSerial));
    return true;
  }

  stall(id: number): void {
    const host = this.#hosts.get(id);
    if (host !== undefined) host.stalled = true;
  }

  resume(id: number): void {
    const host = this.#hosts.get(id);
    if (host?.stalled !== true) return;
    host.stalled = false;
    this.#parts.agenda.resume(host);
  }

  /** Ends everything without a word: no step is left, and no timer fires. */
  dispose(): void {
    for (const host of this.#hosts.values()) host.alive = false;
  }

  async #replace(id: number, firstSerial: number): Promise<void> {
    const successor = await this.#build(id, firstSerial);
    for (const other of this.#hosts.values()) {
      // Both ends of the pair exist at once, and each executor takes its own when it gets there.
      const there = this.#link(successor, other);
      const back = this.#link(other, successor);
      successor.control.push(() => this.#take(successor, other.id, there, back));
      other.control.push(() => this.#take(other, id, back, there));
    }
    this.#hosts.set(id, successor);
  }

  async #build(id: number, firstSerial: number): Promise<Host> {
    const { agenda, clock, definitions, notes, spec } = this.#parts;
    const host = new Host(agenda, id);
    const { executor } = await buildExecutor(
      { ...spec, id, firstSerial },
      {
        definitions,
        clock: new ExecutorClock(clock, agenda, host),
        dispatcher: (...parts) => new SteppedDispatcher(agenda, host, notes, ...parts),
        log: this.#log,
      },
    );
    host.executor = executor;
    return host;
  }

  #link(from: Host, to: Host): MemoryLink {
    const { agenda, clock, faults } = this.#parts;
    return new MemoryLink(agenda, clock, from, to, (frame) => faults.pass(from.id, to.id, frame));
  }

  #open(from: Host, to: Host): void {
    const link = this.#link(from, to);
    from.outgoing.set(to.id, link);
    from.executor?.connect(to.id, link);
  }

  #attach(from: Host, to: Host): void {
    from.outgoing.get(to.id)?.attach((frame) => to.executor?.receive(frame));
  }

  /** One executor takes its ends of a pair of links. */
  #take(host: Host, peer: number, out: MemoryLink, incoming: MemoryLink): void {
    host.outgoing.set(peer, out);
    incoming.attach((frame) => host.executor?.receive(frame));
    host.executor?.connect(peer, out);
  }
}
