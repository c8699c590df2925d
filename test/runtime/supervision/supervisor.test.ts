/** Supervisors as data: what is checked when they are declared, dynamic ones, essential actors, and the tree of a node. */
import { applicationTree, checkChildSpecs, defineActor, defineSupervisor, renderTree, type SkepError } from '#runtime';
import { SkepError as ErrorOf } from '#protocols/wire/error';
import { seededRandom } from '#runtime/clock/random';
import { Children } from '#runtime/supervision/children';
import { backoffMs } from '#runtime/supervision/intensity';
import { formatAddress } from '#protocols/wire/address';
import type { SpawnSpec } from '#protocols/wire/envelope';
import t from 'tap';
import { inlineSystem, settle } from '../support.js';

const worker = defineActor({
  name: 'worker',
  init: (args: { readonly id: number; readonly kind?: string } | null) => ({ args }),
  calls: { args: (state) => state.args },
  casts: {
    crash: (): never => {
      throw new Error('boom');
    },
    finish: (_state, _message, ctx) => ctx.stop(ctx.self, { class: 'normal', message: 'done' }),
  },
});

t.test(
  'checkChildSpecs fills in defaults and names what is wrong: the child, the field, what was expected',
  async (t) => {
    t.same(checkChildSpecs([{ id: 'a', definition: worker }]), [
      {
        id: 'a',
        definition: 'worker',
        version: 1,
        args: null,
        restart: 'permanent',
        significant: false,
        type: 'worker',
        executor: 'same',
      },
    ]);
    const sub = defineSupervisor({ name: 'sub', children: [] });
    t.match(checkChildSpecs([{ id: 'a', definition: sub }]), [{ type: 'supervisor', shutdown: 'infinity' }]);
    const bad: readonly (readonly [unknown, RegExp])[] = [
      [null, /list of child specs/],
      [[7], /at 0: is 7: expected a child spec/],
      [[{ definition: 'x' }], /id is undefined/],
      [[{ id: '', definition: 'x' }], /id is/],
      [[{ id: 'a' }], /child a: definition is/],
      [
        [{ id: 'a', definition: 'x', restart: 'always' }],
        /restart is always: expected permanent, transient, temporary/,
      ],
      [[{ id: 'a', definition: 'x', shutdown: -5 }], /shutdown is -5/],
      [[{ id: 'a', definition: 'x', shutdown: 'soon' }], /shutdown is soon/],
      [[{ id: 'a', definition: 'x', significant: 1 }], /significant is 1/],
      [[{ id: 'a', definition: 'x', executor: 'moon' }], /executor is moon/],
      [[{ id: 'a', definition: 'x', type: 'boss' }], /type is boss/],
      [[{ id: 'a', definition: 'x', version: 1.5 }], /version is 1.5/],
      [[{ id: 'a', definition: 'x', name: 5 }], /name is 5/],
      [[{ id: 'a', definition: 'x', retries: 5 }], /retries is given: expected only the fields/],
      [
        [
          { id: 'a', definition: 'x' },
          { id: 'a', definition: 'y' },
        ],
        /id is a: expected an id that no other child has/,
      ],
    ];
    for (const [specs, message] of bad) t.throws(() => checkChildSpecs(specs), { code: 'BAD_CHILD_SPEC', message });
  },
);

t.test('options of supervision that cannot be are refused where the definition is made', async (t) => {
  const define = (supervision: object) => defineActor({ name: 'd', init: () => null, supervision });
  const bad = [
    { strategy: 'all' },
    { autoShutdown: 'sometimes' },
    { whenExceeded: 'cry' },
    { maxRestarts: -1 },
    { withinMs: 0 },
    { backoff: { firstMs: -1, maxMs: 5 } },
    { backoff: { firstMs: 10, maxMs: 5 } },
    { backoff: { firstMs: 1, maxMs: 5, jitter: 'some' } },
    { onFailure: { crash: 'ignore' } },
    { onFailure: { boredom: 'restart' } },
    { onFailure: { 'node-down': 'resume' } },
  ];
  for (const options of bad) t.throws(() => define(options), { code: 'BAD_CONFIG', message: /supervision\./ });
});

