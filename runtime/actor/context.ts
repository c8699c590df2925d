/**
 * What a handler may do beside computing: know itself, reach others, make children, watch, wait and log. Each actor has
 * one context; it is valid while the actor lives and only inside its handlers.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { ExitReason, RestartPolicy, ShutdownPolicy } from '#protocols/wire/envelope';
import type { SkepError } from '#protocols/wire/error';
import type { Clock } from '../clock/clock.js';
import type { OffloadOptions, OffloadTask } from '../offload/offload.js';
import type { Logger } from '../telemetry/log.js';
import type { ActorGroups } from '../groups/groups.js';
import type { Pool, PoolOptions } from '../pool/pool.js';
import type { RouteeSource, Router } from '../routing/router.js';
import type { RouterOptions } from '../routing/strategy.js';
import type { CallMany } from './call-many.js';
import type { AnyDefinition, ArgsOf } from './definition.js';
import type { PersistenceContext } from './persistence.js';
import type { ActorRef, RefTarget } from './ref.js';
import type { ReplyToken } from './reply-token.js';

/** Options of a spawn. */
export interface SpawnOptions {
  /** Registers the actor under this name on its node; must be free. */
  readonly name?: string;
  /** Default `permanent`. */
  readonly restart?: RestartPolicy;
  /**
   * Executor to live on. A child made by an actor goes to the `same` executor by default, one made from outside to any
   * `default` executor in turn.
   */
  readonly executor?: 'same' | 'system' | 'default' | number;
  /** Node to live on; default: this one. A child on another node is not restarted elsewhere when that node dies. */
  readonly node?: string;
  /**
   * How its supervisor ends it: `brutal` without `terminate`, so many milliseconds for an orderly end, or `infinity`.
   * Default: the shutdown time of the node. A child that takes longer is taken out.
   */
  readonly shutdown?: ShutdownPolicy;
  /** Its end may end its supervisor, whose `autoShutdown` says so; not for permanent children. */
  readonly significant?: boolean;
}

/** Options of a spawn by an actor. */
export interface ChildOptions extends SpawnOptions {
  /** Links the child to its parent; see {@link ActorContext.link}. */
  readonly link?: boolean;
}

/** Options of a subscription. */
export interface SubscribeOptions {
  /** The cast of the subscriber that messages arrive as. Default: they arrive as `topic` infos. */
  readonly cast?: string;
}

/** The surroundings of an actor, typed by the events and the state of an actor that persists them. */
export interface ActorContext<Event = unknown, State = unknown> extends PersistenceContext<Event, State> {
  readonly self: ActorAddress;
  readonly name: string | undefined;
  readonly parent: ActorAddress | undefined;
  /** Name of the node. */
  readonly node: string;
  /** Id of the executor. */
  readonly executor: number;
  /** 1 for the first life, one more after each restart. */
  readonly incarnation: number;
  readonly log: Logger;
  readonly clock: Clock;
  /** Aborted when the caller of the current call cancels or its deadline passes, and when the actor is stopped. */
  readonly signal: AbortSignal;
  /** Milliseconds until the deadline of the current call; Infinity where it has none. */
  readonly remainingMs: number;
  /** Who sent the current message: an actor, or the executor of code that is not an actor. */
  readonly sender: ActorAddress | undefined;
  /**
   * W3C trace context of the current message, for requests to others (`traceparent` header); what the handler casts,
   * calls and spawns carries it by itself.
   */
  readonly traceparent: string | undefined;

