/**
 * What actors know of the cluster: an actor named `members` on each node's system executor holds the current view and
 * tells its subscribers of each change. The membership protocol runs outside of actors and feeds it, so whatever
 * protocol replaces the heartbeats, actors see the same.
 */
import { type ActorAddress, castFace, defineActor } from '#runtime';

/** A living node as actors see it. Plain data. */
export interface NodeInfo {
  readonly name: string;
  readonly incarnation: string;
  readonly pid: number;
  /** `worker` nodes host agents; a `client` only talks to others. */
  readonly roles: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Ids of the executors that host ordinary actors. */
  readonly executors: readonly number[];
}

/** What a subscriber of {@link members} must accept: the cast `members`. */
const membersListener = castFace<{ members: { readonly members: readonly NodeInfo[] } }>();

/** Name under which {@link members} is registered. */
export const MEMBERS_NAME = 'members';

/** Definition of the view of the cluster. */
export const members = defineActor({
  name: 'skep.members',
  description: 'Knows the living nodes of the cluster.',
  init: (args: { readonly members: readonly NodeInfo[] }) => ({
    members: args.members,
    subscribers: new Set<ActorAddress>(),
  }),
  calls: {
    list: (state) => state.members,
    /** Gives the current view; each later one arrives as a cast `members`. */
    subscribe: (state, message: { readonly subscriber: ActorAddress }, ctx) => {
      state.subscribers.add(message.subscriber);
      ctx.monitor(message.subscriber);
      return state.members;
    },
  },
  casts: {
    changed: (state, message: { readonly members: readonly NodeInfo[] }, ctx) => {
      state.members = message.members;
      for (const subscriber of state.subscribers) ctx.ref(membersListener, subscriber).cast('members', message);
    },
  },
  info: (state, info) => {
    if (info.type === 'down') state.subscribers.delete(info.address);
  },
});
