/** How an executor is made. The builder fills this in from a spec that crosses threads, and from what does not. */
import type { ActorDefaults } from '../actor/definition.js';
import type { DefinitionRegistry } from '../actor/registry.js';
import type { Clock } from '../clock/clock.js';
import type { Random } from '../clock/random.js';
import type { OffloadLimits } from '../offload/offloader.js';
import type { StoreClient } from '../store/client.js';
import type { Logger } from '../telemetry/log.js';
import type { LoopDelay } from '../telemetry/loop-delay.js';
import type { Tracer } from '../telemetry/tracer.js';
import type { MakeDispatcher } from './dispatcher.js';
import type { Heartbeat } from './heartbeat.js';
import type { Scheduling } from './scheduling.js';
import type { Topology } from './spawner.js';

export interface ExecutorOptions {
  readonly node: string;
  readonly incarnation: string;
  readonly id: number;
  readonly topology: Topology;
  readonly registry: DefinitionRegistry;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Default deadline of calls in milliseconds. */
  readonly callTimeoutMs: number;
  readonly shutdownMs: number;
  readonly defaults: ActorDefaults;
  /** The way to the store of the node, where it has one. */
  readonly store: StoreClient | undefined;
  readonly scheduling?: Scheduling;
  /** First serial to give out; a replacement begins above its predecessor, so old addresses stay dead or restarted. */
  readonly firstSerial: number;
  /** Whether messages between actors of this executor are frozen. */
  readonly freezeMessages: boolean;
  readonly dispatcher: MakeDispatcher;
  /** Bytes of payload of dead letters that are kept at most. */
  readonly deadLetterBytes?: number | undefined;
  /** Absent: tracing is off. */
  readonly tracer?: Tracer | undefined;
  /** Turns of this length and more are slow; 0 for none. */
  readonly slowTurnMs: number;
  /** Where a thread says that it lives. */
  readonly heartbeat?: Heartbeat | undefined;
  readonly loopDelay?: LoopDelay | undefined;
  readonly offload: OffloadLimits;
}
