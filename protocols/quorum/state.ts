/**
 * The state of one node of a quorum store, what is put into it and what comes out. All of it is data that `step.ts`
 * owns and changes; of it the disk has what a `persist` effect has brought there, and nothing else survives a crash.
 */
import type { Clock } from './clock.js';
import type { RangeTree } from './merkle.js';
import type { QuorumMessage } from './message.js';
import type { Arc, Ring, Table } from './ring.js';
import type { QuorumSettings } from './settings.js';
import type { Versions } from './versions.js';

/** One record of a node. */
export interface Entry {
  readonly key: string;
  readonly position: number;
  versions: Versions;
  digest: number;
  /** Where it lies on the ring of now; undefined without a ring. */
  arc: Arc | undefined;
  /** The tick of its last change in this life. */
  since: number;
}

/** What identifies a node's disk. */
export interface Identity {
  /** Names the writes that this disk coordinates: unique to the node and to every loss of its disk. */
  readonly actor: string;
  /** Numbers of writes up to here may have been used. */
  readonly ceiling: number;
  /** The disk has lost records, and what it holds does not count until it has been completed from others. */
  readonly recovering: boolean;
}

/** What a node finds when it starts. */
export interface Stored {
  readonly identity: Identity;
  /** From the disk; from whoever decides about membership on a new disk and after a loss. */
  readonly ring: Ring | undefined;
  readonly records: readonly (readonly [key: string, versions: Versions])[];
  readonly hints: readonly (readonly [target: string, key: string])[];
}

/** One thing to be written; those of one effect in this order. */
export type Write =
  | { readonly type: 'identity'; readonly identity: Identity }
  | { readonly type: 'ring'; readonly ring: Ring }
  | { readonly type: 'hint'; readonly target: string; readonly key: string; readonly kept: boolean }
  /** Without versions the record is removed. */
  | { readonly type: 'record'; readonly key: string; readonly versions: Versions | undefined };

export type QuorumInput =
  /** The first one. */
  | { readonly type: 'start' }
  | { readonly type: 'tick' }
  | { readonly type: 'receive'; readonly from: string; readonly message: QuorumMessage }
  /** From whoever decides about membership. */
  | { readonly type: 'ring'; readonly ring: Ring }
  | { readonly type: 'get'; readonly id: string; readonly key: string }
  /** `context` is what a read or a write of the key gave before, empty when there was none. Without a value: delete. */
  | {
      readonly type: 'put';
      readonly id: string;
      readonly key: string;
      readonly value: Uint8Array | undefined;
      readonly context: Clock;
    };

/** Whether R or W distinct nodes of the preference list took part, or stand-ins with them. */
export type QuorumKind = 'strict' | 'sloppy';

/** What a client is told. */
export type QuorumResult =
  /** `values` are the siblings, none when the key is absent or deleted; a write with `context` supersedes all of them. */
  | {
      readonly type: 'ok';
      readonly quorum: QuorumKind;
      readonly values: readonly Uint8Array[];
      readonly context: Clock;
    }
  /** Too few replicas answered in time. A write may have happened at some of them, and may still be seen. */
  | { readonly type: 'unavailable'; readonly answered: number; readonly needed: number }
  /** This node is no replica of the key: one of those is to be asked. */
  | { readonly type: 'redirect'; readonly to: readonly string[] }
  | { readonly type: 'overloaded' }
  | { readonly type: 'no-ring' }
  /** The context covers writes of this node that it has never made. */
  | { readonly type: 'bad-context' };

/** What happened that is worth counting. */
export type QuorumEvent =
  | 'read repair'
  | 'siblings returned'
  | 'hint kept'
  | 'hint delivered'
  | 'hint refused'
  | 'stand-in asked'
  | 'merkle repair'
  | 'quorum failed'
  | 'range moved'
  | 'ring adopted'
  | 'recovered'
  | 'tombstone collected'
  | 'message ignored';

