/**
 * What an executor does for actors beside hosting them: its views of groups, its topics, the loads of its actors, its
 * routers and the modules that it loads again. Services of two executors talk by casts and calls to the executors themselves (serial 0).
 */
import { type ActorAddress, addressParts } from '#protocols/wire/address';
import type { Envelope } from '#protocols/wire/envelope';
import { SkepError } from '#protocols/wire/error';
import type { Traceparent } from '#protocols/wire/trace-context';
import type { SubscribeOptions } from '../actor/context.js';
import type { CallOptions, Messenger, RefTarget, ReliableMessenger } from '../actor/ref.js';
import type { Clock } from '../clock/clock.js';
import { Deliveries } from '../delivery/deliveries.js';
import type { IncomingHost } from '../delivery/incoming.js';
import type { DurableHost } from '../delivery/durable-outgoing.js';
import { receiverDefaults } from '../delivery/options.js';
import { targetOf } from '../delivery/stored-session.js';
import { type ActorGroups, NodeGroups, OwnGroups } from '../groups/groups.js';
import { GroupViews } from '../groups/views.js';
import type { Journal } from '../persistence/journal.js';
import { openRouter, type RouteeSource, type Router, type RouterHolder, type RouterHost } from '../routing/router.js';
import type { RouterOptions } from '../routing/strategy.js';
import type { DeadLetterReason } from '../telemetry/dead-letters.js';
import { checkDelivery, Topics } from '../topics/topics.js';
import type { Cell } from './cell.js';
import type { IsGone } from './cell-watch.js';
import { LifeEnds } from './life-ends.js';
import { Reloads, type ReloadsHost } from './reloads.js';
import type { ReadonlySerialTable } from './serial-table.js';
import { GROUPS_SERIAL, NAMES_SERIAL } from './well-known.js';

type Cast = Extract<Envelope, { kind: 'cast' }>;
type Call = Extract<Envelope, { kind: 'call' }>;

/** What the services need of their executor. */
export interface ServicesHost extends ReloadsHost {
  readonly node: string;
  readonly incarnation: string;
  readonly id: number;
  readonly address: ActorAddress;
  readonly clock: Clock;
  readonly cells: ReadonlySerialTable<Cell>;
  deliver(envelope: Envelope): boolean;
  call(to: ActorAddress, name: string, message: unknown, options: CallOptions): Promise<unknown>;
  deadLetter(reason: DeadLetterReason, envelope: Envelope): void;
  lookup(name: string, node: string): Promise<ActorAddress | undefined>;
}

export class Services {
  readonly groups: GroupViews;
  readonly topics: Topics;
  readonly reloads: Reloads;
  readonly deliveries: Deliveries;
  readonly #host: ServicesHost;
  readonly #lives = new LifeEnds();
  readonly #routing: RouterHost;
  #routers = 0;

  /** `firstNumber` is above every number that lives of this executor before have given out. */
  constructor(host: ServicesHost, firstNumber: number) {
    this.#host = host;
    this.groups = new GroupViews(host);
    this.topics = new Topics(host);
    this.reloads = new Reloads(host);
    this.deliveries = new Deliveries(this.#deliveryHost(), firstNumber);
    this.#routing = {
      address: host.address,
      clock: host.clock,
      loadOf: (serial) => host.cells.get(serial)?.load,
      call: (to, name, message, options) => host.call(to, name, message, options),
      noRoutee: (from, name, message) =>
        host.deadLetter('no-routee', { kind: 'cast', to: host.address, from, name, message }),
    };
  }

  // ---- what other executors say ------------------------------------------------------------------------------

  /** Takes a cast to the executor; false when it is none of these, or malformed. */
  cast(envelope: Cast): boolean {
    return this.deliveries.cast(envelope) || this.groups.cast(envelope) || this.topics.cast(envelope);
  }

