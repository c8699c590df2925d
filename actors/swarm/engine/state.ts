/**
 * The state of one job: plain data (objects, arrays, Maps and Sets) without functions or cycles, so that it can be
 * cloned or stored between two steps and continued elsewhere. Steps change it in place.
 *
 * A task of the graph (mode `run`) moves like this; a verification (mode `verify`) ends at `done`:
 *
 *   ready --assign--> running --completed--> done, verdict open --+--> verdict unneeded | verified | unverifiable
 *     ^                  |                        |               |                        (settled)
 *     +--failed, expired, lost--+                 +<--a vote or the agent itself is refuted--+
 *     +<------------------------------------------+  (agent refuted: the result is dropped)
 *
 * A stage moves from `waiting` to `open` when all stages before it are complete, and is complete when all of its tasks
 * are settled. A complete stage becomes incomplete again when one of its tasks has to be produced again.
 */
import type { WireError } from '#protocols/wire/error';
import type { Account } from './account.js';
import type { JobGraph, Stage } from './graph.js';
import type { Effect } from './messages.js';
import type { ReadyQueue } from './ready.js';
import type { SkillHistory } from './scheduler.js';

/** How a job is run. */
export interface EngineOptions {
  /** Capacity of agents that state none. Two, so that an agent has its next task while it answers. Default 2. */
  readonly capacity: number;
  /**
   * Under `verify: 'claims'`, one task in this many (chosen by a hash of its id) is verified on its whole input, with
   * claims or without; 0 turns it off. An agent that hides what it found makes no claim that anybody could refute, so
   * checking claims alone never catches it; a sample of everything does. Default 8.
   */
  readonly spotCheckEvery: number;
  /** Votes after which a dispute without a majority fails the job. Default 5. */
  readonly maxVotes: number;
  /** How long a dispute waits for an agent that has not voted when none is alive, in milliseconds. Default 30,000. */
  readonly disputeWaitMs: number;
  /**
   * Times that agents may be lost or leases expire under one task before the job fails. Losses consume no retry, but a
   * task that takes down whoever touches it must come to an end. Default 16.
   */
  readonly maxLosses: number;
  /** Node of the coordinator, near which reductions run. Default: none. */
  readonly coordinatorNode: string | undefined;
}

/** What tasks of both modes have. */
interface TaskBase {
  /** `stage` or `stage/index` for a run, the subject's id and `~n` for a verification. */
  readonly id: string;
  readonly stage: string;
  readonly skill: string;
  readonly input: unknown;
  readonly priority: number;
  /** Place in the order of assignment within a priority. */
  readonly order: number;
  /** Node that holds what it needs. */
  readonly nearNode: string | undefined;
  phase: 'ready' | 'running' | 'done' | 'parked';
  /** Attempts begun; never goes back for an id, even when the task is dropped and created again. */
  attempt: number;
  failures: number;
  losses: number;
  /** Agents that failed it or let its lease expire. */
  avoided: string[];
  /** Which entry of the ready queue is valid. */
  ticket: number;
  /** Agent and times of the running attempt. */
  lease: { readonly agent: string; readonly assignedAt: number; expiresAt: number } | undefined;
  /** Where the accepted result came from, and the claims in it as one canonical string. */
  accepted: { readonly agent: string; readonly node: string; readonly claims: string } | undefined;
}

/** A task of the graph. */
export interface RunTask extends TaskBase {
  readonly mode: 'run';
  /** Place in its stage. */
  readonly index: number;
  output: unknown;
  /** Input of the verifications of the present result. */
  verifyInput: unknown;
  verdict: 'open' | 'unneeded' | 'verified' | 'unverifiable';
  /** Verifications of the present result: those done are votes, at most one is not done. */
  verifications: string[];
  /** Verifications ever begun, for their ids. */
  verificationsBegun: number;
  /** Whether it was counted as disputed. */
  disputed: boolean;
}

/** A derivation of the claims of a run by another agent. */
export interface VerifyTask extends TaskBase {
  readonly mode: 'verify';
  /** Id of the run. */
  readonly subject: string;
  /** Agents whose votes it must be independent of. */
  readonly voters: readonly string[];
  /** Since when no agent is alive to take it; undefined while there is one. */
  stuckSince: number | undefined;
}

export type Task = RunTask | VerifyTask;

/** A stage in its run. */
export interface StageState {
  readonly spec: Stage;
  /** Stages whose data this one is, and stages that follow it in order only. */
  readonly feeds: readonly string[];
  readonly precedes: readonly string[];
  phase: 'waiting' | 'open';
  /** Ids of its tasks in instance order. */
  tasks: string[];
  settled: number;
  complete: boolean;
  /** Whether it has been complete since it was opened, so that others may have read its outputs. */
  read: boolean;
  /** Outputs that others may have read, of the tasks that are being produced again, by index. */
  readonly basis: Map<number, unknown>;
}

/** An agent, living or gone: what it did stays relevant, because it may be refuted later. */
export interface AgentState {
  readonly id: string;
  node: string;
  executor: string;
  skills: Set<string>;
  capacity: number;
  alive: boolean;
  quarantined: boolean;
  /** Tasks it holds. */
  readonly held: Set<string>;
  /** Tasks whose accepted result is its. */
  readonly results: Set<string>;
  readonly history: Map<string, SkillHistory>;
  leasesKept: number;
  leasesExpired: number;
}

/** The whole state of one job. */
export interface EngineState {
  readonly graph: JobGraph;
  readonly options: EngineOptions;
  phase: 'idle' | 'running' | 'finished' | 'failed' | 'cancelled';
  /** Greatest time seen, and the time of the start and of the end, in milliseconds. */
  now: number;
  startedAt: number;
  endedAt: number | undefined;
  readonly stages: Map<string, StageState>;
  /** Stages whose settled tasks changed since they were last looked at. */
  readonly dirty: Set<string>;
  readonly tasks: Map<string, Task>;
  /** Last attempt of tasks that were dropped; ids come back when a stage is opened again. */
  readonly fences: Map<string, number>;
  readonly ready: ReadyQueue;
  tickets: number;
  orders: number;
  running: number;
  readonly agents: Map<string, AgentState>;
  /** Verifications that are not done. */
  readonly pendingVerifications: Set<string>;
  /** Final failures of tasks whose own input is being produced again: they count once that input is confirmed. */
  readonly parked: Map<string, WireError>;
  /** Why the job has to fail; the end of the step acts on it. */
  failure: WireError | undefined;
  starved: boolean;
  readonly account: Account;
  /** What progress was shown last. */
  shown: { readonly done: number; readonly total: number; readonly rerun: number };
}

/** One step in the making. */
export interface Turn {
  readonly state: EngineState;
  readonly effects: Effect[];
  /** Whether an agent left or was quarantined in it. */
  agentsShrank: boolean;
}
