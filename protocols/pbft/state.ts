/**
 * The state of a PBFT replica. The log of the paper is in three parts: `slots` has the votes of the view that the replica
 * is in, `certificates` what prepared in any view, `decided` what committed; each reaches from the last stable checkpoint
 * h to H = h + L, and nothing outside of these water marks is kept.
 *
 *     0 ......... stable = h ......... executed ......... h + L = H
 *                  state and proof     |-- slots, certificates, decided, batches --|
 */
import type { DurableRecord, Refusal, ReplicaEffect, StableCheckpoint } from './effects.js';
import type { LastReply } from './encoding.js';
import type {
  Certificate,
  Checkpoint,
  Commit,
  NewView,
  PbftMessage,
  PrePrepare,
  Prepare,
  ReplicaBody,
  Request,
  Signed,
  ViewChange,
} from './message.js';
import { type ClientId, type Digest, type PbftSettings, primaryOf, type ReplicaId } from './settings.js';

/** Who a replica is, and the functions that it was given; they have to be pure. */
export interface ReplicaConfig {
  readonly id: ReplicaId;
  readonly settings: PbftSettings;
  readonly digest: Digest;
}

/** Votes of the present view about one sequence number. */
export interface Slot {
  prePrepare: Signed<PrePrepare> | undefined;
  /** One of each backup, whatever its digest: the first. */
  readonly prepares: Map<ReplicaId, Signed<Prepare>>;
  readonly commits: Map<ReplicaId, Signed<Commit>>;
}

/** A request that was received and is not executed. */
export interface Waiting {
  readonly request: Signed<Request>;
  /** When it was last passed on to the primary. */
  relayedAt: number;
}

/** What a peer last said of itself, and when it was last answered. */
export interface Peer {
  stable: number;
  answeredAt: number;
  servedAt: number;
}

/** Waits for the execution of a request, or for that of any request in a view that was just asked for. */
export interface Timer {
  leftTicks: number;
  readonly awaits: { readonly client: ClientId; readonly timestamp: number } | 'view';
}

/** State of a replica; made by {@link newReplica} or by `recoverReplica`. */
export interface ReplicaState {
  readonly config: ReplicaConfig;
  /** All replicas but this one. */
  readonly others: readonly ReplicaId[];
  /** The view that it is in, or waits for when it is not active. */
  view: number;
  active: boolean;
  /** What it signs as its view-change while it is not active. */
  viewChange: ViewChange | undefined;
  /** The latest of each replica, its own too. */
  readonly viewChanges: Map<ReplicaId, Signed<ViewChange>>;
  /** V that it has chosen as the primary of `view`, and its pre-prepares of O as they come back signed. */
  forming:
    | { readonly chosen: readonly Signed<ViewChange>[]; readonly signed: Map<number, Signed<PrePrepare>> }
    | undefined;
  /** What opened the view; undefined in view 0. */
  newView: Signed<NewView> | undefined;
  /** max-s of the view: up to here only its new-view orders. */
  ordered: number;
  /** Up to here the orders of the new-view are in the log. */
  entered: number;
  /** The next sequence number that this replica gives as a primary. */
  next: number;
  /** Timestamps of requests that this replica as the primary has under way in this view. */
  readonly assigned: Map<ClientId, number>;
  readonly slots: Map<number, Slot>;
  /** P: for each sequence number the certificate of the highest view. */
  readonly certificates: Map<number, Certificate>;
  /** Digests that committed. */
  readonly decided: Map<number, string>;
  /** Batches by digest, with the highest sequence number that each was ordered at. */
  readonly batches: Map<string, { seq: number; readonly requests: readonly Signed<Request>[] }>;
  /** All up to here are executed. */
  executed: number;
  /** What the service has in hand: requests of `executed + 1`. */
  executing: { readonly seq: number; readonly requests: readonly Signed<Request>[] } | undefined;
  readonly clients: Map<ClientId, LastReply>;
  /** In the order of their arrival; one for each client. */
  readonly waiting: Map<ClientId, Waiting>;
  stable: StableCheckpoint;
  /** Last replies as they were at a sequence number whose snapshot is on its way. */
  readonly snapshotting: Map<number, ReadonlyMap<ClientId, LastReply>>;
  /** States of own checkpoints that are not stable yet, the stable one too. */
  readonly snapshots: Map<number, { readonly digest: string; readonly state: Uint8Array }>;
  /** Between the water marks, by sequence number and replica. */
  readonly checkpoints: Map<number, Map<ReplicaId, Signed<Checkpoint>>>;
  /** A stable checkpoint whose state it does not have. */
  target: { readonly seq: number; readonly digest: string; readonly proof: readonly Signed<Checkpoint>[] } | undefined;
  readonly peers: Map<ReplicaId, Peer>;
  ticks: number;
  timer: Timer | undefined;
  /** Ticks that the timer is set to. */
  patience: number;
  /** Whether a request was executed since the last view change: what the timeout doubles without. */
  progressed: boolean;
  /** Counts fetches, so that each goes to another replica. */
  fetches: number;
  /** Whom the fetch that is being signed is for. */
  fetching: ReplicaId | undefined;
}

