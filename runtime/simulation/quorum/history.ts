/**
 * What clients of a simulated quorum store did and were told, and what has to be true of it. Every write has its dot and
 * the context that it was made with, so it is known from outside which write supersedes which, whatever nodes believe.
 */
import { type Clock, covers, type Dot, includesClock, joinClocks } from '#protocols/quorum/clock';
import { isTombstone, type Versions } from '#protocols/quorum/versions';
import { Violation } from '../violation.js';
import { describeVersions } from './host.js';

/** A write that a client asked for. */
interface Written {
  readonly key: string;
  readonly dot: Dot;
  readonly context: Clock;
  /** Undefined for a deletion. */
  readonly value: string | undefined;
  acked: boolean;
}

const nothingSeen: Clock = [];

/** All operations of a run. */
export class History {
  readonly #writes = new Map<string, Written[]>();
  readonly #byDot = new Map<string, Written>();
  readonly #byValue = new Map<string, Written>();
  /** Over the acknowledged writes of each key. */
  readonly #acked = new Map<string, Clock>();
  /** Over the tombstones of each key that were collected. */
  readonly #collected = new Map<string, Clock>();
  /** What each node ever had on its disk, by key: a disk that is lost later acknowledged it all the same. */
  readonly #durable: readonly Map<string, Clock>[];
  /** Whether a tombstone that is gone must stay gone, whoever stood in for whom. */
  readonly #strict: boolean;

  constructor(nodes: number, strict: boolean) {
    this.#durable = Array.from({ length: nodes }, () => new Map<string, Clock>());
    this.#strict = strict;
  }

  get keys(): Iterable<string> {
    return this.#writes.keys();
  }

  /** A node has taken a write from a client. @throws Violation when its dot is taken. */
  wrote(key: string, dot: Dot, context: Clock, value: string | undefined): void {
    const written: Written = { key, dot, context, value, acked: false };
    const taken = this.#byDot.get(dot.join());
    if (taken !== undefined) this.#forget(taken);
    this.#byDot.set(dot.join(), written);
    if (value !== undefined) this.#byValue.set(value, written);
    const all = this.#writes.get(key) ?? [];
    all.push(written);
    this.#writes.set(key, all);
  }

  /** The number of a write that never reached a disk was never reserved there, and may be given once more. */
  #forget({ key, dot, value }: Written): void {
    if (this.#durable.some((keys) => covers(keys.get(key) ?? nothingSeen, dot)))
      throw new Violation('UniqueDots', `${dot.join(':')} names two writes`);
    if (value !== undefined) this.#byValue.delete(value);
    this.#writes.set(
      key,
      (this.#writes.get(key) ?? []).filter((written) => written.dot !== dot),
    );
  }

  /** What a read that begins now has to know of. */
  expected(key: string): Clock {
    return this.#acked.get(key) ?? nothingSeen;
  }

