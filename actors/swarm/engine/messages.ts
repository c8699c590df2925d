/**
 * What goes into the engine and what comes out of it. Inputs carry the time they happened at, where it matters, as
 * milliseconds of whatever clock the caller keeps; effects are carried out by the caller in array order. There is no
 * other way in or out, so a run is a fold over its inputs and a failing run is a list of them.
 */
import type { WireError } from '#protocols/wire/error';

/** An agent that offers its skills to the job. */
export interface AgentInfo {
  /** Its address. An agent that starts again must come with a new one, because a quarantine sticks to the address. */
  readonly id: string;
  readonly node: string;
  readonly executor: string;
  readonly skills: readonly string[];
  /** Tasks it may hold at once. Default: the engine's `capacity`. */
  readonly capacity?: number;
}

/** Why an agent left. All but `stopped` make a node without further agents `lost` in the account. */
export type LeaveReason = 'stopped' | 'crashed' | 'executor-down' | 'node-down';

/** Names one execution: the attempt is the fencing epoch of the task. */
export interface Execution {
  readonly agent: string;
  readonly task: string;
  readonly attempt: number;
}

/** Everything that can happen to a job. `now` is in milliseconds; the engine never lets its own time run backwards. */
export type EngineInput =
  | { readonly type: 'start'; readonly now: number }
  | { readonly type: 'agent-joined'; readonly agent: AgentInfo }
  | { readonly type: 'agent-left'; readonly agent: string; readonly reason: LeaveReason }
  | (Execution & {
      readonly type: 'completed';
      readonly output: unknown;
      /** Keys of the claims in `output`; order and repetition carry no meaning. */
      readonly claims?: readonly string[];
      /** The smallest input from which the claims can be derived again; the whole input when absent. */
      readonly narrowed?: unknown;
      readonly now: number;
    })
  | (Execution & { readonly type: 'failed'; readonly error: WireError; readonly now: number })
  | (Execution & { readonly type: 'renew'; readonly now: number })
  | { readonly type: 'tick'; readonly now: number }
  | { readonly type: 'cancel' };

/**
 * Everything the engine asks for. `finished` and `job-failed` are the last effect of their step, and no step after
 * them has any, apart from revocations of executions that still try to renew.
 */
export type Effect =
  | (Execution & {
      readonly type: 'assign';
      readonly skill: string;
      readonly input: unknown;
      readonly leaseMs: number;
      /** `verify`: only the claims of the output matter; the output itself is not kept. */
      readonly mode: 'run' | 'verify';
    })
  | (Execution & { readonly type: 'revoke' })
  /** May come again for one stage, when results of a refuted agent had to be produced again. */
  | { readonly type: 'stage-completed'; readonly stage: string; readonly tasks: number }
  | {
      readonly type: 'progress';
      /** Never decreases and never exceeds `total`; see `account.ts`. */
      readonly done: number;
      readonly total: number;
      readonly rerun: number;
      readonly verified: number;
      readonly disputed: number;
    }
  | {
      readonly type: 'outvoted';
      readonly agent: string;
      readonly node: string;
      readonly task: string;
      readonly votesFor: number;
      readonly votesAgainst: number;
    }
  /** Nothing runs and no living agent may take any ready task. Once until a task is assigned again. */
  | { readonly type: 'starved'; readonly ready: number; readonly skills: readonly string[] }
  /**
   * `output` is that of the sink, the stage nothing comes after, where there is one and it is not a map; otherwise
   * `{ [stage]: outputs in instance order }` of all sinks.
   */
  | { readonly type: 'finished'; readonly output: unknown }
  | { readonly type: 'job-failed'; readonly error: WireError };
