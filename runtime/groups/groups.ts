/**
 * Process groups as actors and outside code see them. A group is a name in a scope; it exists while it has members. An
 * actor that joins by its own context leaves when its life ends, a restart included, because the `init` of its next life
 * joins again; one that was joined by somebody else stays until it ends.
 */
import { type ActorAddress, addressParts } from '#protocols/wire/address';
import { SkepError } from '#protocols/wire/error';
import type { Messenger } from '../actor/ref.js';
import type { LifeEnds } from '../executor/life-ends.js';
import { keyOf } from './memberships.js';
import { DEFAULT_SCOPE, type GroupChange, type GroupId, type LeaveAnswer } from './message.js';
import type { GroupViews } from './views.js';

/** Options of everything that names a group. */
export interface GroupOptions {
  /** Groups of one name in different scopes have nothing to do with each other. Default `pg`. */
  readonly scope?: string;
}

/** Groups of a node, for code that is not an actor. Everything rejects with BAD_NAME when a name is empty or too long. */
export interface Groups {
  /** Joins a member; each time counts, as in OTP's `pg`. It leaves by itself when it ends. */
  join(group: string, member: ActorAddress, options?: GroupOptions): Promise<void>;
  /** Takes a member out once; false when it was not in. */
  leave(group: string, member: ActorAddress, options?: GroupOptions): Promise<boolean>;
  /** All members, each as often as it joined. */
  getMembers(group: string, options?: GroupOptions): Promise<readonly ActorAddress[]>;
  /** The members that live on this node. */
  getLocalMembers(group: string, options?: GroupOptions): Promise<readonly ActorAddress[]>;
  /** Names of the groups that have members. */
  whichGroups(options?: GroupOptions): Promise<readonly string[]>;
}

/** Groups of a node, for an actor, which joins itself unless it names another. */
export interface ActorGroups extends Omit<Groups, 'join' | 'leave'> {
  join(group: string, member?: ActorAddress, options?: GroupOptions): Promise<void>;
  leave(group: string, member?: ActorAddress, options?: GroupOptions): Promise<boolean>;
  /** The members of now; each later change arrives as a `group` info, until this life ends. */
  monitor(group: string, options?: GroupOptions): Promise<readonly ActorAddress[]>;
  demonitor(group: string, options?: GroupOptions): void;
}

/** {@link Groups} over a node's registry. */
export class NodeGroups implements Groups {
  readonly #views: GroupViews;
  readonly #messenger: Messenger;

  constructor(views: GroupViews, messenger: Messenger) {
    this.#views = views;
    this.#messenger = messenger;
  }

  async join(group: string, member: ActorAddress, options: GroupOptions = {}): Promise<void> {
    await this.#ask('join', { ...idOf(group, options), members: [member] });
  }

  async leave(group: string, member: ActorAddress, options: GroupOptions = {}): Promise<boolean> {
    const answer = await this.#ask('leave', { ...idOf(group, options), members: [member] });
    return (answer as LeaveAnswer).left;
  }

  async getMembers(group: string, options: GroupOptions = {}): Promise<readonly ActorAddress[]> {
    const id = idOf(group, options);
    return this.#views.members(id) ?? ((await this.#ask('members', id)) as readonly ActorAddress[]);
  }

  async getLocalMembers(group: string, options: GroupOptions = {}): Promise<readonly ActorAddress[]> {
    const { node } = addressParts(this.#views.registry);
    return (await this.getMembers(group, options)).filter((member) => addressParts(member).node === node);
  }

  async whichGroups({ scope = DEFAULT_SCOPE }: GroupOptions = {}): Promise<readonly string[]> {
    return (await this.#ask('which', { scope })) as readonly string[];
  }

  #ask(name: string, message: unknown): Promise<unknown> {
    return this.#messenger.call(this.#views.registry, name, message, {});
  }
}

/** What the groups of one actor need of it. */
export interface GroupsOwner {
  readonly address: ActorAddress;
  /** Whether it takes infos. */
  readonly listens: boolean;
  changed(change: GroupChange): void;
  /** Sends in the name of its executor: an actor that ends sends nothing itself. */
  castToRegistry(name: string, message: unknown): void;
}

/** {@link ActorGroups} of one actor. */
export class OwnGroups implements ActorGroups {
  readonly #all: NodeGroups;
  readonly #views: GroupViews;
  readonly #owner: GroupsOwner;
  readonly #lives: LifeEnds;

  constructor(views: GroupViews, messenger: Messenger, owner: GroupsOwner, lives: LifeEnds) {
    this.#all = new NodeGroups(views, messenger);
    this.#views = views;
    this.#owner = owner;
    this.#lives = lives;
  }

  async join(group: string, member: ActorAddress = this.#owner.address, options: GroupOptions = {}): Promise<void> {
    if (member === this.#owner.address) {
      const id = idOf(group, options);
      // Noted before it is asked for: the life may end while the answer is under way.
      this.#lives.add(member, `group ${keyOf(id)}`, () => this.#leaveAll(id));
    }
    await this.#all.join(group, member, options);
  }

  leave(group: string, member: ActorAddress = this.#owner.address, options: GroupOptions = {}): Promise<boolean> {
    return this.#all.leave(group, member, options);
  }

  getMembers(group: string, options?: GroupOptions): Promise<readonly ActorAddress[]> {
    return this.#all.getMembers(group, options);
  }

  getLocalMembers(group: string, options?: GroupOptions): Promise<readonly ActorAddress[]> {
    return this.#all.getLocalMembers(group, options);
  }

  whichGroups(options?: GroupOptions): Promise<readonly string[]> {
    return this.#all.whichGroups(options);
  }

  async monitor(group: string, options: GroupOptions = {}): Promise<readonly ActorAddress[]> {
    if (!this.#owner.listens) {
      throw new SkepError('BAD_USAGE', `monitor of group "${group}": the definition has no info handler to tell`, {
        group,
      });
    }
    const id = idOf(group, options);
    const { address } = this.#owner;
    const members = await this.#views.monitor(id, address, (change) => this.#owner.changed(change));
    this.#lives.add(address, `monitor ${keyOf(id)}`, () => this.#views.demonitor(id, address));
    return members;
  }

  demonitor(group: string, options: GroupOptions = {}): void {
    const id = idOf(group, options);
    this.#lives.forget(this.#owner.address, `monitor ${keyOf(id)}`);
    this.#views.demonitor(id, this.#owner.address);
  }

  #leaveAll(id: GroupId): void {
    this.#owner.castToRegistry('leaveWhole', { ...id, members: [this.#owner.address] });
  }
}

function idOf(group: string, { scope = DEFAULT_SCOPE }: GroupOptions): GroupId {
  return { scope, group };
}
