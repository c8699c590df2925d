/**
 * Living actors and the definitions that took the place of theirs. An actor takes its new definition up when it is next
 * about to handle something: it stands between two messages then, and an idle actor costs nothing until it is used.
 * It stays on the old one, with the old state, when its state cannot be migrated.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { ExitReason } from '#protocols/wire/envelope';
import type { AnyDefinition } from '../actor/definition.js';
import { migrated } from '../actor/migration.js';
import { checkPhase } from '../actor/phase-table.js';
import type { DefinitionRegistry } from '../actor/registry.js';
import { assertPlain } from '../codec/msgpack.js';
import type { Logger } from '../telemetry/log.js';

/** An actor that may take up another definition. */
export interface Upgradable {
  readonly address: ActorAddress;
  definition: AnyDefinition;
  state: unknown;
  crashed(reason: ExitReason): void;
}

/** How far the actors of one definition have come since it last changed. */
export interface UpgradeCounts {
  /** Living actors that have not handled anything since. */
  readonly pending: number;
  readonly migrated: number;
  readonly failed: number;
  /** What the first of those that failed said. */
  readonly failures: readonly string[];
}

interface Tally {
  migrated: number;
  failed: number;
  readonly failures: string[];
}

/** Messages of failed migrations that are kept of each definition. */
const FAILURES_KEPT = 5;

/** The upgrades of one executor; made by its first reload. */
export class Upgrades {
  readonly #registry: DefinitionRegistry;
  readonly #log: Logger;
  readonly #tallies = new Map<string, Tally>();
  /** Actors whose migration failed, with the definition that they could not take up. */
  readonly #refused = new WeakMap<Upgradable, AnyDefinition>();

  constructor(registry: DefinitionRegistry, log: Logger) {
    this.#registry = registry;
    this.#log = log;
  }

  /** The definition changed: its counts begin anew. */
  begin(name: string): void {
    this.#tallies.delete(name);
  }

  /** The definition that an actor of this one is to have now; itself when nothing took its place. */
  current(definition: AnyDefinition): AnyDefinition {
    return this.#registry.get(definition.name, definition.version);
  }

  /** Brings an actor that stands between two messages up to date. */
  apply(actor: Upgradable): void {
    const next = this.current(actor.definition);
    if (next === actor.definition || this.#refused.get(actor) === next) return;
    const { name, version: from } = actor.definition;
    const tally = this.#tallyOf(name);
    try {
      // One version with two values is a change of handlers only: the state fits both.
      const state = next.version === from ? actor.state : migrated(next.version, next, copyOf(actor.state), from);
      if (next.phases !== undefined) checkPhase(next, state);
      actor.state = state;
      actor.definition = next;
      tally.migrated += 1;
    } catch (error) {
      const message = `${name} from version ${from} to ${next.version}: ${error instanceof Error ? error.message : String(error)}`;
      tally.failed += 1;
      if (tally.failures.length < FAILURES_KEPT) tally.failures.push(message);
      this.#refused.set(actor, next);
      this.#log.error('migration failed', { actor: actor.address, definition: name, from, to: next.version, error });
      if (next.whenMigrationFails === 'fail')
        actor.crashed({ class: 'crash', message: `migration failed: ${message}` });
    }
  }

  counts(name: string, actors: Iterable<Upgradable>): UpgradeCounts {
    let pending = 0;
    for (const actor of actors) {
      if (actor.definition.name !== name) continue;
      const next = this.current(actor.definition);
      if (next !== actor.definition && this.#refused.get(actor) !== next) pending += 1;
    }
    const { migrated: done, failed, failures } = this.#tallyOf(name);
    return { pending, migrated: done, failed, failures };
  }

  #tallyOf(name: string): Tally {
    const tally = this.#tallies.get(name) ?? { migrated: 0, failed: 0, failures: [] };
    this.#tallies.set(name, tally);
    return tally;
  }
}

/** A migration that fails half-way must not have touched the state; one that is not plain data cannot be copied. */
function copyOf(state: unknown): unknown {
  try {
    assertPlain(state);
  } catch {
    return state;
  }
  return structuredClone(state);
}
