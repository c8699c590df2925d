/**
 * A protocol for the tests of the simulator: node 1 takes values from clients and copies its log to the others; a value
 * is acknowledged once a majority has it on disk. It has no elections, so it stops while node 1 is down, but whatever
 * happens, what it acknowledged is on the disks of a majority.
 *
 *     client --append--> n1 --disk--> n1 --append(index, value)--> others --disk--> --stored(length)--> n1 --ack--> client
 */
import {
  crash,
  DiskFull,
  type Model,
  type Planned,
  type Simulated,
  Violation,
  type World,
} from '#runtime/simulation/index';

interface Append {
  readonly value: number;
}

/** Bugs that a test may ask for. */
export type ToyBug = 'none' | 'primary forgets to sync' | 'throws on the third value' | 'rests for ever';

interface Memory {
  readonly log: number[];
  /** How much of the log is on its own disk. */
  stored: number;
  /** At node 1: how much each node has on disk. */
  readonly match: number[];
}

const TICK_US = 20_000;
const WINDOW = 4;

/** The model, or one with a bug. */
export function toyModel(bug: ToyBug = 'none'): Model<{ readonly bug: ToyBug }, Append> {
  return {
    name: 'toy',
    about: 'a log that one node copies to the others',
    faults: ['kill', 'power', 'pause', 'partition', 'oneway', 'bridge', 'clog', 'slowdisk', 'fulldisk', 'badsync'],
    sometimes: ['acknowledged', 'sent again', 'recovered'],
    busyUs: 2_000_000,
    settleUs: 3_000_000,
    plan: (random) => ({
      size: random.pick([1, 3, 5]),
      setup: { bug },
      spare: 0,
      operations: Array.from({ length: 12 }, (_, index) => ({
        atUs: random.below(2_000_000),
        operation: { value: index + 1 },
      })).sort((one, other) => one.atUs - other.atUs),
    }),
    start: (world, plan) => new Toy(world, plan),
  };
}

/** For the command line, which takes what has the form of a model. */
export const toy = toyModel();

class Toy implements Simulated<Append> {
  readonly #world: World;
  readonly #bug: ToyBug;
  readonly #nodes: (Memory | undefined)[];
  /** What clients were told. */
  readonly #acked: number[] = [];

  constructor(world: World, { size, setup }: Planned<{ readonly bug: ToyBug }, Append>) {
    this.#world = world;
    this.#bug = setup.bug;
    this.#nodes = Array.from({ length: size }, () => undefined);
    for (let node = 0; node < size; node += 1) this.#begin(node);
  }

  operate({ value }: Append): void {
    const primary = this.#nodes[0];
    if (primary === undefined || this.#world.paused(0)) return;
    if (this.#bug === 'throws on the third value' && primary.log.length === 2) throw new TypeError('the third value');
    primary.log.push(value);
    const length = primary.log.length;
    this.#store(0, length - 1, value, () => {
      primary.stored = length;
      this.#sendAll(primary);
      this.#acknowledge(primary);
    });
  }

  receive(to: number, from: number, packet: Uint8Array): void {
    const node = this.#nodes[to];
    if (node === undefined) return;
    const { index, value } = read(packet);
    if (to === 0) {
      node.match[from] = Math.max(node.match[from] ?? 0, index);
      this.#acknowledge(node);
    } else if (index < node.log.length) this.#confirm(to, node);
    else if (index === node.log.length) {
      node.log.push(value);
      this.#store(to, index, value, () => {
        node.stored = index + 1;
        this.#confirm(to, node);
      });
    }
  }

  words(packet: Uint8Array): string {
    const { index, value } = read(packet);
    return value === 0 ? `stored ${index}` : `append ${value} at ${index}`;
  }

  crashed(node: number): void {
    this.#nodes[node] = undefined;
  }

  restarted(node: number): void {
    this.#world.met('recovered');
    this.#begin(node);
  }

  healed(): void {}

  check(): void {
    const majority = Math.floor(this.#nodes.length / 2) + 1;
    for (const [index, value] of this.#acked.entries()) {
      const holders = this.#nodes.filter((_, node) => this.#recorded(node, index) === value).length;
      if (holders < majority)
        throw new Violation('Durability', `${value} was acknowledged, and ${holders} of ${majority} disks have it`);
    }
  }

  settled(): boolean {
    if (this.#bug === 'rests for ever') return false;
    const [primary] = this.#nodes;
    return this.#nodes.every((node) => node?.stored === primary?.log.length);
  }

  finish(): void {
    this.check();
  }

  state(): readonly string[] {
    return this.#nodes.map((node, index) => `n${index + 1} ${node === undefined ? 'down' : node.log.join(' ')}`);
  }

  /** A life begins, with what is on disk. */
  #begin(node: number): void {
    const log: number[] = [];
    for (let value = this.#recorded(node, 0); value !== undefined; value = this.#recorded(node, log.length))
      log.push(value);
    const memory = { log, stored: log.length, match: this.#nodes.map(() => 0) };
    this.#nodes[node] = memory;
    if (node === 0) this.#world.every(TICK_US, 0, () => this.#sendAll(memory));
  }

  #sendAll(primary: Memory): void {
    for (let to = 1; to < this.#nodes.length; to += 1) {
      const next = primary.match[to] ?? 0;
      for (let index = next; index < Math.min(next + WINDOW, primary.stored); index += 1) {
        this.#world.met('sent again');
        this.#world.network.send(0, to, write(index, primary.log[index] ?? 0));
      }
    }
  }

  #confirm(from: number, node: Memory): void {
    this.#world.network.send(from, 0, write(node.stored, 0));
  }

  #acknowledge(primary: Memory): void {
    primary.match[0] = primary.stored;
    const sorted = primary.match.toSorted((one, other) => other - one);
    const committed = sorted[Math.floor(sorted.length / 2)] ?? 0;
    for (let index = this.#acked.length; index < committed; index += 1) {
      this.#world.met('acknowledged');
      this.#acked.push(primary.log[index] ?? 0);
    }
  }

  #store(node: number, index: number, value: number, done: () => void): void {
    const disk = this.#world.disk(node);
    try {
      disk.write(`log ${String(index).padStart(6, '0')}`, write(value, ~value));
    } catch (error) {
      if (!(error instanceof DiskFull)) throw error;
      crash(this.#world, this, node, false, 50_000);
      return;
    }
    if (this.#bug === 'primary forgets to sync' && node === 0) done();
    else disk.sync(done);
  }

  /** What is on disk, unless it is torn. */
  #recorded(node: number, index: number): number | undefined {
    const record = this.#world.disk(node).read(`log ${String(index).padStart(6, '0')}`);
    if (record?.length !== 8) return undefined;
    const { index: value, value: check } = read(record);
    return check === ~value ? value : undefined;
  }
}

/** Two numbers in eight bytes. */
function write(index: number, value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, index);
  view.setInt32(4, value);
  return bytes;
}

function read(bytes: Uint8Array): { readonly index: number; readonly value: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { index: view.getInt32(0), value: view.getInt32(4) };
}
