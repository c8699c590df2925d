/** The guard of isolation in development: what was sent belongs to nobody. */
import { defineActor } from '#runtime';
import { deepFreeze } from '#runtime/executor/freeze';
import t from 'tap';
import { inlineSystem } from '../support.js';

const keeper = defineActor({
  name: 'keeper',
  init: () => ({ items: [] as { readonly tags: string[] }[] }),
  calls: {
    put: (state, message: { readonly tags: string[] }) => {
      state.items.push(message);
      return state.items.length;
    },
    spoil: (_state, message: { readonly tags: string[] }) => {
      message.tags.push('changed by the receiver');
    },
    leak: (state) => state.items,
  },
});

t.test('a sender that changes what it has sent fails at that line', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [keeper] });
  const ref = await system.spawn(keeper, undefined);
  const message = { tags: ['a'] };
  t.equal(await ref.call('put', message), 1);
  t.throws(() => message.tags.push('b'), TypeError);
});

t.test('a receiver that changes a message, or its state after it gave it away, crashes', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [keeper] });
  const ref = await system.spawn(keeper, undefined);
  await t.rejects(ref.call('spoil', { tags: [] }), { code: 'ACTOR_CRASHED', message: /not extensible/ });
  const other = await system.spawn(keeper, undefined);
  const leaked = await other.call('leak');
  t.throws(() => leaked.push({ tags: [] }), TypeError);
  await t.rejects(other.call('put', { tags: [] }), { code: 'ACTOR_CRASHED' });
});

t.test('without the guard messages pass as they are', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [keeper], freezeMessages: false });
  const ref = await system.spawn(keeper, undefined);
  const message = { tags: [] };
  await ref.call('spoil', message);
  t.same(message.tags, ['changed by the receiver']);
});

t.test('plain data freezes in depth, once, through cycles; bytes, dates and instances do not', async (t) => {
  const cyclic: { self?: unknown; list: number[]; bytes: Uint8Array; at: Date; map: Map<string, number> } = {
    list: [1],
    bytes: new Uint8Array(2),
    at: new Date(0),
    map: new Map(),
  };
  cyclic.self = cyclic;
  deepFreeze(cyclic);
  t.ok(Object.isFrozen(cyclic) && Object.isFrozen(cyclic.list));
  cyclic.bytes[0] = 1;
  cyclic.map.set('a', 1);
  t.notOk(Object.isFrozen(cyclic.at));
  deepFreeze(null);
  deepFreeze('text');
});
