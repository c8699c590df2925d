/**
 * The registry of names of one node: an actor like any other, on the system executor. A name belongs to one address at
 * a time; an actor that is revived at its old address may register again.
 */
import type { ActorAddress } from '#protocols/wire/address';
import { nameSchema } from '#protocols/wire/address';
import { SkepError } from '#protocols/wire/error';
import { defineActor } from './definition.js';

interface Entry {
  readonly name: string;
  readonly address: ActorAddress;
}

/** Definition of the name registry; one lives on each node's system executor. */
export const names = defineActor({
  name: 'skep.names',
  description: 'Maps names to addresses.',
  init: () => ({ addresses: new Map<string, ActorAddress>() }),
  mailbox: { capacity: 1_000_000 },
  calls: {
    register: (state, { name, address }: Entry): void => {
      if (!nameSchema.safeParse(name).success) {
        throw new SkepError('BAD_NAME', `name ${JSON.stringify(name)}: expected 1 to 128 letters, digits, "-" or "_"`, { name });
      }
      const holder = state.addresses.get(name);
      if (holder !== undefined && holder !== address) {
        throw new SkepError('NAME_TAKEN', `the name "${name}" belongs to ${holder}`, { name, holder });
      }
      state.addresses.set(name, address);
    },
    unregister: (state, { name, address }: Entry): void => {
      if (state.addresses.get(name) === address) state.addresses.delete(name);
    },
    lookup: (state, { name }: { readonly name: string }): ActorAddress | null => state.addresses.get(name) ?? null,
    list: (state): readonly Entry[] => [...state.addresses].map(([name, address]) => ({ name, address })),
  },
});
