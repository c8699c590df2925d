/**
 * A Raft cluster in a world without faults of its own, for tests that bring about one situation: who leads is asked, not
 * guessed, and what goes wrong goes wrong when the test says so. All invariants are held after every step as in a
 * campaign.
 */
import { raftSettings } from '#protocols/raft/settings';
import type { Settings } from '#protocols/raft/types';
import { calm, type Knobs } from '#runtime/simulation/knobs';
import { Cluster, type RaftSetup } from '#runtime/simulation/raft/index';
import type { Driver, Watcher } from '#runtime/simulation/raft/driver';
import { World } from '#runtime/simulation/world';
import type { MapInput } from '#runtime/testing/linearizability/index';

/** What differs from the usual cluster of the tests. */
export interface LabOptions {
  readonly seed?: number;
  /** Places; the first of them are the voters. Default 3. */
  readonly size?: number;
  readonly setup?: Partial<Omit<RaftSetup, 'settings'>>;
  readonly settings?: Partial<Settings>;
  readonly knobs?: Partial<Knobs>;
  readonly watcher?: Partial<Watcher>;
}

/** One tick of the tests, in microseconds. */
export const TICK_US = 10_000;
/** Ten ticks, and what the network and the disk add to them. */
export const ELECTION_US = 10 * TICK_US;

/** A cluster and its world. */
export class Lab {
  readonly world: World;
  readonly cluster: Cluster;
  /** Called between events. */
  afterEvent: () => void = () => undefined;

  constructor({ seed = 1, size = 3, setup = {}, settings = {}, knobs = {}, watcher = {} }: LabOptions = {}) {
    let cluster: Cluster | undefined;
    this.world = new World({
      seed,
      size,
      knobs: { ...calm, ...knobs },
      keep: 0,
      receive: (to, from, packet) => cluster?.receive(to, from, packet),
      words: () => '',
    });
    const { id: _, ...rest } = raftSettings('any', { electionTicks: 10, heartbeatTicks: 1, ...settings });
    const whole: RaftSetup = {
      voters: size,
      learners: 0,
      tickUs: TICK_US,
      settings: rest,
      sessions: { maxSessions: 100, maxReplies: 4 },
      snapshotEntries: 1_000,
      chunkBytes: 1_024,
      groupCommit: true,
      earlySends: true,
      clients: 3,
      keys: 2,
      clientLoss: 0,
      retryUs: 200_000,
      ...setup,
    };
    cluster = new Cluster(this.world, { size, setup: whole, operations: [], spare: 0 }, watcher);
    this.cluster = cluster;
  }

  /** Lets time pass. */
  run(us: number): void {
    const untilUs = this.world.nowUs + us;
    while (this.world.step(untilUs)) this.afterEvent();
  }

  /** Lets time pass until something holds. @throws Error when it does not within the time */
  until(what: string, holds: () => boolean, withinUs = 5_000_000): void {
    const untilUs = this.world.nowUs + withinUs;
    while (!holds()) {
      if (!this.world.step(untilUs))
        throw new Error(`no ${what} within ${withinUs / 1e6} s: ${this.cluster.state().join('; ')}`);
      this.afterEvent();
    }
  }

  /** The leader, once there is one whose place is among those given, by default any. */
  leader(among: readonly number[] = this.places()): Driver {
    const found = (): Driver | undefined => {
      const drivers = among.flatMap((place) => this.driver(place) ?? []);
      const leaders = drivers.filter(({ state }) => state.role === 'leader');
      return leaders.toSorted((one, other) => other.state.term - one.state.term)[0];
    };
    this.until('leader', () => found() !== undefined);
    return found() as Driver;
  }

  /** The node of a place. @throws Error when it is down */
  node(place: number): Driver {
    const driver = this.driver(place);
    if (driver === undefined) throw new Error(`n${place + 1} is down`);
    return driver;
  }

  driver(place: number): Driver | undefined {
    return this.world.up(place) ? this.cluster.driverAt(place) : undefined;
  }

  places(): readonly number[] {
    return Array.from({ length: this.world.size }, (_, place) => place);
  }

  /** All places but some. */
  others(...places: readonly number[]): readonly number[] {
    return this.places().filter((place) => !places.includes(place));
  }

  /** A client calls a node; it goes on elsewhere as clients do. */
  call(input: MapInput, { client = 0, via = 'log', at = 0 }: { client?: number; via?: 'log' | 'read'; at?: number } = {}): void {
    this.cluster.clients.call(client, input, via, at, false);
  }

  /** Writes values one after the other, each until it is acknowledged. */
  write(count: number, key = 'k0', first = 1): void {
    for (let value = first; value < first + count; value += 1) {
      this.call({ type: 'write', key, value });
      this.until(`reply to write ${value}`, () => this.cluster.clients.idle);
    }
  }

  /** Whether the write of a value was acknowledged. */
  wrote(value: number): boolean {
    return this.cluster.clients.history.some(
      ({ input, reply }) => input.type === 'write' && input.value === value && reply !== undefined,
    );
  }

  /** The output of the last operation that ended. */
  get lastOutput(): unknown {
    return this.cluster.clients.history.at(-1)?.reply?.output;
  }

  crash(place: number, power = false): void {
    this.world.crash(place, power);
    this.cluster.crashed(place);
  }

  restart(place: number): void {
    this.world.restart(place);
    this.cluster.restarted(place);
  }

  /** Links between two groups, both ways. */
  between(some: readonly number[], others: readonly number[]): readonly (readonly [number, number])[] {
    return some.flatMap((one) => others.flatMap((other): (readonly [number, number])[] => [[one, other], [other, one]]));
  }

  /** Changes a record of a node that is down, as rot does. */
  rot(place: number, key: string): void {
    const disk = this.world.disk(place);
    const record = disk.read(key);
    if (record === undefined) throw new Error(`there is no record ${key} among ${disk.keys().join(' ')}`);
    const changed = record.slice();
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    disk.write(key, changed);
    disk.kill();
  }

  /** Asks the leader for a change, until it is in force there. */
  change(type: 'add-voter' | 'add-learner' | 'remove', place: number): void {
    const node = this.cluster.idAt(place);
    const inForce = (): boolean => {
      const { voters, learners } = this.leader().state.config;
      const list = type === 'add-learner' ? learners : voters;
      return list.includes(node) === (type !== 'remove');
    };
    this.until(`${type} ${node}`, () => {
      if (inForce()) return true;
      const { state } = this.leader();
      if (state.pendingConfIndex <= state.applied)
        this.leader().give({ type: 'change', id: `test.${this.world.trace.count}`, change: { transition: 'auto', changes: [{ type, node }] } });
      return false;
    });
  }

  /** All nodes up again, all come right, and the history is looked at. */
  finish(): void {
    for (const place of this.places()) {
      this.world.resume(place);
      if (!this.world.up(place)) this.restart(place);
    }
    this.settle();
  }

  /** As {@link finish}, without those that are down. */
  settle(): void {
    this.cluster.healed();
    this.until('agreement at the end', () => this.cluster.settled(), 60_000_000);
    this.cluster.finish();
  }
}
