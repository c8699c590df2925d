/**
 * Durable casts under simulation: a producer (n1) that stores what it casts until it is handled, and a consumer (n2)
 * whose memory dies with it. What is looked at:
 *
 * - *Stored before sent*: nothing is sent before the disk has it;
 * - *Integrity*: what is handed over under a number is what was stored under it;
 * - *No gap*: all messages before one that is handed over were handled, by this life of the consumer or an earlier one;
 * - *Order*: a life of the consumer is handed over numbers that never go back;
 * - *Handled before confirmed*: what the producer forgets was handled;
 * - and in the end everything that was reported as stored is handled.
 */
import { type ConsumerInput, type ConsumerState, newConsumer, stepConsumer } from '#protocols/delivery/consumer';
import type { Ack, ProducerPacket } from '#protocols/delivery/packet';
import {
  durableProducer,
  type ProducerEffect,
  type ProducerInput,
  type ProducerState,
  stepProducer,
} from '#protocols/delivery/producer';
import { unreachable } from '#protocols/wire/error';
import { decode, encode } from '../../codec/msgpack.js';
import type { Model, Planned, Simulated } from '../model.js';
import { Violation } from '../violation.js';
import type { World } from '../world.js';
import { Records } from './records.js';

/** Drawn for each run. */
interface Setup {
  readonly window: number;
  readonly buffer: number;
  readonly resendMs: number;
  /** Share of messages whose handler crashes. */
  readonly crashing: number;
  /** A handler takes up to so long, in virtual microseconds. */
  readonly handlerUs: number;
}

/** A message is cast. */
interface Cast {
  readonly payload: number;
}

const [PRODUCER, CONSUMER] = [0, 1];
const BUSY_US = 5_000_000;
/** A durable producer goes on under one epoch. */
const EPOCH = 1;

/** The model. */
export const deliveryModel: Model<Setup, Cast> = {
  name: 'delivery',
  about: 'durable casts: a producer that stores what it sends, and a consumer that may die',
  faults: ['kill', 'power', 'pause', 'partition', 'oneway', 'clog', 'slowdisk', 'fulldisk', 'badsync'],
  sometimes: [
    'handled',
    'handled again in another life',
    'sent again',
    'probe sent',
    'handler crashed',
    'buffer full',
    'forgotten',
    'went on with what was stored',
  ],
  busyUs: BUSY_US,
  settleUs: 20_000_000,
  plan: (random) => ({
    size: 2,
    spare: 0,
    setup: {
      window: random.between(1, 16),
      buffer: random.between(16, 64),
      resendMs: random.between(5, 50),
      crashing: random.chance(0.5) ? 0.1 : 0,
      handlerUs: random.between(100, 20_000),
    },
    operations: Array.from({ length: random.between(20, 200) }, (_, index) => ({
      atUs: random.below(BUSY_US),
      operation: { payload: index + 1 },
    })).toSorted((one, other) => one.atUs - other.atUs),
  }),
  start: (world, plan) => new Delivery(world, plan),
};

class Delivery implements Simulated<Cast> {
  readonly #world: World;
  readonly #setup: Setup;
  readonly #records: Records;
  #producer: ProducerState<number> | undefined;
  #consumer: ConsumerState<number> | undefined;
  /** Changes with each timer that is armed or disarmed: an old one does nothing. */
  #timer = 0;

  // What an observer of both sides knows.
  /** What is on the disk by number, for good. */
  readonly #stored = new Map<number, number>();
  #lastStored = 0;
  #lastSent = 0;
  /** All up to here were handled by some life of the consumer. */
  #handled = 0;
  /** What this life of the consumer was handed over last. */
  #handedOver = 0;

  constructor(world: World, { setup }: Planned<Setup, Cast>) {
    this.#world = world;
    this.#setup = setup;
    this.#records = new Records(world.disk(PRODUCER));
    this.restarted(PRODUCER);
    this.restarted(CONSUMER);
  }

