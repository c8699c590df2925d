/** Which executor it is, and what it was given: the part of an executor that its parts look at while they are made. */
import { type ActorAddress, executorAddress } from '#protocols/wire/address';
import type { ActorDefaults, AnyDefinition } from '../actor/definition.js';
import type { DefinitionRegistry } from '../actor/registry.js';
import type { Clock } from '../clock/clock.js';
import type { Random } from '../clock/random.js';
import type { MailboxOptions } from '../mailbox/mailbox.js';
import type { StoreClient } from '../store/client.js';
import type { Logger } from '../telemetry/log.js';
import { Spans } from '../telemetry/spans.js';
import { Awake } from './awake.js';
import type { Cell } from './cell.js';
import type { ExecutorOptions } from './executor-options.js';
import { SerialTable } from './serial-table.js';

export abstract class ExecutorIdentity {
  readonly node: string;
  readonly incarnation: string;
  readonly id: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly spans: Spans | undefined;
  readonly callTimeoutMs: number;
  readonly shutdownMs: number;
  readonly defaults: ActorDefaults;
  readonly store: StoreClient | undefined;
  readonly address: ActorAddress;
  readonly registry: DefinitionRegistry;
  readonly cells = new SerialTable<Cell>();
  readonly awake = new Awake();
  /** What the addresses of actors here begin with. */
  readonly #prefix: string;
  readonly #mailboxes = new WeakMap<AnyDefinition, MailboxOptions>();

  constructor(options: ExecutorOptions) {
    this.node = options.node;
    this.incarnation = options.incarnation;
    this.id = options.id;
    this.clock = options.clock;
    this.random = options.random;
    this.log = options.log;
    this.spans = options.tracer === undefined ? undefined : new Spans(options.tracer, options.node, options.id);
    this.callTimeoutMs = options.callTimeoutMs;
    this.shutdownMs = options.shutdownMs;
    this.defaults = options.defaults;
    this.store = options.store;
    this.registry = options.registry;
    this.address = executorAddress(options.node, options.incarnation, options.id);
    this.#prefix = this.address.slice(0, this.address.lastIndexOf('/') + 1);
  }

  /** The address of an actor here. Joined, as in `formatAddress`. */
  addressOf(serial: number): ActorAddress {
    return [this.#prefix, serial].join('') as ActorAddress;
  }

  /** The bounds of the mailboxes of a definition. */
  mailboxOf(definition: AnyDefinition): MailboxOptions {
    let bounds = this.#mailboxes.get(definition);
    if (bounds === undefined) {
      bounds = { ...this.defaults.mailbox, ...definition.mailbox };
      this.#mailboxes.set(definition, bounds);
    }
    return bounds;
  }
}