  /** Answers a call to the executor; undefined when it is none of these. */
  call({ name, from, message }: Call): Promise<unknown> | undefined {
    switch (name) {
      case 'groups.fence':
        return this.groups.fence(message, (member) => this.deliveries.settled(member));
      case 'topics.interest':
        return Promise.resolve(this.topics.interest(from, message));
      case 'loads':
        return Promise.resolve(this.#loads(message));
      case 'reload':
        return this.reloads.request(message);
      default:
        return undefined;
    }
  }

  /** Another executor of the node is there. */
  connected(executor: number): void {
    this.topics.connected(executor);
  }

  /** Another executor of the node died. */
  disconnected(executor: number): void {
    this.topics.disconnected(executor);
    // On the system executor the registries forget what was there.
    for (const serial of [NAMES_SERIAL, GROUPS_SERIAL]) {
      const to = this.#host.cells.get(serial)?.address;
      if (to === undefined) continue;
      this.#host.deliver({ kind: 'cast', to, from: this.#host.address, name: 'executorDown', message: { executor } });
    }
  }

  /** A life of an actor here ended; the actor may begin another. */
  lifeEnded(address: ActorAddress): void {
    this.#lives.run(address);
    this.deliveries.lifeEnded(address, this.#host.cells.get(addressParts(address).serial)?.address !== address);
  }

  /** A node is gone for good. */
  nodeLost(gone: IsGone): void {
    this.deliveries.lost(gone);
  }

  close(): void {
    this.deliveries.close();
  }

  // ---- what actors and outside code ask for ------------------------------------------------------------------

  groupsOf(cell: Cell, messenger: Messenger): ActorGroups {
    const { address } = cell;
    const owner = {
      address,
      listens: cell.definition.info !== undefined,
      changed: (change: Parameters<Parameters<GroupViews['monitor']>[2]>[0]) => {
        const { scope, group, event, members } = change;
        cell.inform({ type: 'group', scope, group, event, members });
      },
      castToRegistry: (name: string, message: unknown) => {
        const { registry } = this.groups;
        this.#host.deliver({ kind: 'cast', to: registry, from: this.#host.address, name, message });
      },
    };
    return new OwnGroups(this.groups, messenger, owner, this.#lives);
  }

  nodeGroups(messenger: Messenger): NodeGroups {
    return new NodeGroups(this.groups, messenger);
  }

  subscribe(cell: Cell, pattern: string, { cast }: SubscribeOptions): Promise<void> {
    checkDelivery(cell.definition, pattern, cast);
    const { address } = cell;
    this.#lives.add(address, 'topics', () => this.topics.unsubscribeAll(address));
    return this.topics.subscribe(address, pattern, cast);
  }

  /** A router of an actor or of outside code; an actor's is closed when its life ends. */
  async router<D extends RefTarget>(
    holder: RouterHolder,
    definition: D,
    source: RouteeSource,
    options: RouterOptions,
  ): Promise<Router<D>> {
    const router = await openRouter(this.#routing, this.groups, holder, definition, source, options);
    const { address } = holder;
    if (address === this.#host.address || 'refs' in source) return router;
    const key = `router ${(this.#routers += 1)}`;
    const close = router.close.bind(router);
    this.#lives.add(address, key, close);
    router.close = () => {
      this.#lives.forget(address, key);
      close();
    };
    return router;
  }

  /** Reliable casts of a sender here; `trace` is that of what it handles, and `journal` what it stores. */
  reliableOf(
    from: ActorAddress,
    trace: () => Traceparent | undefined = () => undefined,
    journal?: Journal,
  ): ReliableMessenger {
    const { outgoing } = this.deliveries;
    return {
      tryCast: (to, name, message, settings, named) => {
        const traced = trace();
        const payload = traced === undefined ? { name, message } : { name, message, trace: traced };
        return settings.durable && journal !== undefined
          ? journal.cast(targetOf(to, named), to, payload, settings)
          : outgoing.offer(from, to, payload, settings);
      },
      drained: (to, settings, named) =>
        settings.durable && journal !== undefined ? journal.drained(targetOf(to, named)) : outgoing.drained(from, to),
    };
  }

  #deliveryHost(): IncomingHost & DurableHost {
    const host = this.#host;
    return {
      node: host.node,
      incarnation: host.incarnation,
      id: host.id,
      clock: host.clock,
      deliver: (envelope) => host.deliver(envelope),
      deadLetter: (reason, envelope) => host.deadLetter(reason, envelope),
      lookup: (name, node) => host.lookup(name, node),
      receiver: (serial) => {
        const cell = host.cells.get(serial);
        if (cell === undefined) return undefined;
        const { address, definition } = cell;
        const settings = definition.reliable ?? receiverDefaults;
        return { address, settings, accept: (envelope) => void cell.accept(envelope, false) };
      },
    };
  }

  /** Loads of actors here, null for those that do not live. */
  #loads(message: unknown): readonly (number | null)[] {
    const serials: unknown =
      typeof message === 'object' && message !== null && 'serials' in message ? message.serials : undefined;
    if (!Array.isArray(serials)) throw new SkepError('BAD_MESSAGE', 'serials: expected a list of numbers');
    return serials.map((serial) => this.#host.cells.get(serial as number)?.load ?? null);
  }
}
