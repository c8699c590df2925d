/**
 * Who is in which group, as plain data structures: what the registry actor keeps. A member may be in a group several
 * times and is listed as often, as in OTP's `pg`. One version counts all changes of all groups, so that a group that
 * vanished and came back has no version twice.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { GroupChange, GroupId, GroupSnapshot } from './message.js';

interface Group extends GroupId {
  /** In the order in which they joined. */
  members: readonly ActorAddress[];
  readonly watchers: Set<ActorAddress>;
}

/** A change, and the executors that are to be told. */
export interface Told {
  readonly change: GroupChange;
  readonly watchers: readonly ActorAddress[];
}

export class Memberships {
  readonly #groups = new Map<string, Group>();
  /** Groups of each member; a group is in the set as long as the member is in it once or more. */
  readonly #of = new Map<ActorAddress, Set<Group>>();
  #version = 0;

  get version(): number {
    return this.#version;
  }

  has(member: ActorAddress): boolean {
    return this.#of.has(member);
  }

  join(id: GroupId, members: readonly ActorAddress[]): Told {
    const group = this.#group(id);
    group.members = [...group.members, ...members];
    for (const member of members) this.#groupsOf(member).add(group);
    return this.#told(group, 'join', members);
  }

  /** Takes each listed member out once; undefined when none of them was in. */
  leave(id: GroupId, members: readonly ActorAddress[]): Told | undefined {
    const group = this.#groups.get(keyOf(id));
    if (group === undefined) return undefined;
    const { left, rest } = without(group.members, members);
    return left.length === 0 ? undefined : this.#take(group, left, rest);
  }

  /** Takes a member that ended out of all its groups. */
  leaveAll(member: ActorAddress): readonly Told[] {
    return [...(this.#of.get(member) ?? [])].map((group) => {
      const left = group.members.filter((one) => one === member);
      const rest = group.members.filter((one) => one !== member);
      return this.#take(group, left, rest);
    });
  }

  members(id: GroupId): readonly ActorAddress[] {
    return this.#groups.get(keyOf(id))?.members ?? [];
  }

  /** Names of the groups of a scope that have members. */
  which(scope: string): readonly string[] {
    return [...this.#groups.values()]
      .filter((group) => group.scope === scope && group.members.length > 0)
      .map(({ group }) => group);
  }

  watch(id: GroupId, watcher: ActorAddress): GroupSnapshot {
    const group = this.#group(id);
    group.watchers.add(watcher);
    return { ...id, version: this.#version, members: group.members };
  }

  unwatch(id: GroupId, watcher: ActorAddress): void {
    const group = this.#groups.get(keyOf(id));
    group?.watchers.delete(watcher);
    if (group !== undefined) this.#dropIfIdle(group);
  }

  watchers(id: GroupId): readonly ActorAddress[] {
    return [...(this.#groups.get(keyOf(id))?.watchers ?? [])];
  }

  /** The watchers that `gone` accepts want nothing any more. */
  forgetWatchers(gone: (watcher: ActorAddress) => boolean): void {
    for (const group of [...this.#groups.values()]) {
      for (const watcher of group.watchers) if (gone(watcher)) group.watchers.delete(watcher);
      this.#dropIfIdle(group);
    }
  }

  #take(group: Group, left: readonly ActorAddress[], rest: readonly ActorAddress[]): Told {
    group.members = rest;
    for (const member of new Set(left)) {
      if (rest.includes(member)) continue;
      const groups = this.#of.get(member);
      groups?.delete(group);
      if (groups?.size === 0) this.#of.delete(member);
    }
    const told = this.#told(group, 'leave', left);
    this.#dropIfIdle(group);
    return told;
  }

  #told(group: Group, event: 'join' | 'leave', members: readonly ActorAddress[]): Told {
    this.#version += 1;
    const { scope, group: name } = group;
    return {
      change: { scope, group: name, version: this.#version, event, members },
      watchers: [...group.watchers],
    };
  }

  #group(id: GroupId): Group {
    const key = keyOf(id);
    const group = this.#groups.get(key) ?? { ...id, members: [], watchers: new Set<ActorAddress>() };
    this.#groups.set(key, group);
    return group;
  }

  #groupsOf(member: ActorAddress): Set<Group> {
    const groups = this.#of.get(member) ?? new Set<Group>();
    this.#of.set(member, groups);
    return groups;
  }

  #dropIfIdle(group: Group): void {
    if (group.members.length === 0 && group.watchers.size === 0) this.#groups.delete(keyOf(group));
  }
}

/** The list without one occurrence of each that leaves, and those that were in it. */
export function without(
  members: readonly ActorAddress[],
  leaving: readonly ActorAddress[],
): { readonly left: readonly ActorAddress[]; readonly rest: readonly ActorAddress[] } {
  const rest = [...members];
  const left = leaving.filter((member) => {
    const at = rest.indexOf(member);
    if (at >= 0) rest.splice(at, 1);
    return at >= 0;
  });
  return { left, rest };
}

/** One text for a group; the length keeps `a` + `b c` apart from `a b` + `c`. */
export function keyOf({ scope, group }: GroupId): string {
  return `${scope.length} ${scope} ${group}`;
}
