/**
 * The queen takes one job, turns it into a task graph by its template, and keeps the actors that carry it out: a
 * scheduler with the agents and a coordinator with the graph. She answers whoever watches the job. A coordinator that
 * crashes begins the graph again, because tasks are deterministic and the job itself is what was accepted.
 */
import { type ActorContext, type CastHandlers, defineActor } from '#runtime';
import { SkepError, toWireError, type WireError } from '#protocols/wire/error';
import { loadCatalogue, templateOf } from './catalogue.js';
import { coordinator } from './coordinator.js';
import type { JobAccount } from './engine/account.js';
import { parseGraph } from './engine/graph.js';
import type { JobEvent, JobProgress, QueenCasts } from './messages.js';
import { scheduler, type SchedulerArgs } from './scheduler.js';

/** What a job is. Plain data. */
export interface QueenArgs extends SchedulerArgs {
  /** Name of the job, for people. */
  readonly job: string;
  readonly template: string;
  readonly params: unknown;
  /** See the engine's options; 8 by default there. */
  readonly spotCheckEvery: number;
}

/** How a job ended. */
export type JobOutcome =
  | { readonly status: 'finished'; readonly output: unknown; readonly account: JobAccount }
  | { readonly status: 'failed'; readonly error: WireError; readonly account: JobAccount | null };

interface QueenState {
  readonly job: string;
  readonly events: JobEvent[];
  progress: JobProgress;
  outcome: JobOutcome | undefined;
  readonly cancel: () => void;
}

/** Definition of a queen; `runJob` makes one per job. */
export const queen = defineActor({
  name: 'skep.queen',
  description: 'Runs one job with a swarm of agents.',
  mailbox: { capacity: 100_000 },
  supervision: { maxRestarts: 2, withinMs: 60_000 },
  init: async (args: QueenArgs, ctx): Promise<QueenState> => {
    const catalogue = await loadCatalogue(args.modules);
    const graph = parseGraph(templateOf(catalogue, args.template).build(args.params));
    const missing = graph.stages.find((stage) => !catalogue.skills.has(stage.skill));
    if (missing !== undefined) {
      throw new SkepError(
        'UNKNOWN_SKILL',
        `stage "${missing.id}" asks for the skill "${missing.skill}", which no module has`,
        { stage: missing.id },
      );
    }
    const { modules, agentsPerNode, lyingAgent, job, spotCheckEvery } = args;
    const agents = await ctx.spawn(scheduler, { modules, agentsPerNode, lyingAgent });
    const work = await ctx.spawn(coordinator, { job, graph, scheduler: agents.address, spotCheckEvery });
    return {
      job,
      events: [{ type: 'started', job }],
      progress: { done: 0, total: 0, rerun: 0, verified: 0, disputed: 0 },
      outcome: undefined,
      cancel: () => void work.cast('cancel', null),
    };
  },
  calls: {
    /** Events from number `after` on, the progress, and whether the job is over: what a watcher polls. */
    watch: (state, message: { readonly after: number }) => ({
      events: state.events.slice(message.after),
      progress: state.progress,
      over: state.outcome !== undefined,
    }),
    /** How the job ended; an error while it has not. */
    outcome: (state): JobOutcome => {
      if (state.outcome === undefined) throw new SkepError('BAD_USAGE', `job "${state.job}" is not over yet`);
      return state.outcome;
    },
    cancel: (state): void => state.cancel(),
  },
  casts: {
    event: (state, event) => void state.events.push(event),
    progress: (state, progress) => {
      state.progress = progress;
    },
    finished: (state, message) => {
      state.outcome = { status: 'finished', ...message };
      state.events.push({ type: 'finished' });
    },
    failed: (state, message) => fail(state, message.error, message.account),
  } satisfies CastHandlers<QueenState, QueenCasts>,
  info: (state, info, ctx: ActorContext) => {
    if (info.type !== 'exit') return;
    ctx.log.error('an actor of the swarm ended', { actor: info.child, reason: info.reason.message });
    fail(
      state,
      toWireError(new SkepError('ACTOR_STOPPED', `an actor of the swarm ended: ${info.reason.message}`)),
      null,
    );
  },
});

function fail(state: QueenState, error: WireError, account: JobAccount | null): void {
  if (state.outcome !== undefined) return;
  state.outcome = { status: 'failed', error, account };
  state.events.push({ type: 'failed', error });
}
