/**
 * The registry of process groups of one node, after OTP's `pg`: an actor like any other, on the system executor, beside
 * the registry of names. It monitors each member, so whoever ends, with its thread or its node too, leaves by itself. It
 * tells every change to the executors that hold a view of the group (`views.ts`), so that sending to a group asks nobody.
 *
 * Groups are known on their own node. Between nodes registries may exchange snapshots and changes as they do with the
 * executors here: both carry a version.
 */
import { parseAddress } from '#protocols/wire/address';
import type { ActorContext } from '../actor/context.js';
import { defineActor } from '../actor/definition.js';
import { castFace } from '../actor/face.js';
import { Memberships, type Told } from './memberships.js';
import {
  type GroupChange,
  type GroupId,
  type GroupSnapshot,
  type LeaveAnswer,
  type MembersMessage,
  readGroupId,
  readMembers,
  readName,
  readWatch,
  type WatchMessage,
} from './message.js';

/** What an executor is told. */
const viewer = castFace<{ 'groups.changed': GroupChange; 'groups.snapshot': GroupSnapshot }>();

/** Definition of the registry of groups; one lives on each node's system executor. */
export const groups = defineActor({
  name: 'skep.groups',
  description: 'Knows the members of process groups.',
  init: () => new Memberships(),
  mailbox: { capacity: 1_000_000 },
  calls: {
    join: (state, message: MembersMessage, ctx): void => {
      const { members, ...id } = readMembers(message);
      if (members.length === 0) return;
      const strangers = new Set(members.filter((member) => !state.has(member)));
      tell(state.join(id, members), ctx);
      for (const member of strangers) ctx.monitor(member);
    },
    leave: (state, message: MembersMessage, ctx): LeaveAnswer => leave(state, message, ctx),
    members: (state, message: GroupId) => state.members(readGroupId(message)),
    which: (state, message: Pick<GroupId, 'scope'>) => state.which(readName(message, 'scope')),
    /** The snapshot goes ahead of the reply, on the way that the changes take: no change is missed or told twice. */
    watch: (state, message: WatchMessage, ctx): void => {
      const { watcher, ...id } = readWatch(message);
      ctx.ref(viewer, watcher).cast('groups.snapshot', state.watch(id, watcher));
    },
  },
  casts: {
    /** A life of a member ended: it leaves this group, however often it joined. */
    leaveWhole: (state, message: MembersMessage, ctx): void =>
      ignoringBad(() => {
        const { members, ...id } = readMembers(message);
        const all = state.members(id).filter((member) => members.includes(member));
        if (all.length > 0) leave(state, { ...id, members: all }, ctx);
      }),
    unwatch: (state, message: WatchMessage): void =>
      ignoringBad(() => {
        const { watcher, ...id } = readWatch(message);
        state.unwatch(id, watcher);
      }),
    executorDown: (state, message: { readonly executor: number }): void => {
      if (typeof message !== 'object' || message === null) return;
      state.forgetWatchers((watcher) => parseAddress(watcher)?.executor === message.executor);
    },
  },
  info: (state, info, ctx) => {
    if (info.type !== 'down') return;
    for (const told of state.leaveAll(info.address)) tell(told, ctx);
  },
});

function leave(state: Memberships, message: unknown, ctx: ActorContext): LeaveAnswer {
  const { members, ...id } = readMembers(message);
  const told = state.leave(id, members);
  if (told === undefined) return { left: false, version: state.version, watchers: state.watchers(id) };
  tell(told, ctx);
  for (const member of new Set(members)) if (!state.has(member)) ctx.demonitor(member);
  return { left: true, version: told.change.version, watchers: told.watchers };
}

function tell({ change, watchers }: Told, ctx: ActorContext): void {
  for (const watcher of watchers) ctx.ref(viewer, watcher).cast('groups.changed', change);
}

/** A cast has nobody to tell of its error, and a crash would forget every group. */
function ignoringBad(work: () => unknown): void {
  try {
    work();
  } catch {
    // Malformed: from another version, or from somebody who guesses.
  }
}
