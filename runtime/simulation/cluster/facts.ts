/**
 * What is known of the whole cluster, as an omniscient observer knows it, and what must hold of it at any time. Facts of
 * the log are looked at once, when the first voter applies their entry; facts of leases whenever one begins or is
 * prolonged, since two can only come to overlap then.
 *
 * | invariant | says |
 * |---|---|
 * | SingleActivation | at most one node runs a child by a lease that holds, at any moment of true time |
 * | StopsBeforeGivenAway | when a child is started, no other node that does not hang still runs it |
 * | EpochMonotonic | epochs that are placed only grow, and so do those that a child is started under |
 * | StartsWhatIsPlaced | a node starts a child only under an epoch that was committed for this node and this life |
 * | PlacedOnLiving | a child is placed only on a node that is alive and not to be empty, by the log |
 * | Fencing | no effect of an old epoch is accepted after one of a newer epoch |
 * | FencedCompletion | a completion is accepted only from the epoch that its child is in |
 * | AcceptedWork | what a client is told of its task is committed, and stays true |
 * | AcceptedOnce, CompletedOnce | a task is accepted, completed, and has its effect once |
 * | RestartIntensity | a supervisor never allows more crashes than its intensity |
 */
import type { Outcome } from '#protocols/supervisor/command';
import type { AgentState } from '#protocols/supervisor/agent';
import type { SupervisorSettings } from '#protocols/supervisor/settings';
import { type MemberStatus, type SupervisorState, taskId } from '#protocols/supervisor/state';
import { unreachable } from '#protocols/wire/error';
import { Violation } from '../violation.js';
import type { World } from '../world.js';
import type { Write, Written } from './register.js';

interface Placement {
  readonly child: string;
  readonly node: string;
  readonly life: number;
}

/** What runs on a place. */
export interface Running {
  readonly name: string;
  readonly place: number;
  readonly agent: AgentState;
}

/** Facts of one run, and its invariants. */
export class Facts {
  readonly #world: World;
  readonly #settings: SupervisorSettings;
  /** The last entry whose outcomes are known. */
  #index = 0;
  #epoch = 0;
  readonly #placements = new Map<number, Placement>();
  /** The epoch of each child that has a home. */
  readonly #homes = new Map<string, number>();
  readonly #members = new Map<string, { readonly life: number; readonly status: MemberStatus }>();
  readonly #draining = new Set<string>();
  readonly #accepted = new Set<string>();
  readonly #completed = new Set<string>();
  /** Tasks that a client was told of: accepted, and done. */
  readonly #acknowledged = new Set<string>();
  readonly #told = new Set<string>();
  /** The last epoch that each child was started under. */
  readonly #started = new Map<string, number>();
  /** The highest epoch of each child that wrote. */
  readonly #wrote = new Map<string, number>();
  readonly #effects = new Set<string>();
  /** Crashes that count, by the time of the log, since the supervisor last began. */
  #crashes: number[] = [];
  /** It has given up. */
  #escalated = false;
  readonly #removed = new Set<string>();

  constructor(world: World, settings: SupervisorSettings) {
    this.#world = world;
    this.#settings = settings;
  }

