/**
 * What the simulator needs to know of a protocol: how to plan a run, how to build its nodes in a world, and what must
 * hold. A model is glue that a driver in production would be as well: it carries out effects, encodes messages, keeps
 * records on the disk. All decisions of the protocol are made by its core.
 */
import type { Random } from '../testing/random.js';
import type { FaultKind, Knobs } from './knobs.js';
import type { World } from './world.js';

/** What happens in a run beside its faults; plain data that survives JSON. */
export interface Planned<Setup, Operation> {
  /** Nodes of the world. */
  readonly size: number;
  /** Settings of the protocol, drawn for this run. */
  readonly setup: Setup;
  /** What clients and operators do, by time. */
  readonly operations: readonly { readonly atUs: number; readonly operation: Operation }[];
  /** How many nodes may be gone for good, or have rotten disks, with everything still coming right. */
  readonly spare: number;
}

/** A protocol under simulation. `Setup` and `Operation` are plain data. */
export interface Model<Setup = unknown, Operation = unknown> {
  /** On the command line. */
  readonly name: string;
  /** What is simulated, in one line. */
  readonly about: string;
  /** The faults that the protocol is made to survive. */
  readonly faults: readonly FaultKind[];
  /** What a long campaign has to have met, beside what the world itself counts; else it proves nothing. */
  readonly sometimes: readonly string[];
  /** Time with faults and operations, in virtual microseconds. */
  readonly busyUs: number;
  /** Time within which everything has to come right once the faults are over, in virtual microseconds. */
  readonly settleUs: number;
  /** Draws a run. Operations lie before `busyUs`. */
  plan(random: Random, knobs: Knobs): Planned<Setup, Operation>;
  /** Builds and starts all nodes. */
  start(world: World, plan: Planned<Setup, Operation>): Simulated<Operation>;
}

/** A protocol that runs in a world. */
export interface Simulated<Operation = unknown> {
  /** A packet arrived at a node that is up. */
  receive(to: number, from: number, packet: Uint8Array): void;
  /** A packet in words. */
  words(packet: Uint8Array): string;
  /** A client or operator does something, whatever the state of the nodes. */
  operate(operation: Operation): void;
  /** The node died: its memory is gone. Its disk is what a power loss left, or a kill. */
  crashed(node: number): void;
  /** The node starts again, with nothing but its disk. */
  restarted(node: number): void;
  /** The faults are over, and no more operations come; nodes that are not up stay down for good. */
  healed(): void;
  /** Looks at every invariant; called after each event. @throws Violation */
  check(): void;
  /** True when everything has come right; asked from time to time after the faults are over. */
  settled(): boolean;
  /** What to look at once, at the end. @throws Violation */
  finish(): void;
  /** The state of each node, a line each, for whoever reads a failed run. */
  state(): readonly string[];
}