t.test(
  'a dynamic supervisor starts children of one spec with arguments of their own, and keeps no spec of them',
  async (t) => {
    const pool = defineSupervisor({
      name: 'pool',
      strategy: 'simple-one-for-one',
      child: { id: 'job', definition: worker, args: { id: 0, kind: 'job' }, restart: 'transient' },
    });
    const { system, clock } = await inlineSystem(t, { definitions: [worker, pool] });
    const sup = await system.spawn(pool, undefined);
    const first = system.ref(worker, await sup.call('startChild', {}));
    const second = system.ref(worker, await sup.call('startChild', { args: { id: 7 }, name: 'seven' }));
    t.same(await first.call('args'), { id: 0, kind: 'job' });
    t.same(await second.call('args'), { id: 7, kind: 'job' }, 'its own on top of those of the spec');
    t.same(await sup.call('countChildren'), { specs: 1, active: 2, supervisors: 0, workers: 2 });
    first.cast('crash');
    await settle();
    clock.advance(50);
    t.equal((await sup.call('whichChildren')).length, 2, 'one that fails is restarted');
    first.cast('finish');
    await settle();
    t.match(await sup.call('whichChildren'), [{ id: undefined, address: second.address, status: 'running' }]);
    await sup.call('terminateChild', { address: second.address });
    t.same(await sup.call('whichChildren'), []);
    await t.rejects(sup.call('terminateChild', { address: second.address }), { code: 'NO_SUCH_CHILD' });
    for (const call of ['restartChild', 'deleteChild'] as const)
      await t.rejects(sup.call(call, { id: 'job' }), { code: 'BAD_USAGE', message: /no ids/ });
    t.match(await sup.call('getChildSpec', { id: 'job' }), { definition: 'worker', restart: 'transient' });
    await t.rejects(sup.call('terminateChild', {} as never), { code: 'BAD_MESSAGE' });
  },
);

t.test('the table of a million children stays small, and one of them fails in no time', async (t) => {
  const children = new Children({ maxRestarts: 1_000 });
  const spec: SpawnSpec = { definition: 'worker', args: null, restart: 'permanent', placement: 'same' };
  const at = (serial: number) => formatAddress({ node: 'a', incarnation: 'i', executor: 0, serial });
  const addresses = Array.from({ length: 1_000_000 }, (_, serial) => at(serial));
  const before = process.memoryUsage().heapUsed;
  for (const address of addresses) children.add(address, spec);
  const bytes = (process.memoryUsage().heapUsed - before) / addresses.length;
  t.ok(bytes < 200, `${Math.round(bytes)} bytes a child`);
  const failed = Array.from({ length: 1_000 }, (_, n) => at(n * 997));
  const verdicts = failed.map((address, n) => children.judge(address, { class: 'crash', message: '' }, n).type);
  t.ok(verdicts.every((type) => type === 'restart'));
  t.equal(children.size, 1_000_000);
});

t.test('an essential actor that is given up tells onFatal; one that stops in order does not', async (t) => {
  const fatal: SkepError[] = [];
  const { system, clock } = await inlineSystem(t, { definitions: [worker], onFatal: (error) => fatal.push(error) });
  const calm = await system.spawn(worker, null, { essential: true, restart: 'transient' });
  calm.cast('finish');
  const plain = await system.spawn(worker, null);
  const vital = await system.spawn(worker, null, { essential: true });
  for (let crashes = 0; crashes < 4; crashes += 1) {
    t.same(fatal, []);
    for (const ref of [plain, vital]) ref.cast('crash');
    await settle();
    clock.advance(100);
    await settle();
  }
  t.match(fatal, [{ code: 'ESSENTIAL_FAILED', facts: { actor: vital.address, class: 'crash' } }]);
  t.equal(fatal.length, 1);
  t.ok(fatal[0] instanceof ErrorOf);
});

