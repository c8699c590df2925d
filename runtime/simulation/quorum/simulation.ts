/**
 * A run of the quorum store: builds its nodes, hands events to them, and looks at what they do to their records.
 */
import { parseMessage } from '#protocols/quorum/parse';
import { arcAt, positionOf } from '#protocols/quorum/ring';
import type { QuorumResult, Write } from '#protocols/quorum/state';
import { isTombstone, type Versions } from '#protocols/quorum/versions';
import { unreachable } from '#protocols/wire/error';
import { decode } from '../../codec/msgpack.js';
import { crash } from '../faults.js';
import type { Planned, Simulated } from '../model.js';
import { Violation } from '../violation.js';
import type { World } from '../world.js';
import { Clients } from './clients.js';
import { Convergence } from './convergence.js';
import { History } from './history.js';
import { describeVersions, Host, type HostEvents, nameOf, nodeOf } from './host.js';
import { Operator } from './operator.js';
import type { QuorumOperation, QuorumSetup } from './plan.js';

/** A node whose disk is full is started again after this. */
const FULL_US = 300_000;

/** What a node did to a record, to be looked at when the event is over. */
interface Change {
  readonly node: number;
  readonly key: string;
  readonly versions: Versions | undefined;
}

/** One run. */
export class QuorumSimulation implements Simulated<QuorumOperation>, HostEvents {
  readonly #world: World;
  readonly #setup: QuorumSetup;
  readonly #operator: Operator;
  readonly #history: History;
  readonly #clients: Clients;
  readonly #hosts = new Map<number, Host>();
  readonly #convergence: Convergence;
  /** Nodes that have had an identity on their disks. */
  readonly #known = new Set<number>();
  /** What each node has of each key in this life. */
  readonly #records: readonly Map<string, Versions>[];
  #changes: Change[] = [];
  /** Hints that were given up. */
  #released: { readonly node: number; readonly key: string; readonly target: string }[] = [];
  #touched = -1;
  #healed = false;
  /** Keys that have still to be read once all has come right; undefined before. */
  #unread: string[] | undefined;

  constructor(world: World, { setup, size }: Planned<QuorumSetup, QuorumOperation>) {
    this.#world = world;
    this.#setup = setup;
    const { n, sloppy } = setup.settings;
    const ids = Array.from({ length: setup.members }, (_, node) => nameOf(node));
    this.#operator = new Operator(ids, n, setup.tokens);
    this.#history = new History(size, !sloppy);
    this.#convergence = new Convergence(this.#hosts, n);
    this.#clients = new Clients(world, setup, this.#history, (node) => this.#hosts.get(node));
    this.#records = Array.from({ length: size }, () => new Map<string, Versions>());
    for (let node = 0; node < size; node += 1) this.#boot(node);
    this.#tellAgain();
  }

  receive(to: number, from: number, packet: Uint8Array): void {
    this.#touched = to;
    this.#hosts.get(to)?.receive(from, packet);
  }

  words(packet: Uint8Array): string {
    const message = parseMessage(decode(packet));
    if (message === undefined) return 'no message';
    const { type, epoch } = message;
    const key = 'key' in message ? ` ${message.key}` : '';
    const versions = 'versions' in message ? ` ${describeVersions(message.versions)}` : '';
    const records =
      'records' in message ? message.records.map(([name, one]) => ` ${name} ${describeVersions(one)}`) : [];
    const reference = 'ref' in message ? ` #${message.ref % 2 ** 20}` : '';
    return `${type} e${epoch}${reference}${key}${versions}${records.join(',')}`;
  }

  operate(operation: QuorumOperation): void {
    switch (operation.type) {
      case 'put':
      case 'delete':
      case 'get':
        return this.#clients.ask(operation);
      case 'join':
        return this.#join(operation.node);
      case 'leave':
        return this.#leave(operation.node);
      case 'wipe':
        return this.#wipe(operation.node, operation.forUs);
      default:
        return unreachable(operation);
    }
  }

  crashed(node: number): void {
    this.#hosts.get(node)?.die();
    this.#hosts.delete(node);
    this.#clients.crashed(node);
  }

  restarted(node: number): void {
    this.#boot(node);
  }