/** A replica at its very beginning. */
export function newReplica(config: ReplicaConfig): ReplicaState {
  const replicas = Array.from({ length: config.settings.replicas }, (_, replica) => replica);
  return {
    config,
    others: replicas.filter((replica) => replica !== config.id),
    view: 0,
    active: true,
    viewChange: undefined,
    viewChanges: new Map(),
    forming: undefined,
    newView: undefined,
    ordered: 0,
    entered: 0,
    next: 1,
    assigned: new Map(),
    slots: new Map(),
    certificates: new Map(),
    decided: new Map(),
    batches: new Map(),
    executed: 0,
    executing: undefined,
    clients: new Map(),
    waiting: new Map(),
    stable: { seq: 0, digest: '', proof: [], state: new Uint8Array(0) },
    snapshotting: new Map(),
    snapshots: new Map(),
    checkpoints: new Map(),
    target: undefined,
    peers: new Map(),
    ticks: 0,
    timer: undefined,
    patience: config.settings.timeoutTicks,
    progressed: true,
    fetches: 0,
    fetching: undefined,
  };
}

/** Effects of one step, in their order. */
export class Effects {
  readonly list: ReplicaEffect[] = [];
  readonly #id: ReplicaId;
  readonly #others: readonly ReplicaId[];

  constructor({ config, others }: ReplicaState) {
    this.#id = config.id;
    this.#others = others;
  }

  push(effect: ReplicaEffect): void {
    this.list.push(effect);
  }

  sign(body: ReplicaBody): void {
    this.list.push({ type: 'sign', body });
  }

  persist(records: readonly DurableRecord[], removed: readonly string[] = []): void {
    this.list.push({ type: 'persist', records, removed });
  }

  send(to: ReplicaId, message: PbftMessage): void {
    this.list.push({ type: 'send', to: [to], message });
  }

  /** To all other replicas. */
  multicast(message: PbftMessage): void {
    if (this.#others.length > 0) this.list.push({ type: 'send', to: this.#others, message });
  }

  /** A message of this replica that it has taken to its own log goes to all others. */
  multicastOwn(message: Extract<PbftMessage, { readonly replica: ReplicaId }>): void {
    if (message.replica === this.#id) this.multicast(message);
  }

  refuse(message: PbftMessage, why: Refusal): void {
    this.list.push({ type: 'refused', what: message.type, why });
  }
}

/** Whether this replica is the primary of the view that it is in or waits for. */
export function isPrimary({ config, view }: ReplicaState): boolean {
  return primaryOf(config.settings, view) === config.id;
}

/** h < n <= H. */
export function betweenWatermarks({ config, stable }: ReplicaState, seq: number): boolean {
  return seq > stable.seq && seq <= stable.seq + config.settings.logSize;
}

/** The votes about a sequence number between the water marks. */
export function slotAt({ slots }: ReplicaState, seq: number): Slot {
  let slot = slots.get(seq);
  if (slot === undefined) slots.set(seq, (slot = { prePrepare: undefined, prepares: new Map(), commits: new Map() }));
  return slot;
}

/** What is known of a peer. */
export function peerOf({ peers }: ReplicaState, replica: ReplicaId): Peer {
  let peer = peers.get(replica);
  if (peer === undefined) peers.set(replica, (peer = { stable: 0, answeredAt: -1, servedAt: -1 }));
  return peer;
}
