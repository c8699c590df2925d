/**
 * The guardian: the supervisor of what is spawned from outside any actor (the CLI, the spawn API, application code). It
 * gives up a child that fails too often and lives on itself, because one bad actor must not take a node down, unless it
 * was spawned as essential.
 */
import { type ActorAddress, parseAddress } from '#protocols/wire/address';
import type { ExitReason, SpawnSpec } from '#protocols/wire/envelope';
import { SkepError } from '#protocols/wire/error';
import { checkSpec } from '../actor/check-spec.js';
import { defineActor } from '../actor/definition.js';
import { raiseFatal } from '../actor/fatal.js';
import { spawnSpec } from '../actor/spawn-spec.js';

/** Definition of the guardian; one lives on each node's system executor. */
export const guardian = defineActor({
  name: 'skep.guardian',
  description: 'Supervises the actors that were spawned from outside.',
  init: () => ({ spawned: 0, essential: new Set<ActorAddress>() }),
  supervision: { whenExceeded: 'stop-child' },
  calls: {
    spawn: async (state, message: { readonly spec: SpawnSpec }, ctx): Promise<ActorAddress> => {
      const spec = checkSpec(fieldOf(message, 'spec'));
      const address = await spawnSpec(ctx, { ...spec, parent: ctx.self });
      if (spec.essential === true) state.essential.add(address);
      state.spawned += 1;
      return address;
    },
    stop: (_state, message: { readonly address: ActorAddress }, ctx): void => {
      const address = fieldOf(message, 'address');
      if (address === ctx.self) {
        throw new SkepError('BAD_USAGE', 'the guardian of a node cannot be stopped; stop the node');
      }
      if (typeof address !== 'string' || parseAddress(address) === undefined) {
        throw new SkepError('BAD_MESSAGE', 'address: expected an actor address', { field: 'address' });
      }
      ctx.stop(address as ActorAddress);
    },
  },
  info: (state, info, ctx) => {
    if (info.type !== 'exit') return;
    ctx.log.info('actor ended', { child: info.child, class: info.reason.class, reason: info.reason.message });
    if (state.essential.delete(info.child) && info.gaveUp) raiseFatal(ctx, essentialFailed(info.child, info.reason));
  },
});

function essentialFailed(actor: ActorAddress, reason: ExitReason): SkepError {
  const text = `the essential actor ${actor} failed for good: ${reason.message}`;
  return new SkepError('ESSENTIAL_FAILED', text, { actor, class: reason.class });
}

/** A crash of the guardian would end its node, and anyone may send it anything. */
function fieldOf(message: unknown, field: string): unknown {
  return typeof message === 'object' && message !== null
    ? (message as Readonly<Record<string, unknown>>)[field]
    : undefined;
}
