/**
 * The actor behind a pool: the supervisor of its routees. It keeps them in a process group of its own, which routers
 * follow, and changes their number on request or by pressure.
 */
import { type ActorAddress, addressParts, formatAddress } from '#protocols/wire/address';
import type { SpawnSpec } from '#protocols/wire/envelope';
import { SkepError } from '#protocols/wire/error';
import type { ActorContext } from '../actor/context.js';
import { defineActor } from '../actor/definition.js';
import { spawnSpec } from '../actor/spawn-spec.js';
import { GROUPS_SERIAL, SYSTEM_EXECUTOR } from '../executor/well-known.js';
import type { GroupId } from '../groups/message.js';
import { groups } from '../groups/registry.js';
import { drain, type DrainArgs } from './drain.js';
import { loadsOf } from './executor-face.js';
import { NO_PRESSURE, type PressureOptions, type PressureState, stepPressure } from './pressure.js';

/** The scope of the groups of pools; the name of such a group is the pool's address. */
export const POOL_SCOPE = 'skep.pool';

/** What a pool is made of; plain data. */
export interface PoolArgs {
  /** The spec of a routee. */
  readonly routee: Omit<SpawnSpec, 'parent' | 'name'>;
  readonly size: number;
  readonly drainMs: number;
  readonly resize?: PressureOptions;
}

interface PoolState {
  readonly args: PoolArgs;
  /** Oldest first. */
  readonly routees: ActorAddress[];
  /** Routees that left, by the actor that waits for each. */
  readonly draining: Map<ActorAddress, ActorAddress>;
  /** Routees whose thread died: out of the group until they live again. */
  readonly missing: Set<ActorAddress>;
  /** Routees there should be. */
  target: number;
  pressure: PressureState;
}

/** How large a pool is. */
export interface PoolSize {
  readonly size: number;
  /** Routees that left the pool and have something left to do. */
  readonly draining: number;
}

/** Definition of the actor behind a pool. */
export const pool = defineActor({
  name: 'skep.pool',
  description: 'Supervises the routees of a pool.',
  init: async (args: PoolArgs, ctx): Promise<PoolState> => {
    const state: PoolState = {
      args,
      routees: [],
      draining: new Map(),
      missing: new Set(),
      target: args.size,
      pressure: NO_PRESSURE,
    };
    await ctx.groups.monitor(ctx.self, { scope: POOL_SCOPE });
    await grow(state, ctx);
    if (args.resize !== undefined) ctx.every(args.resize.periodMs ?? 500, 'pressure');
    return state;
  },
  calls: {
    resize: async (state, message: { readonly size: number }, ctx): Promise<PoolSize> => {
      await resize(state, checkSize(message?.size), ctx);
      return sizeOf(state);
    },
    size: (state): PoolSize => sizeOf(state),
  },
  info: async (state, info, ctx) => {
    if (info.type === 'timer') await (info.key === 'pressure' ? followPressure(state, ctx) : rejoin(state, ctx));
    else if (info.type === 'exit') await ended(state, info.child, ctx);
    else if (info.type === 'group' && info.event === 'leave') {
      for (const member of info.members) if (state.routees.includes(member)) state.missing.add(member);
      if (state.missing.size > 0) ctx.after(REJOIN_MS, 'rejoin');
    }
  },
});

/** Milliseconds between two looks at routees that are to come back with their thread. */
const REJOIN_MS = 50;

/** @throws SkepError BAD_CONFIG. */
export function checkSize(size: unknown): number {
  if (typeof size === 'number' && Number.isInteger(size) && size >= 1 && size <= MAX_SIZE) return size;
  throw new SkepError(
    'BAD_CONFIG',
    `pool: size is ${JSON.stringify(size)}: expected a whole number from 1 to ${MAX_SIZE}`,
    {
      size,
    },
  );
}

const MAX_SIZE = 100_000;

function sizeOf({ routees, draining }: PoolState): PoolSize {
  return { size: routees.length, draining: draining.size };
}

async function resize(state: PoolState, size: number, ctx: ActorContext): Promise<void> {
  state.target = size;
  await grow(state, ctx);
  while (state.routees.length > size) await shrink(state, ctx);
}

/** Starts what is missing; a routee joins the group once its init is done. */
async function grow(state: PoolState, ctx: ActorContext): Promise<void> {
  const missing = Math.max(0, state.target - state.routees.length);
  const start = async (): Promise<void> => {
    const routee = await spawnSpec(ctx, { ...state.args.routee, parent: ctx.self });
    state.routees.push(routee);
    await ctx.groups.join(ctx.self, routee, { scope: POOL_SCOPE });
  };
  await Promise.all(Array.from({ length: missing }, start));
}

/** An actor that waited for a routee is done, or a routee was stopped by somebody else: another takes its place. */
async function ended(state: PoolState, child: ActorAddress, ctx: ActorContext): Promise<void> {
  const drained = state.draining.get(child);
  if (drained !== undefined) {
    state.draining.delete(child);
    ctx.stop(drained);
    return;
  }
  const at = state.routees.indexOf(child);
  if (at < 0) return;
  state.routees.splice(at, 1);
  state.missing.delete(child);
  await grow(state, ctx);
}

/** Routees whose thread died left the group; those that were revived since join it again. */
async function rejoin(state: PoolState, ctx: ActorContext): Promise<void> {
  for (const routee of (await loadsOf(ctx, [...state.missing])).keys()) {
    state.missing.delete(routee);
    await ctx.groups.join(ctx.self, routee, { scope: POOL_SCOPE });
  }
  if (state.missing.size > 0) ctx.after(REJOIN_MS, 'rejoin');
}

/** Takes the youngest routee out, and leaves the waiting to an actor of its own. */
async function shrink(state: PoolState, ctx: ActorContext): Promise<void> {
  const member = state.routees.pop();
  if (member === undefined) return;
  state.missing.delete(member);
  const { node, incarnation } = addressParts(ctx.self);
  const registry = formatAddress({ node, incarnation, executor: SYSTEM_EXECUTOR, serial: GROUPS_SERIAL });
  const id: GroupId = { scope: POOL_SCOPE, group: ctx.self };
  const { version, watchers } = await ctx.ref(groups, registry).call('leave', { ...id, members: [member] });
  const args: DrainArgs = { ...id, member, version, watchers, drainMs: state.args.drainMs };
  const waiting = await ctx.spawn(drain, args, { restart: 'temporary' });
  state.draining.set(waiting.address, member);
}

async function followPressure(state: PoolState, ctx: ActorContext): Promise<void> {
  const { resize: options } = state.args;
  if (options === undefined) return;
  const loads = await loadsOf(ctx, state.routees);
  // Half a picture is no reason to change anything.
  if (loads.size < state.routees.length) return;
  const { state: pressure, delta } = stepPressure(state.pressure, [...loads.values()], options);
  state.pressure = pressure;
  if (delta === 0) return;
  ctx.log.info('pool resized by pressure', { pool: ctx.self, from: state.routees.length, by: delta });
  await resize(state, state.routees.length + delta, ctx);
}
