/**
 * How to simulate a protocol of your own: a shop has each order booked by a bank exactly once, although packets are
 * lost and doubled, and either of the two dies at any moment. The protocol is a step function; the model around it
 * carries out its effects as a driver in production would, and says what must hold. 500 seeds are 500 worlds.
 *
 *     shop --book 7--> bank     the bank writes the booking down, syncs, and only then confirms
 *     shop <--booked 7-- bank   without an answer the shop asks again: a bank that forgot books twice
 *
 * Run it with `node dist/examples/simulate-a-protocol.js`. The last lines show a careless bank and what the simulator
 * makes of it; `skep simulate orders --module ./dist/examples/simulate-a-protocol.js` runs the same model in threads.
 */
import {
  type Model,
  type Planned,
  simulate,
  type Simulated,
  SimulationError,
  Violation,
  type World,
} from 'skep/testing';

// The protocol, without time, chance or disks: what it is told goes in, what is to be done comes out.

interface BankState {
  /** Numbers of the orders that were booked. */
  readonly booked: Set<number>;
}

type BankEffect =
  | { readonly type: 'persist'; readonly order: number }
  | { readonly type: 'confirm'; readonly order: number };

/** Effects are carried out in order, each once the one before is complete. */
function stepBank(state: BankState, order: number): readonly BankEffect[] {
  if (state.booked.has(order)) return [{ type: 'confirm', order }];
  state.booked.add(order);
  return [
    { type: 'persist', order },
    { type: 'confirm', order },
  ];
}

// The model: how the protocol lives in a world, and what must hold there.

interface Order {
  readonly order: number;
}
interface Setup {
  /** Whether the bank confirms what is not on its disk yet. */
  readonly careless: boolean;
}

const [SHOP, BANK] = [0, 1];
const RETRY_US = 50_000;

function ordersModel(careless: boolean): Model<Setup, Order> {
  return {
    name: 'orders',
    about: 'orders of a shop, each booked exactly once by a bank',
    faults: ['kill', 'power', 'pause', 'partition', 'oneway', 'clog', 'slowdisk'],
    sometimes: ['booked', 'asked again', 'confirmed twice'],
    busyUs: 2_000_000,
    settleUs: 2_000_000,
    plan: (random) => ({
      size: 2,
      setup: { careless },
      spare: 0,
      operations: [1, 2, 3, 4, 5].map((order) => ({ atUs: order * random.between(1, 390_000), operation: { order } })),
    }),
    start: (world, plan) => new Orders(world, plan),
  };
}

/** For the command line. */
export const orders = ordersModel(false);

class Orders implements Simulated<Order> {
  readonly #world: World;
  readonly #careless: boolean;
  /** What the shop has to have booked, in its own records: they are not what is tested here, and outlive it. */
  readonly #open = new Set<number>();
  /** What the shop was told. */
  readonly #confirmed = new Set<number>();
  /** How often the bank booked each order. */
  readonly #bookings = new Map<number, number>();
  #bank: BankState = { booked: new Set() };
  /** Effects of the bank that are still to be carried out, and whether one of them waits for the disk. */
  #waiting: BankEffect[] = [];
  #syncing = false;

  constructor(world: World, { setup }: Planned<Setup, Order>) {
    this.#world = world;
    this.#careless = setup.careless;
    this.restarted(SHOP);
  }

  operate({ order }: Order): void {
    this.#open.add(order);
  }

  receive(to: number, _from: number, packet: Uint8Array): void {
    const [order = 0] = packet;
    if (to === BANK) {
      this.#waiting.push(...stepBank(this.#bank, order));
      return this.#carryOut();
    }
    if (this.#confirmed.has(order)) this.#world.met('confirmed twice');
    this.#confirmed.add(order);
    this.#open.delete(order);
  }

  words(packet: Uint8Array): string {
    return `order ${packet[0]}`;
  }

  /** In their order: what comes after a persist waits until the disk has it, also the answers to other packets. */
  #carryOut(): void {
    for (let effect = this.#next(); effect !== undefined; effect = this.#next()) {
      const { type, order } = effect;
      if (type === 'confirm') this.#world.network.send(BANK, SHOP, Uint8Array.of(order));
      else this.#persist(order);
    }
  }

  #next(): BankEffect | undefined {
    return this.#syncing ? undefined : this.#waiting.shift();
  }

  #persist(order: number): void {
    this.#world.met('booked');
    this.#bookings.set(order, (this.#bookings.get(order) ?? 0) + 1);
    const disk = this.#world.disk(BANK);
    disk.write(`order ${order}`, Uint8Array.of(order));
    this.#syncing = !this.#careless;
    disk.sync(() => {
      this.#syncing = false;
      this.#carryOut();
    });
  }

  /** Its memory is gone. Time goes on without it; its timers went with its life. */
  crashed(node: number): void {
    if (node !== BANK) return;
    this.#waiting = [];
    this.#syncing = false;
  }

  restarted(node: number): void {
    if (node === SHOP) return this.#world.every(RETRY_US, SHOP, () => this.#ask());
    const orders = [...this.#bookings.keys()];
    const kept = orders.filter((order) => this.#isOnDisk(order));
    this.#bank = { booked: new Set(kept) };
    // Bookings that a power loss took did not happen.
    for (const order of orders) if (!kept.includes(order)) this.#bookings.set(order, 0);
  }

  /** A record that a power loss tore is none. */
  #isOnDisk(order: number): boolean {
    return this.#world.disk(BANK).read(`order ${order}`)?.length === 1;
  }

  #ask(): void {
    for (const order of this.#open) {
      this.#world.met('asked again');
      this.#world.network.send(SHOP, BANK, Uint8Array.of(order));
    }
  }

  /** Looked at after every event. */
  check(): void {
    for (const [order, times] of this.#bookings)
      if (times > 1) throw new Violation('Exactly once', `order ${order} was booked ${times} times`);
    for (const order of this.#confirmed)
      if (this.#bookings.get(order) !== 1)
        throw new Violation('Exactly once', `order ${order} was confirmed and is gone`);
  }

  /** Asked when the faults are over. */
  settled(): boolean {
    return this.#open.size === 0;
  }

  healed(): void {}
  finish(): void {}

  state(): readonly string[] {
    return [`shop: ${[...this.#open].join(' ')} open`, `bank: ${[...this.#bank.booked].join(' ')} booked`];
  }
}

// Loaded by `skep simulate` it is a module with a model; run by itself it is a program.
if (process.argv[1] === import.meta.filename) {
  const { runs, events, faults, virtualUs, sometimes } = simulate(orders, { seeds: 500 });
  console.log(
    `${runs} seeds: ${sometimes.get('booked')?.times ?? 0} bookings and ${faults} faults in ${events} events, ${(virtualUs / 60e6).toFixed(0)} minutes of virtual time; no order was lost or booked twice`,
  );
  try {
    simulate(ordersModel(true), { seeds: 500 });
    console.log('the careless bank was not found out');
  } catch (error) {
    if (!(error instanceof SimulationError)) throw error;
    console.log(`a careless bank: ${error.message}`);
  }
}
