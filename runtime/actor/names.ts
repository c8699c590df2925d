/**
 * The registry of names of one node: an actor like any other, on the system executor. A name belongs to one address at
 * a time. When an executor dies its names are kept but no longer defended: an actor that is revived at its old address
 * finds its name again, and a new actor may take a name whose holder never came back.
 */
import { type ActorAddress, nameSchema, parseAddress } from '#protocols/wire/address';
import { SkepError } from '#protocols/wire/error';
import { defineActor } from './definition.js';

interface Entry {
  readonly name: string;
  readonly address: ActorAddress;
}

interface Holder {
  readonly address: ActorAddress;
  /** Its executor died after it registered. */
  readonly orphaned: boolean;
}

interface Names {
  readonly holders: Map<string, Holder>;
}

/** Definition of the name registry; one lives on each node's system executor. */
export const names = defineActor({
  name: 'skep.names',
  description: 'Maps names to addresses.',
  init: (): Names => ({ holders: new Map() }),
  mailbox: { capacity: 1_000_000 },
  calls: {
    register: (state, message: Entry): void => {
      const { name, address } = checkEntry(message);
      const holder = state.holders.get(name);
      if (holder !== undefined && holder.address !== address && !holder.orphaned) {
        throw new SkepError('NAME_TAKEN', `the name "${name}" belongs to ${holder.address}`, {
          name,
          holder: holder.address,
        });
      }
      state.holders.set(name, { address, orphaned: false });
    },
    lookup: (state, message: { readonly name: string }): ActorAddress | null =>
      state.holders.get(checkName(message))?.address ?? null,
    list: (state): readonly Entry[] => [...state.holders].map(([name, { address }]) => ({ name, address })),
  },
  casts: {
    unregister: (state, message: Entry): void => {
      if (!isRecord(message)) return;
      if (state.holders.get(message.name)?.address === message.address) state.holders.delete(message.name);
    },
    executorDown: (state, message: { readonly executor: number }): void => {
      if (!isRecord(message)) return;
      for (const [name, { address }] of state.holders) {
        if (parseAddress(address)?.executor === message.executor) state.holders.set(name, { address, orphaned: true });
      }
    },
  },
});

/** Anyone who can send to this node can send here, and a crash would forget every name: nothing is taken on trust. */
function checkName(message: unknown): string {
  const name = isRecord(message) ? message['name'] : undefined;
  if (typeof name === 'string' && nameSchema.safeParse(name).success) return name;
  throw new SkepError('BAD_NAME', `name ${JSON.stringify(name)}: expected 1 to 128 letters, digits, "-" or "_"`, {
    name,
  });
}

function isRecord(message: unknown): message is Readonly<Record<string, unknown>> {
  return typeof message === 'object' && message !== null;
}

function checkEntry(message: unknown): Entry {
  const name = checkName(message);
  const address = isRecord(message) ? message['address'] : undefined;
  if (typeof address === 'string' && parseAddress(address) !== undefined) {
    return { name, address: address as ActorAddress };
  }
  throw new SkepError('BAD_MESSAGE', `address of "${name}": expected an actor address`, { name });
}