  healed(): void {
    this.#healed = true;
    const gone = this.#operator.coming.filter((id) => !this.#world.up(nodeOf(id)));
    for (let node = 0; node < this.#world.size; node += 1) {
      if (this.#operator.coming.length - gone.length >= this.#setup.settings.n) break;
      if (this.#world.up(node)) this.#operator.join(nameOf(node));
    }
    for (const id of gone) this.#operator.leave(id);
  }

  check(): void {
    const changes = this.#changes;
    this.#changes = [];
    for (const change of changes) this.#look(change);
    for (const { node, key, target } of this.#released.splice(0)) this.#lookAtHint(node, key, target);
    const state = this.#hosts.get(this.#touched)?.state;
    if (state === undefined) return;
    if (state.hintCount > this.#setup.settings.maxHints)
      throw new Violation('HintsBounded', `n${this.#touched + 1} keeps ${state.hintCount} hints`);
  }

  /** All is the same everywhere; then every key is read once more. */
  settled(): boolean {
    if (this.#unread === undefined) {
      if (this.#healed && this.#convergence.reached(this.#operator.ring, this.#history.keys))
        this.#unread = [...this.#history.keys];
      return false;
    }
    if (this.#clients.waiting > 0) return false;
    const key = this.#unread.pop();
    if (key !== undefined) this.#readAgain(key);
    return key === undefined;
  }

  finish(): void {
    for (const key of this.#history.keys)
      for (const node of this.#convergence.replicasOf(this.#operator.ring, key))
        this.#history.final(key, this.#convergence.versionsAt(node, key));
  }

  state(): readonly string[] {
    const { epoch, members, next } = this.#operator.ring;
    const ids = (some: readonly { readonly id: string }[] | undefined): string =>
      (some ?? []).map(({ id }) => id).join(' ');
    const ring = `ring ${epoch}: ${ids(members)}${next === undefined ? '' : ` -> ${ids(next)}`}`;
    return [
      ring,
      ...[...this.#hosts].toSorted(([one], [other]) => one - other).map(([node, host]) => this.#stateOf(node, host)),
    ];
  }

  replied(node: number, id: string, result: QuorumResult): void {
    if (this.#unread !== undefined && result.type !== 'ok')
      throw new Violation('Liveness', `n${node + 1} answers ${result.type} at the end`);
    this.#clients.replied(node, id, result);
  }

  decided(node: number, id: string): void {
    this.#clients.decided(node, id);
  }

  synced(node: number, epoch: number): void {
    const before = this.#operator.ring;
    this.#operator.synced(nameOf(node), epoch);
    if (this.#operator.ring !== before) this.#world.met('ring committed');
  }

  wrote(node: number, writes: readonly Write[]): void {
    for (const write of writes) {
      if (write.type === 'record') this.#changes.push({ node, key: write.key, versions: write.versions });
      else if (write.type === 'hint' && !write.kept)
        this.#released.push({ node, key: write.key, target: write.target });
    }
  }

  durable(node: number, writes: readonly Write[]): void {
    for (const write of writes) {
      if (write.type === 'identity') this.#known.add(node);
      else if (write.type === 'record' && write.versions !== undefined)
        this.#history.durable(node, write.key, write.versions);
    }
  }

  full(node: number): void {
    crash(this.#world, this, node, false, FULL_US);
  }

  #boot(node: number): void {
    const world = this.#world;
    const { settings, members, tickUs } = this.#setup;
    const known = this.#known.has(node);
    const first = node < members && world.lifeOf(node) === 1;
    const host = new Host({
      world,
      node,
      settings,
      life: world.lifeOf(node),
      fresh: !known,
      ring: first || known ? this.#operator.ring : undefined,
      events: this,
    });
    if (host.damaged) world.met('disk lost');
    this.#hosts.set(node, host);
    const records = this.#records[node] as Map<string, Versions>;
    records.clear();
    // What a killed process had written is there, whether it was synced or not.
    for (const [key, { versions }] of host.state.entries) {
      records.set(key, versions);
      this.#history.durable(node, key, versions);
    }
    world.every(tickUs, node, () => {
      this.#touched = node;
      host.feed({ type: 'tick' });
    });
    host.feed({ type: 'start' });
  }

  /** Somebody hears of the ring from the operator, and the others from it. */
  #tellAgain(): void {
    const world = this.#world;
    world.at(world.nowUs + this.#setup.tellUs, -1, 0, () => {
      this.#tellAgain();
      const node = world.chances.workload.below(world.size);
      if (!world.paused(node)) this.#hosts.get(node)?.feed({ type: 'ring', ring: this.#operator.ring });
    });
  }

  #join(node: number): void {
    if (this.#operator.ring.next !== undefined) this.#world.met('joined and left at once');
    this.#operator.join(nameOf(node));
  }

  #leave(node: number): void {
    if (this.#operator.ring.next !== undefined) this.#world.met('joined and left at once');
    this.#operator.leave(nameOf(node));
  }

  #wipe(node: number, forUs: number): void {
    if (!this.#world.up(node)) return;
    crash(this.#world, this, node, true, forUs);
    this.#world.disk(node).wipe();
  }

  /** Records change as the history allows it. */
  #look({ node, key, versions }: Change): void {
    const records = this.#records[node] as Map<string, Versions>;
    const before = records.get(key);
    if (versions !== undefined) {
      records.set(key, versions);
      this.#history.changed(node, key, before, versions);
      return;
    }
    records.delete(key);
    // Who answers for a key gives it up for one reason only.
    const state = this.#hosts.get(node)?.state;
    if (state?.table === undefined || before === undefined) return;
    const members = arcAt(state.table, positionOf(key))?.members ?? [];
    if (!members.includes(nameOf(node))) return;
    const others = members.flatMap((id) => {
      const has = this.#records[nodeOf(id)]?.get(key);
      return has === undefined || id === nameOf(node) ? [] : [has];
    });
    this.#history.collected(node, key, before, others);
  }

  /** A hint goes when its target has what this node has, or is no replica any more, or there is nothing to hand over. */
  #lookAtHint(node: number, key: string, target: string): void {
    const entry = this.#hosts.get(node)?.state.entries.get(key);
    if (entry?.arc?.all.includes(target) !== true) return;
    if (!this.#history.had(nodeOf(target), key, entry.versions))
      throw new Violation('HintsAreDelivered', `n${node + 1} forgets that ${target} lacks ${key}`);
  }

  #readAgain(key: string): void {
    const via = this.#world.chances.workload.pick(this.#convergence.replicasOf(this.#operator.ring, key));
    this.#clients.ask({ type: 'get', client: -1, key, via });
  }

  #stateOf(node: number, { state }: Host): string {
    const { ring, recovering, gaining, hintCount, operations, entries, tick } = state;
    const flags = `${recovering ? ' recovering' : ''}${gaining ? ' gaining' : ''}`;
    const records = [...entries].map(
      ([key, { versions }]) => `${key}${isTombstone(versions) ? '!' : ''} ${describeVersions(versions)}`,
    );
    return `n${node + 1} e${ring?.epoch ?? 0} t${tick}${flags} hints ${hintCount} operations ${operations.size}: ${records.join(', ')}`;
  }
}
