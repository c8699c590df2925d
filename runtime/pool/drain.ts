/**
 * Taking a routee out of a pool without losing what it accepted. It has left the group of the pool; an actor of its own
 * waits here until nothing more can come to it and it has done everything, so that the pool need not wait.
 *
 *     left the group -> each executor that sends to the pool knows, and its last message is handled -> nothing in hand
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { ActorContext } from '../actor/context.js';
import { defineActor } from '../actor/definition.js';
import { castFace } from '../actor/face.js';
import { within } from '../clock/within.js';
import type { GroupId } from '../groups/message.js';
import { executorFace, loadsOf } from './executor-face.js';

/** What is to be waited for. */
export interface DrainArgs extends GroupId {
  readonly member: ActorAddress;
  /** The version at which it left. */
  readonly version: number;
  /** Executors that may have sent to it. */
  readonly watchers: readonly ActorAddress[];
  /** Milliseconds after which it is not waited for any more. */
  readonly drainMs: number;
}

/** Milliseconds between two looks. */
const LOOK_MS = 20;

const own = castFace<{ run: null }>();

/** Definition of the actor that waits; it ends when there is nothing to wait for, and its parent takes it from there. */
export const drain = defineActor({
  name: 'skep.drain',
  description: 'Waits until a routee that left its pool has done what it accepted.',
  init: (args: DrainArgs, ctx) => {
    ctx.ref(own, ctx.self).cast('run', null);
    return args;
  },
  casts: {
    run: async (args, _message: null, ctx): Promise<void> => {
      if (!(await within(ctx.clock, args.drainMs, drained(args, ctx))))
        ctx.log.warn('a routee is stopped before it has done all', { routee: args.member, drainMs: args.drainMs });
      ctx.stop(ctx.self, { class: 'shutdown', message: 'drained' });
    },
  },
});

async function drained(
  { scope, group, version, member, watchers, drainMs }: DrainArgs,
  ctx: ActorContext,
): Promise<void> {
  const fence = async (watcher: ActorAddress): Promise<void> => {
    const executor = ctx.ref(executorFace, watcher);
    for (;;) {
      try {
        await executor.call('groups.fence', { scope, group, version, member }, { timeoutMs: drainMs });
        return;
      } catch (error) {
        // A full mailbox takes no fence yet; an executor that died sends nothing any more.
        if (!isMailboxFull(error)) return;
        await pause(ctx);
      }
    }
  };
  await Promise.all(watchers.map(fence));
  while (((await loadsOf(ctx, [member])).get(member) ?? 0) > 0) await pause(ctx);
}

function isMailboxFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'MAILBOX_FULL';
}

function pause(ctx: ActorContext): Promise<void> {
  return new Promise((resolve) => ctx.clock.after(LOOK_MS, resolve));
}