  /** Makes a child that this actor supervises. */
  spawn<D extends AnyDefinition>(definition: D, args: ArgsOf<D>, options?: ChildOptions): Promise<ActorRef<D>>;
  /** A typed ref to an address that arrived in a message. */
  ref<D extends RefTarget>(definition: D, address: ActorAddress): ActorRef<D>;
  /** The actor of that name on this node (or on `node`), if it lives. */
  lookup<D extends AnyDefinition>(definition: D, name: string, node?: string): Promise<ActorRef<D> | undefined>;
  /** Asks for a `down` info when the actor ends; at once if it is not there. */
  monitor(address: ActorAddress): void;
  demonitor(address: ActorAddress): void;
  /**
   * Links this actor and another, as Erlang does: when the life of one ends with a reason other than `normal` (a crash
   * that is restarted, too), the other fails with that reason, unless it traps exits. Linking twice is linking once; a
   * link to an actor that is not there breaks at once, with reason `noproc`. Resuming after a failure breaks no link.
   */
  link(address: ActorAddress): void;
  /** Removes the link. No `exit-signal` of it is given to this actor afterwards, not even one that waits. */
  unlink(address: ActorAddress): void;
  /**
   * Sends an exit signal as if by a link. `normal` does nothing to others unless they trap exits; `kill` cannot be
   * trapped and ends a life without `terminate`, with reason `killed`.
   */
  exit(address: ActorAddress, reason: ExitReason | 'kill'): void;
  /** Stops an actor in order (terminate runs). Without an address: this actor, after the current message. */
  stop(address?: ActorAddress, reason?: ExitReason): void;
  /** A `timer` info with this key after `delayMs`; setting a key again replaces its timer. */
  after(delayMs: number, key: string): void;
  /** A `timer` info with this key each `periodMs`. */
  every(periodMs: number, key: string): void;
  cancelTimer(key: string): void;
  /**
   * Keeps the message in hand aside once its handler is done, unanswered, until `unstashAll`. A call keeps its deadline.
   * @throws SkepError STASH_FULL at the bound of the definition, BAD_USAGE when no message is in hand.
   */
  stash(): void;
  /** Handles what is stashed before all that waits, in its old order. */
  unstashAll(): void;
  /**
   * Lets a call be answered later: what the handler returns is no reply, `ctx.reply` with the token is. Returning the
   * token gives the call its type.
   * @throws SkepError BAD_USAGE when no call is in hand.
   */
  defer<Reply>(): ReplyToken<Reply>;
  /** Answers a deferred call, once; false when its caller does not wait any more. */
  reply<Reply>(token: ReplyToken<Reply>, value: Reply): boolean;
  /** Fails a deferred call, once. */
  fail(token: ReplyToken, error: SkepError): boolean;
  /**
   * Runs a function on another thread; other actors have their turns meanwhile. Ends with the current call: by its
   * deadline, its cancellation, or the end of this actor.
   * @throws SkepError what the function throws; OFFLOAD_FAILED, OFFLOAD_FULL, CALL_TIMEOUT, CALL_CANCELLED, BAD_USAGE.
   */
  offload<Args, Result>(
    task: OffloadTask<Args, Result>,
    args: Args,
    options?: OffloadOptions,
  ): Promise<Awaited<Result>>;

  /** Process groups of this node. */
  readonly groups: ActorGroups;
  /**
   * Sends to all subscribers of a topic (`orders.eu.created`) on this node. False when the way to another executor is
   * congested; a slow subscriber is no concern of its publishers. Throws BAD_TOPIC.
   */
  publish(topic: string, message: unknown): boolean;
  /**
   * Subscribes to the topics of a pattern: `*` is any one token, `>` at the end one or more. Ends with this life of the
   * actor. Resolves once publishers on all executors reach it. Throws BAD_TOPIC, NO_SUCH_HANDLER, BAD_USAGE.
   */
  subscribe(pattern: string, options?: SubscribeOptions): Promise<void>;
  /** Ends a subscription; false when there was none of that pattern. */
  unsubscribe(pattern: string): boolean;
  /** A router over actors or the members of a group; see {@link RouterOptions}. */
  router<D extends RefTarget>(definition: D, source: RouteeSource, options: RouterOptions): Promise<Router<D>>;
  /** Starts a pool of actors that this actor supervises. */
  pool<D extends AnyDefinition>(definition: D, args: ArgsOf<D>, options: PoolOptions): Promise<Pool<D>>;
  /** Calls many actors and gives every outcome, in the order of the refs. */
  readonly callMany: CallMany;
}