  /** A voter has applied an entry; only the first to do so tells something. True when it was the first. */
  applied(index: number, outcomes: readonly Outcome[], timeMs: number): boolean {
    if (index <= this.#index) return false;
    this.#index = index;
    for (const outcome of outcomes) this.#committed(outcome, timeMs);
    return true;
  }

  #committed(outcome: Outcome, timeMs: number): void {
    switch (outcome.type) {
      case 'placed':
        return this.#placed(outcome);
      case 'ended':
        this.#homes.delete(outcome.child);
        if (outcome.reason === 'crash') this.#crashed(outcome.child, timeMs);
        return;
      case 'member':
        this.#members.set(outcome.node, outcome);
        return;
      case 'accepted':
        if (!outcome.again && this.#accepted.has(outcome.task))
          throw new Violation('AcceptedOnce', `${outcome.task} was accepted as new for the second time`);
        this.#accepted.add(outcome.task);
        return;
      case 'completed':
        return this.#complete(outcome);
      case 'escalated':
      case 'resumed':
        this.#escalated = outcome.type === 'escalated';
        this.#crashes = [];
        return;
      case 'added':
        this.#removed.delete(outcome.child);
        return;
      case 'removed':
        this.#removed.add(outcome.child);
        return;
      case 'drain':
        if (outcome.draining) this.#draining.add(outcome.node);
        else this.#draining.delete(outcome.node);
        return;
      case 'withdrawn':
      case 'settled':
      case 'assigned':
      case 'requeued':
      case 'refused':
        return;
      default:
        unreachable(outcome);
    }
  }

  #placed({ child, epoch, node, life }: Extract<Outcome, { type: 'placed' }>): void {
    if (epoch <= this.#epoch)
      throw new Violation('EpochMonotonic', `${child} is placed in epoch ${epoch} after ${this.#epoch}`);
    const member = this.#members.get(node);
    if (member?.status !== 'alive' || member.life !== life || this.#draining.has(node))
      throw new Violation('PlacedOnLiving', `${child} is placed on ${node}, which is ${member?.status ?? 'unknown'}`);
    this.#epoch = epoch;
    this.#placements.set(epoch, { child, node, life });
    this.#homes.set(child, epoch);
  }

  #crashed(child: string, timeMs: number): void {
    if (this.#escalated || this.#removed.has(child)) return;
    const { maxRestarts, withinMs } = this.#settings.intensity;
    // One more than is allowed is what the supervisor gives up for; it says so in the same entry.
    this.#crashes = [...this.#crashes.filter((at) => timeMs - at < withinMs), timeMs];
    if (this.#crashes.length > maxRestarts + 1)
      throw new Violation('RestartIntensity', `${this.#crashes.length} crashes within ${withinMs} ms of the log`);
  }

  #complete({ task, child, epoch }: Extract<Outcome, { type: 'completed' }>): void {
    if (this.#completed.has(task)) throw new Violation('CompletedOnce', `${task} was completed for the second time`);
    if (this.#homes.get(child) !== epoch)
      throw new Violation('FencedCompletion', `${task} was completed by ${child} in epoch ${epoch}, which is over`);
    if (!this.#effects.has(task)) throw new Violation('CompletedOnce', `${task} was completed without its effect`);
    this.#completed.add(task);
  }

  /** A node starts a child. */
  starts({ name, place, agent }: Running, child: string, epoch: number, nodes: readonly Running[]): void {
    const placed = this.#placements.get(epoch);
    if (placed?.child !== child || placed.node !== name || placed.life !== agent.life)
      throw new Violation('StartsWhatIsPlaced', `${name} starts ${child} in epoch ${epoch}, of which it has no home`);
    const before = this.#started.get(child) ?? 0;
    if (epoch <= before)
      throw new Violation('EpochMonotonic', `${name} starts ${child} in epoch ${epoch} after epoch ${before}`);
    this.#started.set(child, epoch);
    for (const other of nodes) {
      const running = other.agent.running.get(child);
      if (other.place === place || running === undefined) continue;
      const holds = running.untilMs > this.#clockMs(other.place);
      // What hangs does nothing; it stops before it does anything once it goes on.
      if (!holds && this.#world.paused(other.place)) continue;
      throw new Violation(
        holds ? 'SingleActivation' : 'StopsBeforeGivenAway',
        `${name} starts ${child} in epoch ${epoch}, and ${other.name} runs it in epoch ${running.epoch}`,
      );
    }
  }

  /** Leases of a node begin, or are prolonged. */
  leased({ name, place, agent }: Running, nodes: readonly Running[]): void {
    if (!this.#holds(place, agent)) return;
    for (const other of nodes) {
      if (other.place === place) continue;
      for (const [child, { epoch, untilMs }] of other.agent.running) {
        const own = agent.running.get(child);
        if (own === undefined || untilMs <= this.#clockMs(other.place) || own.untilMs <= this.#clockMs(place)) continue;
        throw new Violation(
          'SingleActivation',
          `${child} runs on ${name} in epoch ${own.epoch} and on ${other.name} in epoch ${epoch}`,
        );
      }
    }
  }

  #holds(place: number, { running }: AgentState): boolean {
    for (const { untilMs } of running.values()) if (untilMs > this.#clockMs(place)) return true;
    return false;
  }

  /** A write has arrived outside. */
  wrote({ child, epoch, task }: Write, written: Written): void {
    if (written === 'fenced') return;
    const before = this.#wrote.get(child) ?? 0;
    if (epoch < before)
      throw new Violation('Fencing', `a write of ${child} in epoch ${epoch} took effect after one of epoch ${before}`);
    this.#wrote.set(child, epoch);
    if (written === 'done before') return;
    if (this.#effects.has(task)) throw new Violation('CompletedOnce', `${task} had its effect for the second time`);
    this.#effects.add(task);
  }

  /** A client was told that its task is accepted. */
  acknowledged(task: string): void {
    if (!this.#accepted.has(task))
      throw new Violation('AcceptedWork', `${task} was acknowledged, and nobody has committed it`);
    this.#acknowledged.add(task);
  }

  /** A client was told that its task is done. */
  told(task: string): void {
    if (!this.#completed.has(task)) throw new Violation('AcceptedWork', `${task} is said to be done, and is not`);
    this.#told.add(task);
  }

  /** Whether a state holds all that clients were told. @throws Violation */
  kept(name: string, state: SupervisorState): void {
    for (const task of this.#acknowledged) {
      const slash = task.lastIndexOf('/');
      const [client, seq] = [task.slice(0, slash), Number(task.slice(slash + 1))];
      const known = state.tasks.get(taskId({ client, seq }));
      const settled = (state.acked.get(client) ?? 0) >= seq;
      if (known === undefined && !settled)
        throw new Violation('AcceptedWork', `${name} has lost ${task}, which was acknowledged`);
      if (this.#told.has(task) && !settled && known?.result === undefined)
        throw new Violation('AcceptedWork', `${name} has lost the result of ${task}, which a client was told`);
      if (!this.#completed.has(task) || !this.#effects.has(task))
        throw new Violation('AcceptedWork', `${task} was acknowledged and never came to its effect`);
    }
  }

  #clockMs(place: number): number {
    return this.#world.monotonicUs(place) / 1_000;
  }
}
