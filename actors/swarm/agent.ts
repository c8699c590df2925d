/**
 * An agent does tasks, one after another, with the skills of the modules it was given. It holds no state that matters:
 * when it dies, its coordinator gives its tasks to others. While a skill runs, the agent renews its lease as long as its
 * event loop turns, so a lease that ends means a stalled thread, not a long task.
 */
import { type ActorContext, type CastHandlers, defineActor } from '#runtime';
import { SkepError, toWireError } from '#protocols/wire/error';
import { type AnySkill, loadCatalogue } from './catalogue.js';
import { type AgentCasts, type Assignment, coordinatorFace, schedulerFace } from './messages.js';

/** What an agent is made of. */
export interface AgentArgs {
  /** File URLs of the modules with its skills. */
  readonly modules: readonly string[];
  /** Test switch: answers falsified output, as an agent gone bad would. */
  readonly lies: boolean;
}

interface AgentState {
  readonly id: string;
  readonly skills: ReadonlyMap<string, AnySkill>;
  readonly lies: boolean;
}

/** Definition of an agent; a scheduler makes them. */
export const agent = defineActor({
  name: 'skep.agent',
  description: 'Does the tasks of a swarm.',
  init: async (args: AgentArgs, ctx): Promise<AgentState> => {
    const { skills } = await loadCatalogue(args.modules);
    const id = `${ctx.self}#${ctx.incarnation}`;
    const life = { id, address: ctx.self, node: ctx.node, executor: ctx.executor, skills: [...skills.keys()].sort() };
    if (ctx.parent !== undefined) ctx.ref(schedulerFace, ctx.parent).cast('agentReady', life);
    return { id, skills, lies: args.lies };
  },
  casts: {
    execute: async (state: AgentState, order: Assignment, ctx: ActorContext) => {
      // An order for an earlier life is void: the engine has given that task to someone else.
      if (order.agent !== state.id) return;
      const boss = ctx.ref(coordinatorFace, order.coordinator);
      const { agent: me, task, attempt } = order;
      const stopRenewing = keepLease(ctx, order.leaseMs, () => boss.cast('renew', { agent: me, task, attempt }));
      try {
        const { output, claims, narrowed } = await perform(state, order, ctx);
        boss.cast('completed', { agent: me, task, attempt, output, claims, narrowed });
      } catch (error) {
        if (ctx.signal.aborted) return;
        ctx.log.warn('task failed', { task, skill: order.skill, error });
        boss.cast('failed', { agent: me, task, attempt, error: toWireError(error) });
      } finally {
        stopRenewing();
      }
    },
  } satisfies CastHandlers<AgentState, AgentCasts>,
});

async function perform(state: AgentState, order: Assignment, ctx: ActorContext) {
  const skill = state.skills.get(order.skill);
  if (skill === undefined) {
    throw new SkepError('UNKNOWN_SKILL', `agent ${state.id} has no skill "${order.skill}"`, { skill: order.skill });
  }
  const honest = await skill.run(order.input, { signal: ctx.signal });
  const output = state.lies && skill.falsify !== undefined ? skill.falsify(honest) : honest;
  const claims = (skill.claims?.(output) ?? []).map((claim) => claim.key);
  const narrowed = claims.length > 0 ? (skill.narrow?.(order.input, output) ?? null) : null;
  // A verifier's output is not kept: only its claims are compared.
  return { output: order.mode === 'verify' ? null : output, claims, narrowed };
}

/** Renews at a third of the lease until the returned function is called. */
function keepLease(ctx: ActorContext, leaseMs: number, renew: () => void): () => void {
  let timer = ctx.clock.after(leaseMs / 3, again);
  function again(): void {
    renew();
    timer = ctx.clock.after(leaseMs / 3, again);
  }
  return () => timer.cancel();
}
