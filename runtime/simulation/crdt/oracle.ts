/**
 * What replicated data should be, by a dumb twin that knows nothing of dots, contexts and deltas: a history of operations
 * in which each has seen some others. An operation adds tags and kills tags that its replica saw alive. A replica's value
 * is made of the tags that it has seen added and not killed. (The specification by visibility of Burckhardt, Gotsman, Yang
 * and Zawirski, "Replicated data types: specification, verification, optimality", POPL 2014.)
 *
 * What a replica has seen is a view: of each replica so many of its operations, since anti-entropy is causal. A state
 * goes by its sequence number, and the view of each is noted when it is made; a message leads to the view of the state
 * that it was made of.
 */
import { compareText, type ReplicaId } from '#protocols/crdt/dot';
import { type Clock, compareClocks } from '#protocols/crdt/hlc';
import { childKey, childKind, type Kind } from '#protocols/crdt/kind';
import { unreachable } from '#protocols/wire/error';
import type { PlainOperation } from './plan.js';

/** How many operations of each replica were seen. */
export type View = ReadonlyMap<ReplicaId, number>;

/** An operation in the history of one document. */
export interface Done {
  readonly replica: ReplicaId;
  /** Counted from 1, by replica. */
  readonly number: number;
  /** The client was told that it is done. */
  accepted: boolean;
  /** What it added to a counter, or took from it. */
  readonly amount: number;
}

/** Something that is there, at a path of keys, until it is killed. */
interface Tag {
  readonly path: string;
  readonly by: Done;
  readonly stamp: Clock;
  /** The sum that a replica has added, for counters. */
  readonly total: number;
  readonly value: string;
  readonly killers: Done[];
}

/** What an operation comes down to: something is put at a path, or all below it is removed. */
type Effect =
  | { readonly type: 'remove'; readonly path: string }
  | { readonly type: 'put'; readonly path: string; readonly value: string }
  | { readonly type: 'count'; readonly path: string; readonly by: number };

const nothing: View = new Map();

/** The history of one document at all replicas. */
export class History {
  readonly kind: Kind;
  readonly #done = new Map<ReplicaId, Done[]>();
  /** By replica, then by sequence number of its states. */
  readonly #views = new Map<ReplicaId, View[]>();
  #tags: Tag[] = [];

  constructor(kind: Kind) {
    this.kind = kind;
  }

  /** What a state of a replica has seen; undefined when it never had such a state. */
  viewOf(replica: ReplicaId, seq: number): View | undefined {
    return seq === 0 ? nothing : this.#views.get(replica)?.[seq];
  }

