/** Pools as actors and outside code see them: a router over supervised routees that can grow and shrink. */
import type { ActorAddress } from '#protocols/wire/address';
import { SkepError } from '#protocols/wire/error';
import type { SpawnOptions } from '../actor/context.js';
import type { AnyDefinition, ArgsOf } from '../actor/definition.js';
import type { ActorRef, RefTarget } from '../actor/ref.js';
import type { RouteeSource, Router } from '../routing/router.js';
import type { RouterOptions } from '../routing/strategy.js';
import { checkSize, pool as poolActor, POOL_SCOPE, type PoolArgs, type PoolSize } from './pool-actor.js';
import { checkPressure, type PressureOptions } from './pressure.js';

/** Options of a pool. */
export interface PoolOptions {
  /** Routees at first, 1 to 100,000. */
  readonly size: number;
  /** Where routees live: spread over the `default` executors (the default), or on one. */
  readonly executor?: 'default' | 'system' | number;
  /** How messages are spread. Default: round-robin. */
  readonly router?: RouterOptions;
  /** Grows and shrinks the pool by the pressure of its mailboxes. Default: only by hand. */
  readonly resize?: PressureOptions;
  /**
   * Milliseconds that a routee which leaves the pool has for what it has accepted; then it is stopped all the same.
   * Default 30,000.
   */
  readonly drainMs?: number;
  /** Registers the actor behind the pool under this name. */
  readonly name?: string;
}

/** A pool: a router over its routees, which its actor supervises; they restart where they are when they crash. */
export interface Pool<D extends RefTarget = RefTarget> extends Router<D> {
  /** The actor behind the pool; stop it to end the pool. */
  readonly address: ActorAddress;
  /**
   * Changes the number of routees. Those that leave get no more messages, and end once they have done what they
   * accepted. Rejects with BAD_CONFIG when the size is out of range.
   */
  resize(size: number): Promise<PoolSize>;
  size(): Promise<PoolSize>;
}

/** Who makes a pool: a system, or the context of an actor. */
export interface PoolMaker {
  spawn<D extends AnyDefinition>(definition: D, args: ArgsOf<D>, options?: SpawnOptions): Promise<ActorRef<D>>;
  router<D extends RefTarget>(definition: D, source: RouteeSource, options: RouterOptions): Promise<Router<D>>;
}

/** Starts a pool under its maker. @throws SkepError BAD_CONFIG, and what a spawn throws. */
export async function makePool<D extends AnyDefinition>(
  maker: PoolMaker,
  definition: D,
  args: ArgsOf<D>,
  options: PoolOptions,
  executor: 'same' | 'system',
): Promise<Pool<D>> {
  const spawnOptions = { executor, ...(options.name === undefined ? {} : { name: options.name }) };
  const ref = await maker.spawn(poolActor, argsOf(definition, args, options), spawnOptions);
  const source = { group: ref.address, scope: POOL_SCOPE };
  const router = await maker.router(definition, source, options.router ?? { strategy: 'round-robin' });
  return {
    get routees() {
      return router.routees;
    },
    cast: router.cast,
    tryCast: router.tryCast,
    call: router.call,
    drained: () => router.drained(),
    close: () => router.close(),
    address: ref.address,
    resize: (size) => ref.call('resize', { size }),
    size: () => ref.call('size'),
  };
}

function argsOf(definition: AnyDefinition, args: unknown, options: PoolOptions): PoolArgs {
  const { size, executor = 'default', drainMs = 30_000, resize } = options;
  checkSize(size);
  if (!(drainMs >= 0)) {
    throw new SkepError('BAD_CONFIG', `pool: drainMs is ${drainMs}: expected milliseconds from 0`, { drainMs });
  }
  if (resize !== undefined) checkPressure(resize);
  return {
    routee: {
      definition: definition.name,
      version: definition.version,
      args,
      restart: 'permanent',
      placement: executor,
    },
    size,
    drainMs,
    ...(resize === undefined ? {} : { resize }),
  };
}
