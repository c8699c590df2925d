/**
 * A whole PBFT group in a simulated world: correct replicas, liars, twins (Bano et al., "Twins: BFT systems made robust",
 * OPODIS 2021), clients. Twins are two correct instances with one name and one key, which talk with different halves of
 * the group: what any faulty replica can do by saying one thing here and another there, they do without being told how.
 */
import { signedBytes } from '#protocols/pbft/encoding';
import type { PbftMessage, Request } from '#protocols/pbft/message';
import { unreachable } from '#protocols/wire/error';
import { decode, encode } from '../../codec/msgpack.js';
import type { Simulated } from '../model.js';
import type { World } from '../world.js';
import { ClientNode, type Wishes } from './client-node.js';
import { keysOf, type Keys } from './keys.js';
import { Lair } from './lair.js';
import { type Habit, Liar } from './liar.js';
import { ReplicaNode, type Surroundings } from './replica-node.js';
import type { Operation, Setup } from './setup.js';
import { Watch } from './watch.js';

/** How often a liar does something of its own. */
const ACT_US = 150_000;

/** Builds and starts a group. */
export class Group implements Simulated<Operation> {
  readonly #world: World;
  readonly #setup: Setup;
  readonly #keys: Keys;
  readonly #watch: Watch;
  readonly #lair: Lair;
  readonly #around: Surroundings;
  readonly #replicas = new Map<number, ReplicaNode>();
  readonly #liars = new Map<number, Liar>();
  readonly #verified = new WeakMap<Uint8Array, boolean>();
  readonly #clients = new Map<number, ClientNode>();
  readonly #wishes: readonly Wishes[];
  #sides: readonly number[];
  readonly #habits: Map<number, readonly Habit[]>;

