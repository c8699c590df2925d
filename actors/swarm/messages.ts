/** What the actors of a swarm tell each other and their client. Plain data throughout. */
import { type ActorAddress, castFace } from '#runtime';
import type { NodeInfo } from '#cluster/membership/members';
import type { WireError } from '#protocols/wire/error';
import type { JobAccount } from './engine/account.js';
import type { LeaveReason } from './engine/messages.js';

/** One execution; the attempt is its fencing epoch. */
export interface Execution {
  readonly task: string;
  readonly attempt: number;
}

/** An order to an agent. */
export interface Assignment extends Execution {
  /** Who gets the outcome. */
  readonly coordinator: ActorAddress;
  /** The life of the agent that the order is for. */
  readonly agent: string;
  readonly skill: string;
  readonly input: unknown;
  readonly leaseMs: number;
  readonly mode: 'run' | 'verify';
}

/** A finished execution. */
export interface Completion extends Execution {
  readonly agent: string;
  readonly output: unknown;
  readonly claims: readonly string[];
  /** The smallest input from which the claims follow; null when that is the whole input. */
  readonly narrowed: unknown;
}

/** One life of an agent. */
export interface AgentLife {
  /** Address and incarnation, `address#n`: an agent that starts again is another one to the engine. */
  readonly id: string;
  readonly address: ActorAddress;
  readonly node: string;
  readonly executor: number;
  readonly skills: readonly string[];
}

/** What happens to a job, for whoever watches it. */
export type JobEvent =
  | { readonly type: 'started'; readonly job: string }
  | {
      readonly type: 'node';
      readonly name: string;
      readonly pid: number;
      readonly roles: readonly string[];
      readonly status: 'up' | 'lost';
    }
  | {
      readonly type: 'agent';
      readonly agent: string;
      readonly node: string;
      readonly status: 'joined' | 'left';
      readonly reason: string;
    }
  | { readonly type: 'stage'; readonly stage: string; readonly tasks: number }
  | {
      readonly type: 'outvoted';
      readonly agent: string;
      readonly node: string;
      readonly task: string;
      readonly votesFor: number;
      readonly votesAgainst: number;
    }
  | { readonly type: 'starved'; readonly ready: number; readonly skills: readonly string[] }
  | { readonly type: 'finished' }
  | { readonly type: 'failed'; readonly error: WireError };

/** How far a job is. `done` never goes back. */
export interface JobProgress {
  readonly done: number;
  readonly total: number;
  readonly rerun: number;
  readonly verified: number;
  readonly disputed: number;
}

/** Casts that a coordinator accepts. */
export interface CoordinatorCasts {
  joined: AgentLife;
  left: { readonly agent: string; readonly node: string; readonly reason: LeaveReason };
  nodeRoles: { readonly name: string; readonly roles: readonly string[] };
  completed: Completion;
  failed: Execution & { readonly agent: string; readonly error: WireError };
  renew: Execution & { readonly agent: string };
  cancel: null;
}

/** Casts that a scheduler accepts. */
export interface SchedulerCasts {
  members: { readonly members: readonly NodeInfo[] };
  attach: { readonly coordinator: ActorAddress };
  agentReady: AgentLife;
}

/** Casts that an agent accepts. */
export interface AgentCasts {
  execute: Assignment;
}

/** Casts that a queen accepts. */
export interface QueenCasts {
  event: JobEvent;
  progress: JobProgress;
  finished: { readonly output: unknown; readonly account: JobAccount };
  failed: { readonly error: WireError; readonly account: JobAccount };
}

export const coordinatorFace = castFace<CoordinatorCasts>();
export const schedulerFace = castFace<SchedulerCasts>();
export const agentFace = castFace<AgentCasts>();
export const queenFace = castFace<QueenCasts>();
