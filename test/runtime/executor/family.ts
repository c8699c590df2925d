/** A parent that makes children on demand and children that end in every way, for the scenarios of supervision. */
import {
  type ActorAddress,
  type ActorRef,
  type ActorSystem,
  type AnyDefinition,
  defineActor,
  type Info,
  type RestartPolicy,
  type SupervisionOptions,
} from '#runtime';
import { inlineSystem, settle } from '../support.js';

/** An actor that counts its messages and can be made to end in every way. */
export function childWith(log: string[] = []) {
  return defineActor({
    name: 'child',
    init: (args: { readonly id: string }, ctx) => {
      log.push(`${args.id} init ${ctx.incarnation}`);
      return { id: args.id, count: 0 };
    },
    calls: { count: (state) => state.count },
    casts: {
      bump: (state) => void (state.count += 1),
      crash: (): never => {
        throw new Error('boom');
      },
      finish: (_state, _message, ctx) => ctx.stop(ctx.self, { class: 'normal', message: 'finished' }),
    },
    terminate: (state, reason) => void log.push(`${state.id} terminate ${reason.class}`),
  });
}

/** A supervisor that makes children when it is asked, and notes what it is told about them. */
export function parentOf(child: AnyDefinition, supervision: SupervisionOptions = {}, log: string[] = []) {
  return defineActor({
    name: 'parent',
    init: () => ({ infos: [] as Info[] }),
    supervision,
    calls: {
      make: async (
        _state,
        message: { readonly id: string; readonly restart?: RestartPolicy; readonly name?: string },
        ctx,
      ): Promise<ActorAddress> => {
        const { id, ...options } = message;
        return (await ctx.spawn(child, { id }, options)).address;
      },
      infos: (state) => [...state.infos],
    },
    casts: {
      crash: (): never => {
        throw new Error('parent boom');
      },
    },
    info: (state, info) => void state.infos.push(info),
    terminate: (_state, reason) => void log.push(`parent terminate ${reason.class}`),
  });
}

export async function family(t: Parameters<typeof inlineSystem>[0], supervision: SupervisionOptions = {}) {
  const log: string[] = [];
  const child = childWith(log);
  const parent = parentOf(child, supervision, log);
  const { system, clock } = await inlineSystem(t, { definitions: [child, parent] });
  const ref = await system.spawn(parent, undefined);
  const make = async (
    id: string,
    options: { readonly restart?: RestartPolicy; readonly name?: string } = {},
  ): Promise<ActorRef<typeof child>> => system.ref(child, await ref.call('make', { id, ...options }));
  /** Lets back-offs pass and what they restart come up. */
  const pass = async (ms: number): Promise<void> => {
    await settle();
    clock.advance(ms);
    await settle();
  };
  return { log, system, clock, ref, make, pass, child };
}

export async function statusOf(system: ActorSystem, address: ActorAddress): Promise<string | undefined> {
  return (await system.list()).find((actor) => actor.address === address)?.status;
}