  constructor(world: World, setup: Setup) {
    const { settings, liars, clients, faultyClients, sides, cryptography, tickUs } = setup;
    this.#world = world;
    this.#setup = setup;
    this.#sides = sides;
    const names = Array.from({ length: clients + faultyClients }, (_, client) => clientName(client));
    this.#keys = keysOf(cryptography, settings.replicas, names);
    this.#watch = new Watch(world, settings);
    this.#lair = new Lair(
      settings,
      world,
      this.#keys,
      liars.map(({ replica }) => replica),
      sides,
    );
    this.#habits = new Map(liars.map(({ replica, habits }) => [replica, habits]));
    this.#wishes = Array.from({ length: clients }, () => ({ operations: [], done: 0, asked: { wish: -1, floor: 0 } }));
    this.#around = {
      world,
      keys: this.#keys,
      tickUs,
      send: (from, to, message) => this.#send(from, to, message),
      reply: (from, to, message) => {
        const said = this.#liars.get(from)?.reply(message) ?? message;
        const client = this.#clientNode(to);
        if (client !== undefined) world.network.send(from, client, encode(said));
      },
      verified: (packet, verify) => {
        let good = this.#verified.get(packet);
        if (good === undefined) this.#verified.set(packet, (good = verify()));
        return good;
      },
    };
    for (let node = 0; node < world.size; node += 1) this.#begin(node);
  }

  receive(to: number, _from: number, packet: Uint8Array): void {
    const client = this.#clients.get(to);
    if (client !== undefined) return client.receive(packet);
    const message = this.#replicas.get(to)?.receive(packet);
    if (message !== undefined) this.#liars.get(to)?.hear(message);
  }

  words(packet: Uint8Array): string {
    try {
      return wordsOf(decode(packet) as PbftMessage);
    } catch {
      return `${packet.length} bytes of nothing`;
    }
  }

  operate(operation: Operation): void {
    switch (operation.type) {
      case 'wish':
        this.#wishes[operation.client]?.operations.push(operation.operation);
        this.#clients.get(this.#firstClient + operation.client)?.wish();
        return;
      case 'confuse':
        return this.#confuse(operation);
      case 'whim': {
        this.#sides = operation.sides;
        this.#lair.sides = operation.sides;
        this.#habits.set(operation.liar, operation.habits);
        const liar = this.#liars.get(operation.liar);
        if (liar !== undefined) liar.habits = operation.habits;
        return;
      }
      case 'cut':
        return this.#cut(operation.forUs);
      default:
        return unreachable(operation);
    }
  }

  crashed(node: number): void {
    this.#replicas.delete(node);
    this.#liars.delete(node);
    this.#clients.delete(node);
  }

  restarted(node: number): void {
    this.#begin(node);
  }

  healed(): void {
    // Liars go on as before.
  }

  check(): void {
    // The watch looks at each step when it is taken.
  }

  settled(): boolean {
    for (const [node, client] of this.#clients) {
      const wishes = this.#wishes[node - this.#firstClient];
      if (client.running && wishes !== undefined && wishes.done < wishes.operations.length) return false;
    }
    const correct = this.#correct();
    // A replica that waits alone for another view goes on from checkpoints; no state that is stable passes it by.
    if (correct.some(({ state }) => state.executed < this.#watch.stable)) return false;
    // Whatever crashed meanwhile, what was answered is there.
    return correct.some(({ service }) => service.count >= this.#watch.floor);
  }

  finish(): void {
    // Nothing that the watch has not looked at when it happened.
  }

  state(): readonly string[] {
    return Array.from({ length: this.#firstClient }, (_, node) => {
      const replica = this.#replicas.get(node);
      const role = this.#isLiar(node) ? 'lies' : this.#isTwin(node) ? 'twin' : '';
      if (replica === undefined) return `n${node + 1} ${role} is down`;
      const { view, active, stable, executed, waiting, patience, timer } = replica.state;
      const phase = active ? 'in' : 'waits for';
      return `n${node + 1} ${role} ${phase} view ${view}, stable ${stable.seq}, executed ${executed}, waiting ${waiting.size}, patience ${patience}, timer ${timer?.leftTicks ?? 'off'}`;
    });
  }

  get #firstClient(): number {
    return this.#setup.settings.replicas + this.#setup.twins.length;
  }

  #begin(node: number): void {
    const { settings, clients, retryTicks } = this.#setup;
    if (node >= this.#firstClient) {
      const index = node - this.#firstClient;
      const wishes = this.#wishes[index];
      if (index >= clients || wishes === undefined) return;
      const config = { client: clientName(index), settings, retryTicks };
      const client = new ClientNode(node, config, this.#around, this.#watch, wishes);
      this.#clients.set(node, client);
      return client.start();
    }
    const config = { id: this.#replicaAt(node), settings, digest: this.#keys.digest };
    const correct = !this.#isLiar(node) && !this.#isTwin(node);
    const replica = new ReplicaNode(node, config, this.#around, correct ? this.#watch : undefined);
    this.#replicas.set(node, replica);
    if (this.#isLiar(node)) this.#lie(node, replica);
    replica.start();
  }

  #lie(node: number, replica: ReplicaNode): void {
    const tell = (to: number, message: PbftMessage | Uint8Array): void =>
      this.#carry(node, to, message instanceof Uint8Array ? message : encode(message));
    const liar = new Liar(replica, this.#lair, this.#habits.get(node) ?? [], tell);
    this.#liars.set(node, liar);
    if (replica.running) this.#world.every(ACT_US, node, () => liar.act());
  }

  #send(from: number, to: readonly number[], message: PbftMessage): void {
    const liar = this.#liars.get(from);
    if (liar !== undefined) {
      for (const replica of to) liar.send(replica, message);
      return;
    }
    const packet = encode(message);
    for (const replica of to) this.#carry(from, replica, packet);
  }

  /** To the instance of the replica that the sender talks with. */
  #carry(from: number, to: number, packet: Uint8Array): void {
    const { settings, twins } = this.#setup;
    const twin = twins.indexOf(to);
    const side = this.#sides[from] ?? 0;
    this.#world.network.send(from, twin >= 0 && side === 1 ? settings.replicas + twin : to, packet);
  }

  /** Requests with one timestamp and different content, to different replicas; each is the client's own. */
  #confuse({ client, timestamp }: Extract<Operation, { readonly type: 'confuse' }>): void {
    const node = this.#firstClient + client;
    if (!this.#world.up(node)) return;
    this.#world.met('confusing client');
    for (let to = 0; to < this.#setup.settings.replicas; to += 1) {
      const name = clientName(client);
      const operation = new TextEncoder().encode(`confusion ${timestamp} ${to % 2}`);
      const body: Request = { type: 'request', client: name, timestamp, operation };
      this.#watch.asks(body);
      const signature = this.#keys.sign({ client: name }, signedBytes(body));
      this.#carry(node, to, encode({ ...body, signature }));
    }
  }

  #cut(forUs: number): void {
    const { replicas } = this.#setup.settings;
    const links: [number, number][] = [];
    for (let from = 0; from < replicas; from += 1)
      for (let to = 0; to < replicas; to += 1)
        if (this.#sides[from] !== this.#sides[to] && !this.#isLiar(from) && !this.#isLiar(to)) links.push([from, to]);
    this.#world.met('correct replicas cut in halves');
    this.#world.network.cut(links);
    this.#world.at(this.#world.nowUs + forUs, -1, 0, () => this.#world.network.mend(links));
  }

  #correct(): readonly ReplicaNode[] {
    return [...this.#replicas.values()].filter(
      ({ node, running }) => running && !this.#isLiar(node) && !this.#isTwin(node),
    );
  }

  #isLiar(node: number): boolean {
    return this.#setup.liars.some(({ replica }) => replica === node);
  }

  #isTwin(node: number): boolean {
    return this.#setup.twins.includes(this.#replicaAt(node));
  }

  #replicaAt(node: number): number {
    const { settings, twins } = this.#setup;
    return node < settings.replicas ? node : (twins[node - settings.replicas] ?? node);
  }

  #clientNode(name: string): number | undefined {
    const index = Number(name.slice(1)) - 1;
    return index >= 0 && index < this.#setup.clients ? this.#firstClient + index : undefined;
  }
}

