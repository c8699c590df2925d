/**
 * A producer and a consumer with two bad links between them: what is under way can be lost, doubled and overtaken, either
 * side can begin another life, and handlers crash. A scenario is a list of steps, so a failing one is a list.
 *
 * With a durable producer there is a store too, which is as slow as the steps let it be: a write waits until it is done,
 * and its answer until it is told, so that the producer can be killed before, between and after.
 */
import { newConsumer, stepConsumer, type ConsumerInput } from '#protocols/delivery/consumer';
import type { Ack, ProducerPacket } from '#protocols/delivery/packet';
import { durableProducer, newProducer, stepProducer, type ProducerInput } from '#protocols/delivery/producer';

/** One thing that happens; `at` chooses among what is under way. */
export type Step =
  | { readonly type: 'offer' }
  | { readonly type: 'pass' | 'lose' | 'double'; readonly link: 'data' | 'ack'; readonly at: number }
  | { readonly type: 'timeout' }
  | { readonly type: 'handle' }
  | { readonly type: 'crash' }
  | { readonly type: 'consumer-reborn' }
  | { readonly type: 'producer-reborn' }
  /** The oldest write is done; the oldest answer of the store is told. */
  | { readonly type: 'write' | 'told' };

/** What the store of a durable producer is asked. */
type Write = { readonly seq: number; readonly payload: Message } | { readonly forget: number };

/** A message, told apart by the life of the producer that offered it. */
export type Message = `${number}.${number}`;

const PRODUCER = { window: 4, buffer: 8, resendMs: 10, maxResendMs: 80, giveUpMs: Number.POSITIVE_INFINITY };
const CONSUMER = { window: 4, maxDeliveries: Number.POSITIVE_INFINITY };

export class World {
  /** In the order in which they were accepted. */
  readonly accepted: Message[] = [];
  /** In the order in which their handlers ended. */
  readonly handled: Message[] = [];
  /** The numbers that the producer has confirmed, of its present life. */
  confirmed = 0;
  /** What was handed over; more than one only when the producer began another life meanwhile. */
  #mailbox: { readonly epoch: number; readonly seq: number; readonly payload: Message }[] = [];
  #producer = newProducer<Message>(1, PRODUCER);
  /** Of a durable producer: those whose sender was told that they are stored. */
  readonly reported: Message[] = [];
  readonly #durable: boolean;
  #stored: { base: number; payloads: Message[] } = { base: 1, payloads: [] };
  #writes: Write[] = [];
  #answers: { readonly seq: number; readonly payload: Message }[] = [];
  #consumer = newConsumer<Message>(1, CONSUMER);
  #offered = 0;
  readonly #data: ProducerPacket<Message>[] = [];
  readonly #acks: Ack[] = [];
  #armed = false;

  constructor(durable = false) {
    this.#durable = durable;
    if (durable) this.#producer = durableProducer<Message>(1, PRODUCER);
  }

  /** Numbers that the store holds: all, for a sum of what was forgotten and what is left. */
  get stored(): number {
    return this.#stored.base - 1 + this.#stored.payloads.length;
  }
  get left(): number {
    return this.#stored.payloads.length;
  }

  step(step: Step): void {
    switch (step.type) {
      case 'offer':
        this.#offered += 1;
        this.#produce({ type: 'offer', payload: `${this.#producer.epoch}.${this.#offered}` });
        return;
      case 'pass':
      case 'lose':
      case 'double':
        this.#link(step);
        return;
      case 'timeout':
        if (this.#armed) this.#produce({ type: 'timeout' });
        return;
      case 'handle':
      case 'crash':
        this.#handle(step.type === 'crash');
        return;
      case 'consumer-reborn':
        // What its mailbox held is gone with it.
        this.#mailbox = [];
        this.#consumer = newConsumer(this.#consumer.life + 1, CONSUMER);
        return;
      case 'write':
        this.#write();
        return;
      case 'told':
        this.#told();
        return;
      case 'producer-reborn':
        this.#armed = false;
        if (this.#durable) {
          this.#rebornFromStore();
          return;
        }
        this.#producer = newProducer(this.#producer.epoch + 1, PRODUCER);
        this.confirmed = 0;
        return;
    }
  }

  /** What was written and not done is lost, or done after all: the answer never comes. */
  #rebornFromStore(): void {
    this.#writes = [];
    this.#answers = [];
    const { base, payloads } = this.#stored;
    this.#producer = durableProducer(1, PRODUCER, base, [...payloads]);
    this.#produce({ type: 'resume' });
  }

