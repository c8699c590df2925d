/**
 * Clients of the simulated cluster. Each has one task under way: it submits it through any node until it is accepted, asks
 * after it by submitting it again, and goes on to the next when it is done. They are not on the network of the nodes and
 * may reach both sides of any partition. Some of what they send arrives a second time, when nobody waits for it any more.
 */
import type { Submit, Submitted } from '#protocols/supervisor/message';
import { taskId } from '#protocols/supervisor/state';
import { unreachable } from '#protocols/wire/error';
import type { Random } from '../../testing/random.js';
import { Violation } from '../violation.js';
import type { World } from '../world.js';
import type { Facts } from './facts.js';
import type { ClusterSetup } from './plan.js';

interface Client {
  readonly name: string;
  /** Tasks that it has not begun to submit. */
  waiting: number;
  /** Of the task that is under way, or was last. */
  seq: number;
  /** It has the results of all up to here. */
  acked: number;
  busy: boolean;
  /** Counts all that it ever sent. */
  attempt: number;
  /** The first one of the task that is under way. */
  firstAttempt: number;
}

/** All clients of a run. */
export class Clients {
  readonly #world: World;
  readonly #setup: ClusterSetup;
  readonly #random: Random;
  readonly #facts: Facts;
  readonly #deliver: (place: number, message: Submit) => void;
  readonly #clients: readonly Client[];
  #calm = false;

  constructor(world: World, setup: ClusterSetup, facts: Facts, deliver: (place: number, message: Submit) => void) {
    this.#world = world;
    this.#setup = setup;
    this.#random = world.chances.workload;
    this.#facts = facts;
    this.#deliver = deliver;
    this.#clients = Array.from({ length: setup.clients }, (_, index) => ({
      name: `client-${index + 1}`,
      ...{ waiting: 0, seq: 0, acked: 0, busy: false, attempt: 0, firstAttempt: 0 },
    }));
  }

  /** True when nothing that was begun waits for its end. */
  get idle(): boolean {
    return this.#clients.every(({ busy }) => !busy);
  }

  /** A client has one task more. */
  submit(index: number): void {
    const client = this.#clients[index];
    if (client === undefined || this.#calm) return;
    client.waiting += 1;
    this.#next(client);
  }

  /** From now on nothing is lost between clients and nodes, and nothing new is begun. */
  calm(): void {
    this.#calm = true;
    for (const client of this.#clients) client.waiting = 0;
  }

  /** A node has a reply for whoever sent this. */
  reply({ id, status }: Submitted): void {
    if (!this.#calm && this.#random.chance(this.#setup.clientLoss)) return this.#world.met('reply to a client lost');
    this.#world.at(this.#world.nowUs + this.#delayUs(), -1, 0, () => {
      this.#world.trace.add('note', this.#world.nowUs, -1, -1, `${id} ${status}`);
      const dot = id.lastIndexOf('.');
      const client = this.#clients.find(({ name }) => name === id.slice(0, dot));
      const attempt = Number(id.slice(dot + 1));
      if (client?.busy === true && attempt >= client.firstAttempt) this.#take(client, attempt, status);
    });
  }

  #take(client: Client, attempt: number, status: Submitted['status']): void {
    const task = taskId({ client: client.name, seq: client.seq });
    switch (status) {
      case 'accepted':
        return this.#facts.acknowledged(task);
      case 'done':
        this.#facts.acknowledged(task);
        this.#facts.told(task);
        client.acked = client.seq;
        client.busy = false;
        return this.#next(client);
      case 'settled':
        throw new Violation('AcceptedWork', `${task} is taken for settled, and its client waits for the result`);
      case 'refused':
        if (attempt === client.attempt) this.#sendAfter(client, this.#setup.retryUs / 4);
        return;
      default:
        return unreachable(status);
    }
  }

  #next(client: Client): void {
    if (client.busy || client.waiting === 0) return;
    client.waiting -= 1;
    client.busy = true;
    client.seq += 1;
    client.firstAttempt = client.attempt + 1;
    this.#send(client);
  }

  #send(client: Client): void {
    const { name, seq, acked } = client;
    const random = this.#random;
    client.attempt += 1;
    const id = `${name}.${client.attempt}`;
    const message: Submit = { type: 'submit', id, client: name, seq, acked, payload: `work ${name} ${seq}` };
    this.#sendAfter(client, this.#setup.retryUs);
    if (!this.#calm && random.chance(this.#setup.clientLoss)) return this.#world.met('request of a client lost');
    this.#arrive(message, this.#delayUs());
    if (!this.#calm && random.chance(0.1)) this.#arrive(message, random.between(1_000, 3_000_000));
  }

  #arrive(message: Submit, delayUs: number): void {
    const place = this.#random.below(this.#world.size);
    this.#world.at(this.#world.nowUs + delayUs, place, 0, () => {
      this.#world.trace.add('note', this.#world.nowUs, place, -1, message.id);
      this.#deliver(place, message);
    });
  }

  /** Sends again unless something was sent since, or the task is done. */
  #sendAfter(client: Client, delayUs: number): void {
    const { attempt } = client;
    this.#world.at(this.#world.nowUs + Math.round(delayUs), -1, 0, () => {
      if (client.busy && client.attempt === attempt) this.#send(client);
    });
  }

  #delayUs(): number {
    return this.#random.between(100, 5_000);
  }
}
