/**
 * Where actors come to life on an executor: placing a spawn, starting it here, bringing it back at its old address after
 * its thread died, and its name in the registry of the node.
 */
import { type ActorAddress, addressParts, executorAddress, formatAddress } from '#protocols/wire/address';
import type { Envelope, ExitReason, SpawnSpec } from '#protocols/wire/envelope';
import { SkepError } from '#protocols/wire/error';
import type { Traceparent } from '#protocols/wire/trace-context';
import type { CallOptions } from '../actor/ref.js';
import type { DefinitionRegistry } from '../actor/registry.js';
import { Cell } from './cell.js';
import type { CallScope } from './call-scope.js';
import type { CellHost, StartedHere } from './cell-host.js';
import type { SerialTable } from './serial-table.js';
import { GROUPS_SERIAL, GUARDIAN_SERIAL, NAMES_SERIAL, SYSTEM_EXECUTOR } from './well-known.js';

/** Ids of the executors of a node. */
export interface Topology {
  readonly defaults: readonly number[];
}

/** What the spawner needs of its executor. */
export interface SpawnerHost extends CellHost {
  readonly incarnation: string;
  readonly address: ActorAddress;
  readonly registry: DefinitionRegistry;
  /** Living actors by serial. */
  readonly cells: SerialTable<Cell>;
  call(to: ActorAddress, name: string, message: unknown, options: CallOptions, scope?: CallScope): Promise<unknown>;
  deliver(envelope: Envelope): boolean;
}

export class Spawner {
  readonly #host: SpawnerHost;
  readonly #topology: Topology;
  #nextSerial: number;
  #nextDefault: number;

  constructor(host: SpawnerHost, topology: Topology, firstSerial: number) {
    this.#host = host;
    this.#topology = topology;
    this.#nextSerial = firstSerial;
    this.#nextDefault = host.id;
  }

  /** Starts an actor where its spec wants it; resolves once its init is done, which it may be already. */
  start(
    spec: SpawnSpec,
    node: string | undefined,
    scope?: CallScope,
    trace: Traceparent | undefined = scope?.trace,
  ): Promise<ActorAddress> | StartedHere {
    const target = this.#place(spec, node);
    if (target === this.#host.address) return this.startHere(spec, this.#freeSerial(), trace);
    const here = node === undefined || node === this.#host.node;
    // Inside a call the start has the time that the call has left; init may need more than the default.
    const options = scope !== undefined && Number.isFinite(scope.remainingMs) ? { timeoutMs: scope.remainingMs } : {};
    const message: SpawnSpec = { ...spec, placement: here ? 'same' : spec.placement };
    return this.#host.call(target, 'start', message, options, scope) as Promise<ActorAddress>;
  }

  startHere(spec: SpawnSpec, serial: number, trace?: Traceparent): Promise<ActorAddress> | StartedHere {
    const cell = this.#make(spec, serial);
    const span = this.#host.spans?.spawn(spec, cell.address, trace);
    return cell.start(trace, span)?.then(() => cell.address) ?? cell;
  }

  /** Brings an actor back at its old address after its thread died, or after it ended as permanent actors may not. */
  revive(address: ActorAddress, spec: SpawnSpec, incarnation: number): void {
    try {
      const cell = this.#make(spec, addressParts(address).serial);
      cell.revive(incarnation);
      this.#host.log.debug('actor revived', { actor: address, definition: spec.definition });
    } catch (error) {
      // The definition is not known here (any more).
      this.#host.log.error('restart failed', { actor: address, error });
      if (spec.parent === undefined) return;
      const reason: ExitReason = { class: 'crash', message: error instanceof Error ? error.message : String(error) };
      this.#host.deliver({
        kind: 'signal',
        to: spec.parent,
        from: address,
        signal: { type: 'failed', child: address, reason },
      });
    }
  }

  /** Starts the actors that every node has, on its system executor. */
  async startWellKnown(guardian: string, names: string, groups: string): Promise<void> {
    await this.startHere({ definition: guardian, args: {}, restart: 'permanent', placement: 'same' }, GUARDIAN_SERIAL);
    const parent = this.#host.addressOf(GUARDIAN_SERIAL);
    for (const [definition, serial] of [
      [names, NAMES_SERIAL],
      [groups, GROUPS_SERIAL],
    ] as const) {
      await this.startHere({ definition, args: {}, restart: 'permanent', placement: 'same', parent }, serial);
    }
  }

  async lookup(name: string, node = this.#host.node): Promise<ActorAddress | undefined> {
    const address = await this.#host.call(this.#namesOf(node), 'lookup', { name }, {});
    return (address ?? undefined) as ActorAddress | undefined;
  }

  async claimName(name: string, address: ActorAddress): Promise<void> {
    try {
      await this.#host.call(this.#namesOf(this.#host.node), 'register', { name, address }, {});
    } catch (error) {
      // Where the answer was late or lost the name may be taken all the same.
      this.releaseName(name, address);
      throw error;
    }
  }

  releaseName(name: string, address: ActorAddress): void {
    const to = this.#namesOf(this.#host.node);
    this.#host.deliver({ kind: 'cast', to, from: this.#host.address, name: 'unregister', message: { name, address } });
  }

  /** Makes the cell and gives it its address at once, so that mail and signals find it while it starts. */
  #make(spec: SpawnSpec, serial: number): Cell {
    const definition = this.#host.registry.get(spec.definition, spec.version);
    const cell = new Cell(this.#host, serial, spec, definition);
    this.#host.cells.set(serial, cell);
    return cell;
  }

  /** The executor that is to host an actor. Another node's system executor chooses among its own. */
  #place(spec: SpawnSpec, node: string | undefined): ActorAddress {
    if (node !== undefined && node !== this.#host.node) return executorAddress(node, '*', SYSTEM_EXECUTOR);
    if (spec.placement === 'same') return this.#host.address;
    if (spec.placement === 'system') return executorAddress(this.#host.node, this.#host.incarnation, SYSTEM_EXECUTOR);
    const { defaults } = this.#topology;
    const executor = spec.placement === 'default' ? defaults[this.#nextDefault++ % defaults.length] : spec.placement;
    if (executor === undefined || (executor !== SYSTEM_EXECUTOR && !defaults.includes(executor))) {
      const text = `no executor ${String(executor)} on node ${this.#host.node}; it has ${defaults.join(', ')}`;
      throw new SkepError('BAD_USAGE', text, { executor, defaults });
    }
    return executorAddress(this.#host.node, this.#host.incarnation, executor);
  }

  #freeSerial(): number {
    while (this.#host.cells.has(this.#nextSerial)) this.#nextSerial += 1;
    return this.#nextSerial++;
  }

  #namesOf(node: string): ActorAddress {
    const incarnation = node === this.#host.node ? this.#host.incarnation : '*';
    return formatAddress({ node, incarnation, executor: SYSTEM_EXECUTOR, serial: NAMES_SERIAL });
  }
}