  setView(replica: ReplicaId, seq: number, view: View): void {
    const views = this.#views.get(replica);
    if (views === undefined)
      this.#views.set(
        replica,
        Array.from({ length: seq + 1 }, () => view),
      );
    else views[seq] = view;
  }

  /** An operation of a replica that has seen the view. Undefined when it changes nothing. */
  perform(replica: ReplicaId, view: View, plain: PlainOperation, stamp: Clock): Done | undefined {
    const effect = effectOf(plain, '');
    const seen = this.#alive(view);
    const amount = effect.type === 'count' ? effect.by : 0;
    if (effect.type === 'remove') {
      const killed = seen.filter(({ path }) => path === effect.path || path.startsWith(`${effect.path}/`));
      return killed.length === 0 ? undefined : this.#note(replica, amount, killed, []);
    }
    const there = seen.filter(({ path }) => path === effect.path);
    if (effect.type === 'put') {
      return this.#note(replica, amount, there, [{ path: effect.path, stamp, total: 0, value: effect.value }]);
    }
    const own = there.filter(({ by }) => by.replica === replica);
    const total = own.reduce((sum, tag) => sum + tag.total, effect.by);
    return this.#note(replica, amount, own, [{ path: effect.path, stamp, total, value: '' }]);
  }

  /** A replica takes over what another left. Undefined when that is nothing. */
  adopt(replica: ReplicaId, view: View, departed: ReplicaId, isCounter: (path: string) => boolean): Done | undefined {
    const left = this.#alive(view).filter(({ by }) => by.replica === departed);
    if (left.length === 0) return undefined;
    const counters = new Set(left.map(({ path }) => path).filter(isCounter));
    const own = this.#alive(view).filter(({ by, path }) => by.replica === replica && counters.has(path));
    const totals = [...counters].map((path) => ({
      path,
      stamp: { wallMs: 0, count: 0 },
      total: [...left, ...own].reduce((sum, tag) => sum + (tag.path === path ? tag.total : 0), 0),
      value: '',
    }));
    const others = left.filter(({ path }) => !counters.has(path));
    return this.#note(replica, 0, [...left, ...own], [...totals, ...others]);
  }

  /** The value of a replica that has seen the view, in words. */
  valueOf(view: View): string {
    if (this.kind === 'g-counter' || this.kind === 'pn-counter') return String(this.#sum(view));
    return words(this.kind, this.#alive(view), '');
  }

  /** Operations of a replica above a number never were: they were not durable. Gives them. */
  forget(replica: ReplicaId, above: number): readonly Done[] {
    const done = this.#done.get(replica) ?? [];
    const gone = done.splice(above);
    if (gone.length === 0) return gone;
    this.#tags = this.#tags.filter(({ by }) => !gone.includes(by));
    for (const { killers } of this.#tags)
      for (const one of gone) if (killers.includes(one)) killers.splice(killers.indexOf(one), 1);
    return gone;
  }

  /** States of a replica above a number never were. */
  forgetViews(replica: ReplicaId, aboveSeq: number): void {
    this.#views.get(replica)?.splice(aboveSeq + 1);
  }

  /** All operations that a client was told of. */
  *accepted(): Generator<Done> {
    for (const done of this.#done.values()) for (const one of done) if (one.accepted) yield one;
  }

  #note(
    replica: ReplicaId,
    amount: number,
    killed: readonly Tag[],
    tags: readonly Pick<Tag, 'path' | 'stamp' | 'total' | 'value'>[],
  ): Done {
    const before = this.#done.get(replica);
    const mine = before ?? [];
    if (before === undefined) this.#done.set(replica, mine);
    const done: Done = { replica, number: mine.length + 1, accepted: false, amount };
    mine.push(done);
    for (const tag of killed) tag.killers.push(done);
    for (const { path, stamp, total, value } of tags)
      this.#tags.push({ path, stamp, total, value, by: done, killers: [] });
    return done;
  }

  #alive(view: View): readonly Tag[] {
    return this.#tags.filter(({ by, killers }) => isIn(by, view) && !killers.some((killer) => isIn(killer, view)));
  }

  #sum(view: View): number {
    let sum = 0;
    for (const done of this.#done.values()) for (const one of done) if (isIn(one, view)) sum += one.amount;
    return sum;
  }
}

/** True when the operation is in the view. */
export function isIn({ replica, number }: Done, view: View): boolean {
  return (view.get(replica) ?? 0) >= number;
}

/** All that either has seen. */
export function joinViews(one: View, other: View): View {
  let joined: Map<ReplicaId, number> | undefined;
  for (const [replica, number] of other) {
    if ((one.get(replica) ?? 0) >= number) continue;
    joined ??= new Map(one);
    joined.set(replica, number);
  }
  return joined ?? one;
}

function effectOf(plain: PlainOperation, path: string): Effect {
  switch (plain.type) {
    case 'increment':
      return { type: 'count', path, by: plain.by };
    case 'decrement':
      return { type: 'count', path, by: -plain.by };
    case 'assign':
      return { type: 'put', path, value: plain.value };
    case 'enable':
      return { type: 'put', path, value: '' };
    case 'add':
      return { type: 'put', path: `${path}/${plain.element}`, value: '' };
    case 'put':
      return { type: 'put', path: `${path}/${plain.key}`, value: plain.value };
    case 'disable':
    case 'clear':
      return { type: 'remove', path };
    case 'remove':
      return { type: 'remove', path: `${path}/${plain.element}` };
    case 'delete':
      return { type: 'remove', path: `${path}/${plain.key}` };
    case 'drop':
      return { type: 'remove', path: `${path}/${childKey(plain.kind, plain.key)}` };
    case 'update':
      return effectOf(plain.operation, `${path}/${childKey(plain.kind, plain.key)}`);
    default:
      return unreachable(plain);
  }
}

/** The kind of what is at a path below a document of a kind. */
export function kindAt(kind: Kind, path: string): Kind {
  let at = kind;
  for (const key of path.split('/').slice(1)) at = childKind(at, key) ?? at;
  return at;
}

function words(kind: Kind, tags: readonly Tag[], path: string): string {
  switch (kind) {
    case 'g-counter':
    case 'pn-counter':
      return String(tags.reduce((sum, { total }) => sum + total, 0));
    case 'lww-register':
      return tags.reduce<Tag | undefined>(later, undefined)?.value ?? '-';
    case 'mv-register':
      return `[${[...new Set(tags.map(({ value }) => value))].toSorted(compareText).join(' ')}]`;
    case 'flag':
      return tags.length > 0 ? 'on' : 'off';
    default: {
      const keys = new Set(tags.map((tag) => tag.path.slice(path.length + 1).split('/')[0] as string));
      const children = [...keys].toSorted(compareText).map((key) => {
        const below = `${path}/${key}`;
        const inside = tags.filter((tag) => tag.path === below || tag.path.startsWith(`${below}/`));
        return `${key}:${words(childKind(kind, key) ?? kind, inside, below)}`;
      });
      return `{${children.join(' ')}}`;
    }
  }
}

function later(winner: Tag | undefined, tag: Tag): Tag {
  if (winner === undefined) return tag;
  const order = compareClocks(tag.stamp, winner.stamp) || compareText(tag.by.replica, winner.by.replica);
  return order > 0 ? tag : winner;
}
