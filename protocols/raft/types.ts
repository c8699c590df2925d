/**
 * What Raft is about: members, entries, configurations, snapshots, and the state of one node. (Ongaro, "Consensus:
 * bridging theory and practice", 2014, figure 3.1, with the fields of etcd-io/raft by their names there.) Everything is
 * plain data. What is `readonly` here is never changed once made, so effects and messages may share it with the state.
 *
 *     base          snapshot.index      applied   applying   commit            lastIndex
 *      | compacted    |                    |         |          |                 |
 *      |--- kept for slow followers -------|---------|----------|---- may change -|
 *                                            handed to the state machine
 */

/** Name of a node: unique for the life of its disk. A node that lost its disk has to come back under another. */
export type NodeId = string;

/**
 * What a client calls its proposal or read, to find the outcome by. Not looked into; at most {@link MAX_ID} long. The id
 * of a read is used once, also beyond the life of a process: an answer that is late must not be taken for another's.
 */
export type RequestId = string;

/** Longest {@link RequestId} and {@link NodeId}, in UTF-16 code units. */
export const MAX_ID = 256;

/** A change of one member. */
export interface MemberChange {
  /** `add-voter` promotes a learner, `add-learner` demotes a voter. */
  readonly type: 'add-voter' | 'add-learner' | 'remove';
  readonly node: NodeId;
}

/**
 * A change of the configuration. Without changes it leaves a joint configuration. `auto`: one change of a voter is made
 * at once, more go through a joint configuration that is left by itself. `joint-implicit`: always joint, left by itself.
 * `joint-explicit`: always joint, left when somebody asks for it. (Dissertation, 4.3; etcd's ConfChangeV2.)
 */
export interface ConfigChange {
  readonly transition: 'auto' | 'joint-implicit' | 'joint-explicit';
  readonly changes: readonly MemberChange[];
}

/** Who decides. Lists are sorted and hold no one twice. A decision takes a majority of each list of voters. */
export interface Config {
  readonly voters: readonly NodeId[];
  /** Voters of the configuration that is being left; empty unless joint. */
  readonly votersOutgoing: readonly NodeId[];
  /** Get the log and do not count. */
  readonly learners: readonly NodeId[];
  /** Outgoing voters that are learners once the joint configuration is left. */
  readonly learnersNext: readonly NodeId[];
  /** The leader leaves the joint configuration by itself. */
  readonly autoLeave: boolean;
}

/** One entry of the log. */
export type Entry =
  /** The first entry of each leader. */
  | { readonly type: 'noop'; readonly index: number; readonly term: number }
  | {
      readonly type: 'normal';
      readonly index: number;
      readonly term: number;
      readonly id: RequestId;
      readonly data: Uint8Array;
    }
  /** Takes effect on a node when that node has applied it. */
  | {
      readonly type: 'config';
      readonly index: number;
      readonly term: number;
      readonly id: RequestId;
      readonly change: ConfigChange;
    };

/** A snapshot without its bytes: the state machine after the entry `index`, which was of `term`. */
export interface Snapshot {
  readonly index: number;
  readonly term: number;
  /** The configuration after that entry. */
  readonly config: Config;
}

/** What has to survive a crash beside log and snapshot. */
export interface HardState {
  readonly term: number;
  /** Who got the vote of this node in `term`. */
  readonly vote: NodeId | undefined;
  /**
   * Known to be committed. Not persisted for itself, but with every entry: a node that has an entry that was proposed
   * under some configuration must find after a crash that this configuration was committed.
   */
  readonly commit: number;
  /** Entries that this node may have acknowledged are lost: it does not vote until a leader has brought them back. */
  readonly damaged: boolean;
  /** This node may have voted in terms that it does not remember: it never votes again under this id. */
  readonly amnesiac: boolean;
}

export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader';

/** Settings of a node; the same on all nodes of a group, apart from `id`. Times in ticks. */
export interface Settings {
  readonly id: NodeId;
  /** Ticks without a leader before an election; randomized to [n, 2n - 1]. Default 10; above `heartbeatTicks`. */
  readonly electionTicks: number;
  /** Ticks between heartbeats of a leader. Default 1. */
  readonly heartbeatTicks: number;
  /** Ask whether an election could be won before raising the term. Default true. */
  readonly preVote: boolean;
  /** A leader that a majority does not answer steps down, and a node that hears a leader refuses votes. Default true. */
  readonly checkQuorum: boolean;
  /** How reads are made linearizable: `quorum` by a round of heartbeats each, `lease` without while a lease lasts. */
  readonly reads: 'quorum' | 'lease';
  /** For leases: clocks of nodes run wrong by at most this share, 0 to below 1. Default 0.1. */
  readonly clockDrift: number;
  /** Bytes of entries in one append, of at least one entry. Default 64 kB. */
  readonly maxAppendBytes: number;
  /** Appends under way to one follower. Default 64. */
  readonly maxInflight: number;
  /** Bytes of entries under way to one follower. Default 1 MB. */
  readonly maxInflightBytes: number;
  /** Bytes of proposals that a leader has appended and not applied; more are refused. Default 4 MB. */
  readonly maxUncommittedBytes: number;
  /** Bytes of entries that are handed to the state machine at once, of at least one entry. Default 1 MB. */
  readonly maxApplyBytes: number;
  /** Entries kept behind a snapshot for followers that are a little slow. Default 1,000. */
  readonly keepEntries: number;
  /** Reads that wait for an answer of a quorum or of the leader; more are refused. Default 10,000. */
  readonly maxReads: number;
}

