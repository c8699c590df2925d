/** What a pool asks of executors, in the form that refs understand. */
import type { ActorAddress } from '#protocols/wire/address';
import type { ActorContext } from '../actor/context.js';
import type { FenceMessage } from '../groups/message.js';
import { askLoads, whereIs } from '../routing/loads.js';

/** Calls of an executor; only their types are used. */
interface ExecutorCalls {
  readonly loads: (
    state: never,
    message: { readonly serials: readonly number[] },
    ctx: ActorContext,
  ) => readonly (number | null)[];
  readonly 'groups.fence': (state: never, message: FenceMessage, ctx: ActorContext) => void;
}

/** The face of an executor, for `ctx.ref(executorFace, executorAddress)`. */
export const executorFace = {
  calls: {} as ExecutorCalls,
  casts: {},
  streams: new Set<string>(),
};

/** Loads of actors on any executors; an actor is missing when it does not live or its executor does not answer. */
export async function loadsOf(
  ctx: ActorContext,
  actors: readonly ActorAddress[],
): Promise<ReadonlyMap<ActorAddress, number>> {
  const byExecutor = new Map<ActorAddress, ActorAddress[]>();
  for (const actor of actors) {
    const { executor } = whereIs(actor);
    byExecutor.set(executor, [...(byExecutor.get(executor) ?? []), actor]);
  }
  const ask: Parameters<typeof askLoads>[0] = (to, _name, message, options) =>
    ctx.ref(executorFace, to).call('loads', message as { readonly serials: readonly number[] }, options);
  const none = new Map<ActorAddress, number>();
  const asked = [...byExecutor].map(([executor, there]) => askLoads(ask, executor, there).catch(() => none));
  return new Map((await Promise.all(asked)).flatMap((known) => [...known]));
}