t.test('a resumed supervisor resumes the child whose failure it was', async (t) => {
  const child = defineActor({
    name: 'child',
    init: () => ({ count: 0 }),
    calls: { count: (state) => (state.count += 1) },
    casts: {
      crash: (): never => {
        throw new Error('boom');
      },
    },
  });
  const middle = defineSupervisor({
    name: 'middle',
    onFailure: { crash: 'escalate' },
    children: [{ id: 'child', definition: child }],
  });
  const top = defineSupervisor({
    name: 'top',
    onFailure: { crash: 'resume' },
    children: [{ id: 'middle', definition: middle }],
  });
  const tree = await inlineSystem(t, { definitions: [child, middle, top] });
  const ref = await tree.system.spawn(top, undefined);
  const [entry] = await ref.call('whichChildren');
  if (entry === undefined) throw new Error('unreachable');
  const [leaf] = await tree.system.ref(middle, entry.address).call('whichChildren');
  if (leaf === undefined) throw new Error('unreachable');
  const leafRef = tree.system.ref(child, leaf.address);
  t.equal(await leafRef.call('count'), 1);
  leafRef.cast('crash');
  t.equal(await leafRef.call('count'), 2, 'the same life, with its state');
});

t.test('the tree of a node shows every supervisor with its children, their states and their restarts', async (t) => {
  const sub = defineSupervisor({
    name: 'sub',
    strategy: 'rest-for-one',
    children: [
      { id: 'x', definition: worker },
      { id: 'y', definition: worker, name: 'why' },
    ],
  });
  const top = defineSupervisor({
    name: 'top',
    strategy: 'one-for-all',
    children: [
      { id: 'sub', definition: sub },
      { id: 'z', definition: worker },
    ],
  });
  const { system, clock } = await inlineSystem(t, { definitions: [worker, sub, top] });
  const ref = await system.spawn(top, undefined, { name: 'app' });
  const [subEntry, z] = await ref.call('whichChildren');
  if (subEntry === undefined || z === undefined) throw new Error('unreachable');
  t.equal(subEntry.type, 'supervisor');
  const [, y] = await system.ref(sub, subEntry.address).call('whichChildren');
  system.cast(y?.address ?? z.address, 'crash', null);
  await settle();
  clock.advance(50);
  await settle();
  await ref.call('terminateChild', { id: 'z' });
  const tree = await system.tree();
  t.equal(
    renderTree(applicationTree(tree)).replaceAll(/ a@i1\/0\/\d+/g, ''),
    [
      'a',
      '└─ skep.guardian',
      '   └─ app (top) one-for-all',
      '      ├─ sub rest-for-one',
      '      │  ├─ x (worker)',
      '      │  └─ y why (worker) restarted 1 time',
      '      └─ z (worker) stopped',
    ].join('\n'),
  );
  t.same(structuredClone(tree), tree, 'plain data');
});

t.test('jitter stays within its bounds, spreads, and is the same for the same seed', async (t) => {
  const draw = (jitter: 'full' | 'decorrelated', seed: number): readonly number[] => {
    const random = seededRandom(seed);
    let before = 10;
    return Array.from({ length: 500 }, (_, n) => {
      before = backoffMs(n + 1, { firstMs: 10, maxMs: 500, jitter }, random, before);
      return before;
    });
  };
  for (const [jitter, least] of [
    ['full', 0],
    ['decorrelated', 10],
  ] as const) {
    const delays = draw(jitter, 1);
    t.ok(delays.every((ms) => ms >= least && ms <= 500));
    t.ok(new Set(delays).size > 100, 'they spread');
    t.same(draw(jitter, 1), delays);
    t.notSame(draw(jitter, 2), delays);
  }
  t.ok((draw('full', 3)[0] ?? 11) <= 10, 'the first is below firstMs');
});