function clientName(index: number): string {
  return `c${index + 1}`;
}

function wordsOf(message: PbftMessage): string {
  switch (message.type) {
    case 'request':
      return `request ${message.client} ${message.timestamp}`;
    case 'proposal': {
      const { view, seq, digest } = message.prePrepare;
      return `pre-prepare ${view}/${seq} ${digest.slice(0, 6)} of ${message.batch.length}`;
    }
    case 'prepare':
    case 'commit':
      return `${message.type} ${message.view}/${message.seq} ${message.digest.slice(0, 6)} of n${message.replica + 1}`;
    case 'checkpoint':
      return `checkpoint ${message.seq} ${message.digest.slice(0, 6)} of n${message.replica + 1}`;
    case 'view-change':
      return `view-change ${message.view} of n${message.replica + 1} after ${message.stable}: ${message.prepared.map(({ prePrepare }) => `${prePrepare.view}/${prePrepare.seq} ${prePrepare.digest.slice(0, 6)}`).join(', ')}`;
    case 'new-view':
      return `new-view ${message.view} by ${message.viewChanges.map(({ replica }) => `n${replica + 1}`).join(' ')}: ${message.prePrepares.map(({ seq, digest }) => `${seq} ${digest.slice(0, 6)}`).join(', ')}`;
    case 'status':
      return `status of n${message.replica + 1} view ${message.view}${message.active ? '' : '?'} stable ${message.stable} executed ${message.executed} [${message.slots.join('')}]`;
    case 'fetch':
      return `fetch of n${message.replica + 1} after ${message.executed}`;
    case 'batch':
      return `batch of ${message.requests.length}`;
    case 'transfer':
      return `transfer ${message.proof[0]?.seq ?? 0}`;
    default:
      return 'reply';
  }
}
