/**
 * Envelopes: everything that one actor or executor can tell another. Messages of users travel as `cast` and `call`;
 * answers go to the executor that asked; signals are the runtime's own and use the system lane of the receiving actor,
 * which user traffic cannot starve.
 */
import { z } from 'zod';
import { type ActorAddress, addressSchema } from './address.js';
import type { WireError } from './error.js';
import type { Traceparent } from './trace-context.js';

/** Why an actor failed; the class lets a supervisor answer each kind differently. */
export const failureClasses = ['crash', 'timeout', 'overload', 'refusal', 'budget', 'stalled', 'node-down'] as const;
export type FailureClass = (typeof failureClasses)[number];

/**
 * Why an actor is no longer there. `normal` and `shutdown` are not failures; `killed` ended without a word, and `noproc`
 * was not there when somebody linked to it.
 */
export interface ExitReason {
  readonly class: 'normal' | 'shutdown' | 'killed' | 'noproc' | FailureClass;
  readonly message: string;
}

/** When a supervisor brings a child back: always, only after a failure, or never (OTP's restart types). */
export type RestartPolicy = 'permanent' | 'transient' | 'temporary';

/** How a supervisor ends a child: without `terminate`, in order within so many milliseconds, or in order however long. */
export type ShutdownPolicy = 'brutal' | 'infinity' | number;

/** What is needed to start an actor, and to start it again anywhere. Plain data. */
export interface SpawnSpec {
  readonly definition: string;
  /** Absent: the newest version registered. */
  readonly version?: number;
  readonly args: unknown;
  readonly name?: string;
  readonly parent?: ActorAddress;
  readonly restart: RestartPolicy;
  /** `same` as the parent, the `system` executor, any `default` one, or a number. */
  readonly placement: 'same' | 'system' | 'default' | number;
  /** Names the child for its supervisor, which then keeps this spec when the child ends (OTP's child id). */
  readonly id?: string;
  /** Absent: the shutdown time of the node. */
  readonly shutdown?: ShutdownPolicy;
  /** Its end may end its supervisor; see `autoShutdown`. */
  readonly significant?: boolean;
  /** A node whose guardian gives this actor up can not go on. */
  readonly essential?: boolean;
}

/**
 * Schema of a spec that comes from another node. It bounds the name but leaves its letters to the registry of names,
 * which has a code of its own for a bad one.
 */
export const spawnSpecSchema: z.ZodType<SpawnSpec> = z.object({
  definition: z.string().min(1).max(128),
  version: z.number().int().exactOptional(),
  args: z.unknown(),
  name: z.string().max(1_024).exactOptional(),
  parent: addressSchema.exactOptional(),
  restart: z.enum(['permanent', 'transient', 'temporary']),
  placement: z.union([z.enum(['same', 'system', 'default']), z.number().int().min(0).max(9_999)]),
  id: z.string().min(1).max(256).exactOptional(),
  shutdown: z.union([z.enum(['brutal', 'infinity']), z.number().min(0)]).exactOptional(),
  significant: z.boolean().exactOptional(),
  essential: z.boolean().exactOptional(),
});

/**
 * Signals of the system lane. Those without an address are about the sender of the envelope.
 *
 *     supervisor --halt--> child --halted--> supervisor --restart--> child --started or failed--> supervisor
 */