/** The log in memory: all entries above `base`. */
export interface Log {
  /** The entry at `index` is `entries[index - base - 1]`. */
  entries: Entry[];
  /** Index of the last entry that is compacted away; 0 when none is. */
  base: number;
  /** Its term. */
  baseTerm: number;
}

/** How a leader sends to a follower. (etcd's tracker.StateType.) */
export type ProgressState =
  /** One append a heartbeat, to find where the logs agree. */
  | 'probe'
  /** Appends are sent ahead of their acknowledgements. */
  | 'replicate'
  /** A snapshot is under way and no append is. */
  | 'snapshot';

/** What a leader knows of one member, itself among them. (etcd's tracker.Progress.) */
export interface Progress {
  readonly id: NodeId;
  /** The logs agree up to here, durably. */
  match: number;
  /** The next entry to send. Always above `match`. */
  next: number;
  state: ProgressState;
  /** Answered since the last check of the quorum. */
  recentActive: boolean;
  /** No more appends before an answer. */
  paused: boolean;
  isLearner: boolean;
  /** Appends under way, oldest first: index of the last entry of each. */
  inflights: number[];
  /** Their bytes, in the same order. */
  inflightSizes: number[];
  /** Sum of `inflightSizes`. */
  inflightBytes: number;
  /** Highest commit index that was sent. */
  sentCommit: number;
  /** In the state `snapshot`: the one that is being sent. */
  sending: Snapshot | undefined;
  /** Offset of the chunk that is read or under way. */
  chunkOffset: number;
  /** Offset behind that chunk; -1 as long as it is being read. */
  chunkEnd: number;
  /** Answered heartbeats since that chunk was asked for. */
  chunkWaits: number;
  /** The highest round of heartbeats that it answered. */
  round: number;
  /** The tick at which the newest heartbeat that it answered was sent; minus infinity before the first. */
  leaseAt: number;
  /** It has lost entries and does not count; it is sound again once it has all up to here. 0 when it is sound. */
  recoverTo: number;
}

/** A configuration and the entry that it is in force from. */
export interface ConfigAt {
  readonly index: number;
  readonly config: Config;
}

/** A read that waits. */
export interface PendingRead {
  readonly id: RequestId;
  /** Who asked: this node, or a follower. */
  readonly from: NodeId;
  /** The round of heartbeats that has to be answered; 0 while no entry of the term is committed. */
  round: number;
  /** The commit index when it was asked; 0 while `round` is. */
  index: number;
}

/** The state of a node. Made by `startRaft`, changed by `stepRaft` alone; to be read by anyone. */
export interface RaftState {
  readonly settings: Settings;
  term: number;
  vote: NodeId | undefined;
  role: Role;
  /** The leader of `term`, when known. */
  leader: NodeId | undefined;
  readonly log: Log;
  commit: number;
  /** Handed to the state machine up to here. */
  applying: number;
  /** The state machine said that it has applied all up to here. Below `log.base` while a snapshot is restored. */
  applied: number;
  /** Bytes of the entries in between. */
  applyingBytes: number;
  damaged: boolean;
  amnesiac: boolean;
  /** The newest durable snapshot. Undefined for a node that joins and has received nothing. */
  snapshot: Snapshot | undefined;
  /** The configuration that is in force here: that of the last one applied. */
  config: Config;
  /** Those in force since the snapshot, oldest first. */
  configs: ConfigAt[];
  /** Of all members, in the order of their ids. Kept up by leaders only; `isLearner` is right everywhere. */
  progress: Map<NodeId, Progress>;
  /** Answers to this node as a candidate or pre-candidate. */
  readonly votes: Map<NodeId, boolean>;

  /** State of the generator of chances. @see nextChance */
  seed: number;
  /** Ticks since the node started. */
  ticks: number;
  /** Ticks since the last word of the leader, or since the last check of the quorum on a leader. */
  electionElapsed: number;
  heartbeatElapsed: number;
  /** Drawn anew for each term. */
  randomizedElectionTimeout: number;
  /** The tick of the last word of any leader; the start counts as one. What a leader's lease rests on. */
  heardAt: number;

  /** All of the log up to here was handed out to be persisted. */
  handed: number;
  /** The hard state that was handed out last. */
  handedState: HardState;
  /** Role, term and leader that were told last. */
  told: { role: Role; term: number; leader: NodeId | undefined };

  /** Bytes of proposals of this leader that are not applied. */
  uncommittedBytes: number;
  /** No change of the configuration may be proposed before this entry is applied. */
  pendingConfIndex: number;
  /** Who is to be the next leader. */
  leadTransferee: NodeId | undefined;
  /** In this term somebody was told to take over at once, so that no lease holds any more. */
  leaseBroken: boolean;

  /** Rounds of heartbeats of this leader. */
  round: number;
  /** Reads that wait for a quorum, on a leader, in the order in which they came. */
  pendingReads: PendingRead[];
  /** Reads that the leader has been asked for, on a follower, with the tick at which they are given up. */
  readonly forwardedReads: Map<RequestId, number>;
  /** Reads that wait until `index` is applied. */
  waitingReads: { readonly id: RequestId; readonly index: number }[];

  /** The snapshot that is being received. */
  incoming: Incoming | undefined;
  /** A damaged node has recovered when it has all up to `index` of the leader of `term`. */
  recovery: { readonly term: number; readonly index: number } | undefined;
  /** Messages that made no sense and were dropped. */
  ignored: number;
}

/** A snapshot that is being received. */
export interface Incoming {
  readonly from: NodeId;
  /** Of the leader that sends it. */
  readonly term: number;
  readonly snapshot: Snapshot;
  /** Bytes that are here. */
  received: number;
}