  #write(): void {
    const write = this.#writes.shift();
    if (write === undefined) return;
    if ('forget' in write) {
      this.#stored.payloads.splice(0, write.forget - this.#stored.base + 1);
      this.#stored.base = write.forget + 1;
      return;
    }
    if (write.seq !== this.stored + 1) throw new Error(`${write.seq} is stored after ${this.stored}`);
    this.#stored.payloads.push(write.payload);
    this.#answers.push(write);
  }

  #told(): void {
    const answer = this.#answers.shift();
    if (answer === undefined) return;
    this.reported.push(answer.payload);
    this.#produce({ type: 'stored', seq: answer.seq });
  }

  /** The life of the producer. */
  get epoch(): number {
    return this.#producer.epoch;
  }

  /** The links are good from now on and handlers do not crash: runs until nothing happens any more. */
  settle(): boolean {
    for (let round = 0; round < 200; round += 1) {
      while (this.#busy) {
        this.#write();
        this.#told();
        if (this.#data.length > 0) this.#link({ type: 'pass', link: 'data', at: 0 });
        if (this.#acks.length > 0) this.#link({ type: 'pass', link: 'ack', at: 0 });
        this.#handle(false);
      }
      if (!this.#armed) return this.#producer.pending.length === 0;
      this.#produce({ type: 'timeout' });
    }
    return false;
  }

  get #busy(): boolean {
    const queues = [this.#data, this.#acks, this.#mailbox, this.#writes, this.#answers];
    return queues.some(({ length }) => length > 0);
  }

  #link({ type, link, at }: Extract<Step, { readonly link: string }>): void {
    const [queue, take] =
      link === 'data'
        ? ([
            this.#data,
            (packet: unknown) => this.#consume({ type: 'packet', packet: packet as ProducerPacket<Message> }),
          ] as const)
        : ([this.#acks, (ack: unknown) => this.#produce({ type: 'ack', ack: ack as Ack })] as const);
    if (queue.length === 0) return;
    const index = at % queue.length;
    const one = queue[index];
    if (type === 'double') queue.push(one as never);
    else queue.splice(index, 1);
    if (type === 'pass') take(one);
  }

  #handle(crashes: boolean): void {
    const message = this.#mailbox.shift();
    if (message === undefined) return;
    const { epoch, seq, payload } = message;
    if (!crashes) this.handled.push(payload);
    this.#consume({ type: crashes ? 'failed' : 'handled', epoch, seq });
  }

  #produce(input: ProducerInput<Message>): void {
    if (input.type === 'timeout') this.#armed = false;
    if (input.type === 'offer') this.accepted.push(input.payload);
    for (const effect of stepProducer(this.#producer, input).effects) {
      if (effect.type === 'send') this.#sent(effect.packet);
      else if (effect.type === 'persist') this.#writes.push(effect);
      else if (effect.type === 'forget') this.#writes.push({ forget: effect.seq });
      else if (effect.type === 'refuse') this.accepted.pop();
      else if (effect.type === 'confirm') this.confirmed = effect.seq;
      else if (effect.type === 'arm') this.#armed = true;
      else if (effect.type === 'disarm') this.#armed = false;
    }
  }

  #sent(packet: ProducerPacket<Message>): void {
    if (this.#durable && packet.type === 'data' && packet.seq > this.stored)
      throw new Error(`${packet.seq} was sent before it was stored`);
    this.#data.push(packet);
  }

  #consume(input: ConsumerInput<Message>): void {
    for (const effect of stepConsumer(this.#consumer, input).effects) {
      if (effect.type === 'deliver') {
        if (this.#mailbox.some(({ epoch }) => epoch === effect.epoch)) throw new Error('two of one session at once');
        this.#mailbox.push(effect);
      } else if (effect.type === 'ack') this.#acks.push(effect.ack);
    }
  }
}