  operate({ payload }: Cast): void {
    // Whoever casts lives in the same process.
    if (this.#producer === undefined || this.#world.paused(PRODUCER)) return;
    this.#produce({ type: 'offer', payload });
  }

  receive(to: number, _from: number, packet: Uint8Array): void {
    if (to === CONSUMER) this.#consume({ type: 'packet', packet: decode(packet) as ProducerPacket<number> });
    else this.#produce({ type: 'ack', ack: decode(packet) as Ack });
  }

  words(packet: Uint8Array): string {
    return JSON.stringify(decode(packet));
  }

  crashed(node: number): void {
    if (node === CONSUMER) this.#consumer = undefined;
    else this.#producer = undefined;
  }

  restarted(node: number): void {
    const { window } = this.#setup;
    if (node === CONSUMER) {
      const settings = { window, maxDeliveries: Number.POSITIVE_INFINITY };
      this.#consumer = newConsumer(this.#world.lifeOf(CONSUMER), settings);
      this.#handedOver = 0;
      return;
    }
    const { base, payloads } = this.#records.find();
    if (payloads.length > 0) this.#world.met('went on with what was stored');
    this.#lastStored = base - 1 + payloads.length;
    for (const [index, payload] of payloads.entries()) this.#stored.set(base + index, payload);
    const { buffer, resendMs } = this.#setup;
    const settings = { window, buffer, resendMs, maxResendMs: 20 * resendMs, giveUpMs: Number.POSITIVE_INFINITY };
    this.#producer = durableProducer(EPOCH, settings, base, payloads);
    this.#produce({ type: 'resume' });
  }

  healed(): void {}

  /** Everything is looked at where it happens. */
  check(): void {}

  settled(): boolean {
    return this.#producer?.pending.length === 0 && this.#consumer !== undefined;
  }

  finish(): void {
    if (this.#handled < this.#lastStored)
      throw new Violation('No loss', `${this.#lastStored} are stored, and ${this.#handled} were handled`);
  }

  state(): readonly string[] {
    const { base, sent, pending = [], stored } = this.#producer ?? {};
    const { life, handled, received } = this.#consumer ?? {};
    return [
      this.#producer === undefined
        ? 'n1 down'
        : `n1 base ${base} sent ${sent} stored ${stored} pending ${pending.length}`,
      this.#consumer === undefined ? 'n2 down' : `n2 life ${life} handled ${handled} received ${received}`,
    ];
  }

  #produce(input: ProducerInput<number>): void {
    if (this.#producer === undefined) return;
    for (const effect of stepProducer(this.#producer, input).effects) this.#carryOut(effect);
  }

  #carryOut(effect: ProducerEffect<number>): void {
    switch (effect.type) {
      case 'send':
        return this.#send(effect.packet);
      case 'persist':
        return this.#persist(effect.seq, effect.payload);
      case 'forget':
        this.#world.met('forgotten');
        this.#records.forget(effect.seq);
        return this.#world.disk(PRODUCER).sync(() => {});
      case 'confirm':
        if (effect.seq > this.#handled)
          throw new Violation('Handled before confirmed', `${effect.seq} is confirmed, ${this.#handled} were handled`);
        return;
      case 'refuse':
        return this.#world.met('buffer full');
      case 'arm':
        return this.#arm(effect.delayMs);
      case 'disarm':
        this.#timer += 1;
        return;
      case 'give-up':
        throw new Violation('No loss', `${effect.payloads.length} are given up`);
      default:
        return unreachable(effect);
    }
  }

  #send(packet: ProducerPacket<number>): void {
    if (packet.type === 'data') {
      if (packet.seq > this.#lastStored) throw new Violation('Stored before sent', `${packet.seq} is sent`);
      if (packet.seq <= this.#lastSent) this.#world.met('sent again');
      this.#lastSent = Math.max(this.#lastSent, packet.seq);
    } else this.#world.met('probe sent');
    this.#world.network.send(PRODUCER, CONSUMER, encode(packet));
  }

  #persist(seq: number, payload: number): void {
    if (!this.#records.put(seq, payload)) return this.#produce({ type: 'unstored' });
    this.#world.disk(PRODUCER).sync(() => {
      this.#stored.set(seq, payload);
      this.#lastStored = seq;
      this.#produce({ type: 'stored', seq });
    });
  }

  #arm(delayMs: number): void {
    const timer = (this.#timer += 1);
    this.#world.after(delayMs * 1_000, PRODUCER, () => {
      if (timer === this.#timer) this.#produce({ type: 'timeout' });
    });
  }

  #consume(input: ConsumerInput<number>): void {
    if (this.#consumer === undefined) return;
    for (const effect of stepConsumer(this.#consumer, input).effects) {
      if (effect.type === 'deliver') this.#handOver(effect);
      else if (effect.type === 'ack') this.#world.network.send(CONSUMER, PRODUCER, encode(effect.ack));
    }
  }

  /** The handler runs for a while, and ends or crashes. */
  #handOver({ epoch, seq, payload }: { readonly epoch: number; readonly seq: number; readonly payload: number }): void {
    if (payload !== this.#stored.get(seq))
      throw new Violation('Integrity', `${seq} is ${payload}, and ${this.#stored.get(seq)} was stored`);
    if (seq > this.#handled + 1) throw new Violation('No gap', `${seq} is handed over, ${this.#handled} were handled`);
    if (seq < this.#handedOver) throw new Violation('Order', `${seq} is handed over after ${this.#handedOver}`);
    this.#handedOver = seq;
    const { crashing, handlerUs } = this.#setup;
    const { workload } = this.#world.chances;
    const crashes = workload.chance(crashing);
    this.#world.after(workload.between(1, handlerUs), CONSUMER, () => {
      this.#world.met(crashes ? 'handler crashed' : 'handled');
      if (!crashes && seq <= this.#handled) this.#world.met('handled again in another life');
      if (!crashes) this.#handled = Math.max(this.#handled, seq);
      this.#consume({ type: crashes ? 'failed' : 'handled', epoch, seq });
    });
  }
}
