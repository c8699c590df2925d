/** Supervision with real threads: groups over several threads, what a dead thread takes along, and essential actors. */
import type { SkepError } from '#runtime';
import { renderTree } from '#runtime';
import t from 'tap';
import { eventually } from '#test/support/eventually';
import { forest, leaf } from '../../testdata/actors/forest.js';
import { threadSystem } from '../support.js';

async function grow(t: Parameters<typeof threadSystem>[0]) {
  const system = await threadSystem(t, ['forest']);
  const sup = await system.spawn(forest, undefined, { executor: 'system', name: 'forest' });
  const refs = (await sup.call('whichChildren')).map(({ address }) => system.ref(leaf, address));
  const [oak, elm] = refs;
  if (oak === undefined || elm === undefined) throw new Error('unreachable');
  const lives = (expected: number) =>
    eventually(`both are in life ${expected}`, async () => {
      const now = await Promise.all(refs.map((ref) => ref.call('life', undefined, { timeoutMs: 500 }).catch(() => 0)));
      return now.every((life) => life === expected);
    });
  return { system, sup, oak, elm, lives };
}

t.test('a group over several threads restarts in place, and its lives are counted on when a thread dies', async (t) => {
  const { system, sup, oak, elm, lives } = await grow(t);
  t.equal(await oak.call('executor'), 1);
  t.equal(await elm.call('executor'), 2);
  oak.cast('crash');
  await lives(2);
  elm.cast('die');
  await lives(3);
  t.match(await sup.call('countChildren'), { specs: 2, active: 2 });
  const tree = await system.tree();
  t.match(
    renderTree(tree),
    /forest \S+ one-for-all\n.*oak \(leaf\) \S+ restarted 2 times\n.*elm \(leaf\) \S+ restarted 2/,
  );
});

t.test('a child whose thread is stuck is taken out after its shutdown time', async (t) => {
  const { sup, elm } = await grow(t);
  elm.cast('block', 3_000);
  await sup.call('terminateChild', { id: 'elm' });
  t.match(await sup.call('whichChildren'), [
    { id: 'oak', status: 'running' },
    { id: 'elm', status: 'stopped' },
  ]);
  t.equal(await sup.call('restartChild', { id: 'elm' }, { timeoutMs: 20_000 }), elm.address, 'when its thread is free');
  t.equal(await elm.call('life', undefined, { timeoutMs: 20_000 }), 2);
});

t.test('a link to an actor on another thread breaks when that thread dies', async (t) => {
  const { system, elm } = await grow(t);
  const tied = await system.spawn(leaf, { linkTo: elm.address }, { executor: 1, restart: 'temporary' });
  t.equal(await tied.call('life'), 1);
  elm.cast('die');
  await eventually(
    'the linked actor is gone',
    async () => (await system.list().catch(() => undefined))?.some(({ address }) => address === tied.address) === false,
  );
});

t.test('an essential actor that is given up in a thread ends the node by onFatal on the main thread', async (t) => {
  const fatal: SkepError[] = [];
  const system = await threadSystem(t, ['forest'], { onFatal: (error) => fatal.push(error) });
  const vital = await system.spawn(leaf, null, { executor: 2, essential: true, restart: 'temporary' });
  vital.cast('crash');
  await eventually('onFatal was called', () => fatal.length > 0);
  t.match(fatal, [{ code: 'ESSENTIAL_FAILED', facts: { actor: vital.address } }]);
});