/** Carried out in order, each once the one before is complete: nothing is sent or answered that is not on the disk. */
export type QuorumEffect =
  | { readonly type: 'persist'; readonly writes: readonly Write[] }
  | { readonly type: 'send'; readonly to: string; readonly message: QuorumMessage }
  | { readonly type: 'reply'; readonly id: string; readonly result: QuorumResult }
  /** This node has copied all that it gains by the change of this epoch: for whoever decides about membership. */
  | { readonly type: 'synced'; readonly epoch: number }
  | { readonly type: 'count'; readonly event: QuorumEvent };

/** A write that this node coordinates. */
export interface PutOperation {
  readonly type: 'put';
  readonly id: string;
  readonly key: string;
  readonly versions: Versions;
  /** Replicas that have it, or whose stand-ins have. */
  readonly acked: Set<string>;
  /** Nodes that were asked to stand in, by the replica. */
  readonly standIns: Map<string, string>;
  quorum: QuorumKind;
  replied: boolean;
  askedTick: number;
  readonly startTick: number;
}

/** A read that this node coordinates. */
export interface GetOperation {
  readonly type: 'get';
  readonly id: string;
  readonly key: string;
  /** What each has answered, this node included. */
  readonly answers: Map<string, Versions>;
  /** Replicas that have answered, or whose stand-ins have. */
  readonly heard: Set<string>;
  /** Those of them that know what they should have. */
  readonly counted: Set<string>;
  readonly standIns: Map<string, string>;
  quorum: QuorumKind;
  replied: boolean;
  askedTick: number;
  readonly startTick: number;
}

export type Operation = PutOperation | GetOperation;

/** A hint under way. */
export interface Delivery {
  readonly target: string;
  readonly key: string;
  readonly digest: number;
  readonly deadline: number;
}

/** A comparison that this node began. */
export interface Session {
  readonly ref: number;
  readonly peer: string;
  readonly deadline: number;
  /** What is waited for. */
  stage: 'ranges' | 'keys' | 'push';
  /** Something did not fit, so that a comparison more is needed. */
  partial: boolean;
  /** The other is no node that has lost its disk. */
  complete: boolean;
}

/** A tombstone that may be collected. */
export interface Candidate {
  readonly digest: number;
  readonly others: readonly string[];
  /** Those of them that have not agreed yet. */
  readonly silent: Set<string>;
}

/** Tombstones that this node is about to collect, and who has still to agree to each. */
export interface Collection {
  readonly ref: number;
  readonly deadline: number;
  readonly waiting: Map<string, Candidate>;
}

/** A node of a quorum store. */
export interface QuorumState {
  readonly settings: QuorumSettings;
  readonly node: string;
  readonly actor: string;
  chance: number;
  tick: number;
  ring: Ring | undefined;
  table: Table | undefined;
  /** The number of the last write that this node coordinated. */
  counter: number;
  /** Numbers up to here are reserved on the disk. */
  ceiling: number;
  recovering: boolean;
  readonly entries: Map<string, Entry>;
  /** Of what this node holds as a replica, by the end of the arc. */
  readonly trees: Map<number, RangeTree>;
  /** Keys of tombstones. */
  readonly graves: Set<string>;
  /** Keys that a node has missed, by its name. */
  readonly hints: Map<string, Set<string>>;
  hintCount: number;
  hintTick: number;
  readonly deliveries: Map<number, Delivery>;
  readonly operations: Map<number, Operation>;
  nextRef: number;
  session: Session | undefined;
  syncTick: number;
  /** Nodes that this one has copied everything of since it adopted its ring, and whether they were complete. */
  readonly copied: Map<string, boolean>;
  /** Nodes that replicate something that this one does too. */
  peers: readonly string[];
  /** Whether this node still has to copy what it gains by the change of its ring. */
  gaining: boolean;
  collection: Collection | undefined;
  collectTick: number;
  /** Of the step that is being made. */
  writes: Write[];
  effects: QuorumEffect[];
}

/** One step. */
export interface QuorumStep {
  readonly state: QuorumState;
  readonly effects: readonly QuorumEffect[];
}