export type Signal =
  | { readonly type: 'monitor'; readonly watcher: ActorAddress }
  | { readonly type: 'demonitor'; readonly watcher: ActorAddress }
  | { readonly type: 'down'; readonly address: ActorAddress; readonly reason: ExitReason }
  /** `incarnation` is that of the life that failed or ended; absent where there was none at that address. */
  | {
      readonly type: 'failed' | 'exited';
      readonly child: ActorAddress;
      readonly reason: ExitReason;
      readonly incarnation?: number;
    }
  /** `incarnation` is that of the life to come, which a new thread could not know. */
  | { readonly type: 'restart'; readonly spec: SpawnSpec; readonly reason: ExitReason; readonly incarnation?: number }
  /** The child runs after a restart. */
  | { readonly type: 'started' }
  /** A failed child goes on with the state it has. */
  | { readonly type: 'resume' }
  /** Ends a life and keeps the mailbox for the next; `brutal` without a word to the actor, whatever it is doing. */
  | { readonly type: 'halt'; readonly reason: ExitReason; readonly brutal: boolean }
  | { readonly type: 'halted' }
  | { readonly type: 'link' }
  | { readonly type: 'unlink' }
  /** An exit signal: a link that broke, one sent on purpose, or one that cannot be trapped. */
  | { readonly type: 'exit'; readonly by: ExitSignalKind; readonly reason: ExitReason }
  | { readonly type: 'stop'; readonly reason: ExitReason }
  /** A thread of another node died (`executor-down`); its replacement can be reached (`executor-up`). */
  | {
      readonly type: 'executor-down' | 'executor-up';
      /** The executor itself: its serial is 0. */
      readonly executor: ActorAddress;
      readonly reason: ExitReason;
      /** The actor in whose turn it died, where that is known. */
      readonly culprit?: ActorAddress;
      /** Actors with this serial and above are not of the life that ended. */
      readonly nextSerial: number;
    };

/** What sent an exit signal. */
export type ExitSignalKind = 'link' | 'exit' | 'kill';

/** One message. `id` is the caller executor's correlation id. */
export type Envelope =
  | {
      readonly kind: 'cast';
      readonly to: ActorAddress;
      readonly from: ActorAddress;
      readonly name: string;
      readonly message: unknown;
      /** Absent: 0, the normal one. */
      readonly priority?: number;
      /** The trace that it belongs to, where there is one. */
      readonly trace?: Traceparent | undefined;
    }
  | {
      readonly kind: 'call';
      readonly to: ActorAddress;
      /** The executor that waits for the answer. */
      readonly from: ActorAddress;
      readonly id: number;
      readonly name: string;
      readonly message: unknown;
      /** Milliseconds left when it was sent; clocks of machines differ, so no absolute time crosses the wire. */
      readonly timeoutMs: number;
      /** Actors that wait, directly or not, for this call; used to refuse cycles. */
      readonly chain: readonly ActorAddress[];
      /** Items a stream may send before it needs more credit; 0 for a call with one reply. */
      readonly credit: number;
      /** Absent: 0, the normal one. */
      readonly priority?: number;
      readonly trace?: Traceparent | undefined;
    }
  | { readonly kind: 'reply'; readonly to: ActorAddress; readonly id: number; readonly value: unknown }
  | { readonly kind: 'item'; readonly to: ActorAddress; readonly id: number; readonly value: unknown }
  | { readonly kind: 'end'; readonly to: ActorAddress; readonly id: number }
  | { readonly kind: 'fail'; readonly to: ActorAddress; readonly id: number; readonly error: WireError }
  | {
      readonly kind: 'credit';
      readonly to: ActorAddress;
      readonly from: ActorAddress;
      readonly id: number;
      readonly count: number;
    }
  | { readonly kind: 'cancel'; readonly to: ActorAddress; readonly from: ActorAddress; readonly id: number }
  /** Asks an actor for room: `sent` messages went to it in this epoch of the sending executor's channel. */
  | {
      readonly kind: 'demand';
      readonly to: ActorAddress;
      readonly from: ActorAddress;
      readonly epoch: number;
      readonly sent: number;
    }
  /** The answer: up to `limit` messages may be sent in that epoch. */
  | {
      readonly kind: 'grant';
      readonly to: ActorAddress;
      readonly from: ActorAddress;
      readonly epoch: number;
      readonly limit: number;
    }
  /** The other answer: the actor is not there, or is ending. */
  | { readonly kind: 'closed'; readonly to: ActorAddress; readonly from: ActorAddress; readonly epoch: number }
  | { readonly kind: 'signal'; readonly to: ActorAddress; readonly from: ActorAddress; readonly signal: Signal };

/** The reason of an end that a supervisor or an operator asked for. */
export const SHUTDOWN: ExitReason = { class: 'shutdown', message: 'asked to stop' };