  /** A write was acknowledged. @throws Violation unless `w` of each list have it on their disks. */
  acknowledged(dot: Dot, lists: readonly (readonly number[])[], w: number): void {
    const written = this.#byDot.get(dot.join());
    if (written === undefined) throw new Violation('UniqueDots', `${dot.join(':')} was never written`);
    const { key } = written;
    for (const list of lists) {
      // Distinct nodes: one that is listed twice has one disk.
      const having = [...new Set(list)].filter((node) =>
        covers(this.#durable[node]?.get(key) ?? nothingSeen, dot),
      ).length;
      if (having < w)
        throw new Violation(
          'AckedIsDurable',
          `${key} ${dot.join(':')}: on ${having} disks of ${list.length}, not ${w}`,
        );
    }
    written.acked = true;
    this.#acked.set(key, joinClocks(this.#acked.get(key) ?? nothingSeen, [dot]));
  }

  /** A sloppy write was acknowledged: it has to survive, and no read has to see it before all has come right. */
  acknowledgedSloppily(dot: Dot): void {
    const written = this.#byDot.get(dot.join());
    if (written !== undefined) written.acked = true;
  }

  /** A read was answered. @throws Violation */
  read(key: string, context: Clock, values: readonly string[], expected: Clock): void {
    const known = joinClocks(context, this.#collected.get(key) ?? nothingSeen);
    if (!includesClock(known, expected))
      throw new Violation('Regularity', `${key}: read ${show(context)}, and ${show(expected)} was acknowledged before`);
    const seen: Dot[] = [];
    for (const value of values) {
      const written = this.#byValue.get(value);
      if (written?.key !== key) throw new Violation('Integrity', `${key}: nobody wrote ${value}`);
      seen.push(written.dot);
    }
    this.#look(key, context, seen, `read of ${key}`);
  }

  /** A node changes a record. @throws Violation */
  changed(node: number, key: string, before: Versions | undefined, after: Versions): void {
    const where = `n${node + 1} ${key} ${describeVersions(after)}`;
    if (before !== undefined && !includesClock(after.clock, before.clock))
      throw new Violation('NoRegress', `${where} after ${describeVersions(before)}`);
    this.#look(
      key,
      after.clock,
      after.siblings.map(({ dot }) => dot),
      where,
    );
    const collected = this.#collected.get(key);
    if (collected === undefined || !this.#strict) return;
    for (const { dot } of after.siblings)
      if (covers(collected, dot)) throw new Violation('NoResurrection', `${where}: ${dot.join(':')} was collected`);
  }

  /** A node has collected a tombstone; `others` is what replicas have of the key. @throws Violation */
  collected(node: number, key: string, tombstone: Versions, others: Iterable<Versions>): void {
    const where = `n${node + 1} ${key} ${describeVersions(tombstone)}`;
    if (!isTombstone(tombstone)) throw new Violation('OnlyTombstones', where);
    for (const versions of this.#strict ? others : [])
      for (const { dot } of versions.siblings)
        if (covers(tombstone.clock, dot))
          throw new Violation('TombstoneStays', `${where}, and a replica has ${describeVersions(versions)}`);
    this.#collected.set(key, joinClocks(this.#collected.get(key) ?? nothingSeen, tombstone.clock));
  }

  durable(node: number, key: string, { clock }: Versions): void {
    const keys = this.#durable[node];
    keys?.set(key, joinClocks(keys.get(key) ?? nothingSeen, clock));
  }

  /** Whether a node ever had all this on its disk. */
  had(node: number, key: string, { clock }: Versions): boolean {
    return includesClock(this.#durable[node]?.get(key) ?? nothingSeen, clock);
  }

  /** All has come right and a replica has this of a key, or nothing. @throws Violation when something is lost. */
  final(key: string, versions: Versions): void {
    const known = joinClocks(versions.clock, this.#collected.get(key) ?? nothingSeen);
    for (const { acked, dot } of this.#writes.get(key) ?? [])
      if (acked && !covers(known, dot))
        throw new Violation('AckedNeverLost', `${key} ${dot.join(':')}: all have ${describeVersions(versions)}`);
  }

  /**
   * What is covered and not there was superseded by something that is covered, and of what is there nothing supersedes
   * another. Only of acknowledged writes: one that failed may go as it came.
   */
  #look(key: string, clock: Clock, siblings: readonly Dot[], where: string): void {
    const all = this.#writes.get(key) ?? [];
    for (const dot of siblings) {
      const written = this.#byDot.get(dot.join());
      if (written?.key !== key) throw new Violation('Integrity', `${where}: nobody wrote ${dot.join(':')}`);
      for (const other of siblings)
        if (other !== dot && covers(written.context, other))
          throw new Violation('SiblingsAreConcurrent', `${where}: ${dot.join(':')} supersedes ${other.join(':')}`);
    }
    const collected = this.#collected.get(key) ?? nothingSeen;
    for (const { acked, dot, value } of all) {
      // A deletion leaves no sibling.
      if (!acked || value === undefined || !covers(clock, dot) || covers(collected, dot)) continue;
      if (siblings.some((one) => same(one, dot))) continue;
      const superseded = all.some((later) => covers(later.context, dot) && covers(clock, later.dot));
      if (!superseded) throw new Violation('NothingVanishes', `${where}: nobody superseded ${dot.join(':')}`);
    }
  }
}

function same(one: Dot, other: Dot): boolean {
  return one[0] === other[0] && one[1] === other[1];
}

function show(clock: Clock): string {
  return `{${clock.map(([actor, counter]) => `${actor}:${counter}`).join(' ')}}`;
}
