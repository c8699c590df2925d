/**
 * An executor's own copies of the groups that its actors send to or monitor. A copy begins with a snapshot of the
 * registry and follows its changes; both come on one way and in order, so a copy is the registry's list a moment ago.
 */
import { type ActorAddress, formatAddress } from '#protocols/wire/address';
import type { Envelope } from '#protocols/wire/envelope';
import { SkepError } from '#protocols/wire/error';
import type { CallOptions } from '../actor/ref.js';
import { MAX_PRIORITY } from '../mailbox/priority.js';
import { GROUPS_SERIAL, SYSTEM_EXECUTOR } from '../executor/well-known.js';
import { keyOf, without } from './memberships.js';
import { type GroupChange, type GroupId, readChange, readFence, readSnapshot } from './message.js';

type Cast = Extract<Envelope, { kind: 'cast' }>;

/** What the views need of their executor. */
export interface ViewsHost {
  readonly node: string;
  readonly incarnation: string;
  readonly address: ActorAddress;
  deliver(envelope: Envelope): boolean;
  call(to: ActorAddress, name: string, message: unknown, options: CallOptions): Promise<unknown>;
}

/** A copy of one group; `members` is replaced, never changed, so who derives something from it sees that it is new. */
export interface GroupView {
  readonly members: readonly ActorAddress[];
}

interface View extends GroupView, GroupId {
  members: readonly ActorAddress[];
  /** Below 0 before the snapshot. */
  version: number;
  holders: number;
  readonly loaded: Promise<unknown>;
  readonly listeners: Map<ActorAddress, (change: GroupChange) => void>;
  waiting: { readonly version: number; readonly resolve: () => void }[];
}

/** A call that no definition has: its refusal comes in the order of the mailbox, and that is all a fence asks for. */
const FENCE = '$fence';
/** It comes after mail of low priority, too. */
const LAST = -MAX_PRIORITY;

export class GroupViews {
  /** The registry of this node. */
  readonly registry: ActorAddress;
  readonly #host: ViewsHost;
  readonly #views = new Map<string, View>();

  constructor(host: ViewsHost) {
    this.#host = host;
    const { node, incarnation } = host;
    this.registry = formatAddress({ node, incarnation, executor: SYSTEM_EXECUTOR, serial: GROUPS_SERIAL });
  }

  /** A view of the group, to be closed once for each time it was opened. Rejects when the registry does not answer. */
  async open(id: GroupId): Promise<GroupView> {
    const view = this.#views.get(keyOf(id)) ?? this.#load(id);
    view.holders += 1;
    try {
      await view.loaded;
    } catch (error) {
      this.#release(view);
      throw error;
    }
    return view;
  }

  /** The view is no longer needed. */
  close(id: GroupId): void {
    const view = this.#views.get(keyOf(id));
    if (view !== undefined) this.#release(view);
  }

  /** The members as this executor knows them; undefined when it holds no view. */
  members(id: GroupId): readonly ActorAddress[] | undefined {
    const view = this.#views.get(keyOf(id));
    return view === undefined || view.version < 0 ? undefined : view.members;
  }

  /** Opens a view and has `listener` told of each change after the members that are given. One listener an actor. */
  async monitor(
    id: GroupId,
    actor: ActorAddress,
    listener: (change: GroupChange) => void,
  ): Promise<readonly ActorAddress[]> {
    await this.open(id);
    const view = this.#views.get(keyOf(id));
    if (view === undefined) return [];
    // Monitoring again gives a new snapshot and holds the view once.
    if (view.listeners.has(actor)) this.#release(view);
    view.listeners.set(actor, listener);
    return view.members;
  }

  demonitor(id: GroupId, actor: ActorAddress): void {
    const view = this.#views.get(keyOf(id));
    if (view?.listeners.delete(actor) === true) this.#release(view);
  }

  /** News of the registry; false when the cast is something else. */
  cast(envelope: Cast): boolean {
    if (envelope.name !== 'groups.changed' && envelope.name !== 'groups.snapshot') return false;
    if (envelope.from !== this.registry) return false;
    try {
      if (envelope.name === 'groups.snapshot') this.#snapshot(envelope.message);
      else this.#changed(readChange(envelope.message));
    } catch {
      return false;
    }
    return true;
  }

  /**
   * Resolves once this executor sends nothing more to a member that left at `version`, and the member has handled what
   * was sent before; `settled` waits for what is delivered reliably. Rejects when the member does not come to it in time.
   */
  async fence(message: unknown, settled: (member: ActorAddress) => Promise<void>): Promise<void> {
    const { version, member, ...id } = readFence(message);
    const view = this.#views.get(keyOf(id));
    if (view !== undefined && view.version < version) {
      await new Promise<void>((resolve) => view.waiting.push({ version, resolve }));
    }
    await settled(member);
    try {
      await this.#host.call(member, FENCE, null, { timeoutMs: Number.POSITIVE_INFINITY, priority: LAST });
    } catch (error) {
      if (!(error instanceof SkepError) || error.code === 'MAILBOX_FULL') throw error;
      // NO_SUCH_HANDLER is the answer of a member that came to it; any other says that there is no member any more.
    }
  }

  #load(id: GroupId): View {
    const message = { ...id, watcher: this.#host.address };
    const view: View = {
      ...id,
      members: [],
      version: -1,
      holders: 0,
      loaded: this.#host.call(this.registry, 'watch', message, {}),
      listeners: new Map(),
      waiting: [],
    };
    this.#views.set(keyOf(id), view);
    return view;
  }

  #release(view: View): void {
    view.holders -= 1;
    if (view.holders > 0 || this.#views.get(keyOf(view)) !== view) return;
    this.#views.delete(keyOf(view));
    for (const { resolve } of view.waiting) resolve();
    const { scope, group } = view;
    const message = { scope, group, watcher: this.#host.address };
    this.#host.deliver({ kind: 'cast', to: this.registry, from: this.#host.address, name: 'unwatch', message });
  }

  #snapshot(message: unknown): void {
    const { members, version, ...id } = readSnapshot(message);
    const view = this.#views.get(keyOf(id));
    if (view !== undefined) this.#advance(view, members, version);
  }

  #changed(change: GroupChange): void {
    const view = this.#views.get(keyOf(change));
    // A view that has no snapshot yet will get one that has this change in it.
    if (view === undefined || view.version < 0 || change.version <= view.version) return;
    const joined = change.event === 'join';
    const members = joined ? [...view.members, ...change.members] : without(view.members, change.members).rest;
    this.#advance(view, members, change.version);
    for (const listener of [...view.listeners.values()]) listener(change);
  }

  #advance(view: View, members: readonly ActorAddress[], version: number): void {
    view.members = members;
    view.version = version;
    if (view.waiting.length === 0) return;
    for (const { resolve } of view.waiting.filter((one) => one.version <= version)) resolve();
    view.waiting = view.waiting.filter((one) => one.version > version);
  }
}
