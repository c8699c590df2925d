/**
 * What a cell needs of the executor that hosts it. The interface keeps the two files apart, so that a cell can be read
 * without the routing and the routing without the life cycle.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { Envelope, SpawnSpec } from '#protocols/wire/envelope';
import type { SkepError } from '#protocols/wire/error';
import type { ActorDefaults, AnyDefinition } from '../actor/definition.js';
import type { CallOptions, NearActor } from '../actor/ref.js';
import type { Clock } from '../clock/clock.js';
import type { Random } from '../clock/random.js';
import type { CastOutcome } from '../flow/outcome.js';
import type { OffloadOptions, OffloadTask } from '../offload/offload.js';
import type { MailboxOptions } from '../mailbox/mailbox.js';
import type { DeadLetterReason } from '../telemetry/dead-letters.js';
import type { StoreClient } from '../store/client.js';
import type { Logger } from '../telemetry/log.js';
import type { Spans } from '../telemetry/spans.js';
import type { TurnMeter } from '../telemetry/turn-meter.js';
import type { CallScope } from './call-scope.js';
import type { Awake } from './awake.js';
import type { Cell } from './cell.js';
import type { Services } from './services.js';

/** An actor on this executor that runs. */
export interface StartedHere {
  readonly address: ActorAddress;
  readonly serial: number;
}

/** The executor as its cells see it. */
export interface CellHost {
  readonly node: string;
  readonly id: number;
  readonly clock: Clock;
  /** Chance, for the jitter of back-offs. */
  readonly random: Random;
  readonly log: Logger;
  /** Makes spans; undefined while tracing is off. */
  readonly spans: Spans | undefined;
  readonly meter: TurnMeter;
  readonly callTimeoutMs: number;
  /** Milliseconds an actor may take to stop before it is removed all the same. */
  readonly shutdownMs: number;
  /** What definitions get that say nothing about it themselves. */
  readonly defaults: ActorDefaults;
  /** The way to the store of the node, where it has one. */
  readonly store: StoreClient | undefined;
  /** The bounds of the mailboxes of a definition. */
  mailboxOf(definition: AnyDefinition): MailboxOptions;
  readonly services: Services;
  /** Actors that are not at rest. */
  readonly awake: Awake;
  deliver(envelope: Envelope): boolean;
  /** The actor at an address of this executor that takes messages by reference; null for addresses of others. */
  near(to: ActorAddress): NearActor | undefined | null;
  /** Answers a call that has one reply. */
  reply(to: ActorAddress, id: number, value: unknown): void;
  /** As `deliver`, and says what became of it. */
  offer(envelope: Envelope): CastOutcome;
  /** `near`: the actor, where it is known to live here. */
  call(
    to: ActorAddress,
    name: string,
    message: unknown,
    options: CallOptions,
    scope: CallScope,
    near?: NearActor,
  ): Promise<unknown>;
  stream(
    to: ActorAddress,
    name: string,
    message: unknown,
    options: CallOptions,
    scope: CallScope,
  ): AsyncIterable<unknown>;
  drained(to: ActorAddress): Promise<void>;
  offload(task: OffloadTask, args: unknown, options: OffloadOptions, scope: CallScope): Promise<unknown>;
  /** Starts an actor on this node or another; resolves once its init is done, or gives an actor here that runs already. */
  startSoon(spec: SpawnSpec, node: string | undefined, scope?: CallScope): Promise<ActorAddress> | StartedHere;
  /** The address of an actor of that serial here. */
  addressOf(serial: number): ActorAddress;
  /** Takes a name for an actor. @throws SkepError NAME_TAKEN, BAD_NAME. */
  claimName(name: string, address: ActorAddress): Promise<void>;
  releaseName(name: string, address: ActorAddress): void;
  lookup(name: string, node: string | undefined): Promise<ActorAddress | undefined>;
  schedule(cell: Cell): void;
  deadLetter(reason: DeadLetterReason, envelope: Envelope): void;
  /** Takes an ended cell out; afterwards its address is dead. */
  remove(cell: Pick<Cell, 'address' | 'serial'>): void;
  /** The node can not go on without an actor that failed for good. */
  fatal(error: SkepError): void;
}
