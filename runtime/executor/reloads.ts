/** The reloads of one executor: its part in those of the node, and the way in which other nodes ask for one. */
import { SkepError } from '#protocols/wire/error';
import type { AnyDefinition } from '../actor/definition.js';
import type { DefinitionRegistry } from '../actor/registry.js';
import type { Logger } from '../telemetry/log.js';
import { commitReload, prepareReload, type ReloadedDefinition, type ReloadSpec } from './reload.js';
import type { ReadonlySerialTable } from './serial-table.js';
import { type Upgradable, Upgrades } from './upgrades.js';

/** What reloads need of their executor. */
export interface ReloadsHost {
  readonly registry: DefinitionRegistry;
  readonly log: Logger;
  readonly cells: ReadonlySerialTable<Upgradable>;
}

export class Reloads {
  /** Absent until the first reload: until then actors need not look for successors of their definitions. */
  upgrades: Upgrades | undefined;
  /** Has the whole node load a module again; set on the executor that can be asked for it. */
  onRequest: ((message: unknown) => Promise<unknown>) | undefined;
  readonly #host: ReloadsHost;

  constructor(host: ReloadsHost) {
    this.#host = host;
  }

  /** Imports a module again and changes nothing. @throws SkepError MODULE_FAILED, DUPLICATE_DEFINITION. */
  prepare(spec: ReloadSpec): Promise<void> {
    return prepareReload(this.#host.registry, spec);
  }

  /** Puts the definitions of a prepared module in place. */
  commit(spec: ReloadSpec): Promise<readonly ReloadedDefinition[]> {
    const { registry, log, cells } = this.#host;
    this.upgrades ??= new Upgrades(registry, log);
    return commitReload(registry, this.upgrades, cells, spec);
  }

  /** A request of this node or another. */
  async request(message: unknown): Promise<unknown> {
    if (this.onRequest === undefined) throw new SkepError('NO_SUCH_HANDLER', 'this executor reloads nothing');
    return this.onRequest(message);
  }

  /** The definition that an actor of this one is to have in its next life. */
  current(definition: AnyDefinition): AnyDefinition {
    return this.upgrades?.current(definition) ?? definition;
  }
}
