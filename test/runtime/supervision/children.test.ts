/** The table of children: who is restarted, who is given up, and when the supervisor itself fails. */
import { formatAddress } from '#protocols/wire/address';
import type { ExitReason, RestartPolicy, SpawnSpec } from '#protocols/wire/envelope';
import { Children } from '#runtime/supervision/children';
import t from 'tap';

const at = (serial: number) => formatAddress({ node: 'a', incarnation: 'i', executor: 0, serial });
const crash: ExitReason = { class: 'crash', message: 'boom' };
const spec = (restart: RestartPolicy): SpawnSpec => ({ definition: 'd', args: null, restart, placement: 'same' });

t.test('permanent and transient children are restarted after a crash, temporary ones given up', async (t) => {
  const children = new Children();
  (['permanent', 'transient', 'temporary'] as const).forEach((restart, serial) =>
    children.add(at(serial), spec(restart)),
  );
  t.match(children.judge(at(0), crash, 0), { type: 'restart', delayMs: 10 });
  t.match(children.judge(at(1), crash, 0), { type: 'restart', delayMs: 20 });
  t.same(children.judge(at(2), crash, 0), { type: 'stop-child' });
  t.same(children.judge(at(9), crash, 0), { type: 'ignore' });
});

t.test('a child whose node died is given up: only who placed it can choose another place', async (t) => {
  const children = new Children();
  children.add(at(1), spec('permanent'));
  t.same(children.judge(at(1), { class: 'node-down', message: '' }, 0, { lost: true }), { type: 'stop-child' });
});

t.test('one restart too many fails the supervisor, and all its children count together', async (t) => {
  const children = new Children({ maxRestarts: 2, withinMs: 1_000 });
  for (const serial of [1, 2, 3]) children.add(at(serial), spec('permanent'));
  t.match(children.judge(at(1), crash, 0), { type: 'restart' });
  t.match(children.judge(at(2), crash, 1), { type: 'restart' });
  t.same(children.judge(at(3), crash, 2), { type: 'fail-self', restarts: 2, withinMs: 1_000 });
});

t.test('under stop-child a bad child uses up its own restarts and none of its siblings', async (t) => {
  const children = new Children({ maxRestarts: 2, withinMs: 1_000, whenExceeded: 'stop-child' });
  children.add(at(1), spec('permanent'));
  children.add(at(2), spec('permanent'));
  t.match(children.judge(at(1), crash, 0), { type: 'restart' });
  t.match(children.judge(at(1), crash, 1), { type: 'restart' });
  t.same(children.judge(at(1), crash, 2), { type: 'stop-child' });
  t.match(children.judge(at(2), crash, 3), { type: 'restart', delayMs: 10 });
});

t.test('children that fail together by one cause count as one failure', async (t) => {
  const children = new Children({ maxRestarts: 1, withinMs: 1_000 });
  for (const serial of [1, 2, 3]) children.add(at(serial), spec('permanent'));
  t.match(children.judge(at(1), crash, 0), { type: 'restart' });
  t.match(children.judge(at(2), crash, 0, { sameEvent: true }), { type: 'restart' });
  t.match(children.judge(at(3), crash, 0, { sameEvent: true }), { type: 'restart' });
  t.match(children.judge(at(1), crash, 1), { type: 'fail-self' });
});

t.test('the order of stopping is newest first', async (t) => {
  const children = new Children();
  for (const serial of [5, 3, 9]) children.add(at(serial), spec('permanent'));
  children.remove(at(3));
  t.same(children.newestFirst(), [at(9), at(5)]);
  t.same(children.addresses(), [at(5), at(9)]);
});
