/** Each strategy of routers, by what the routees got. */
import { type ActorAddress, type ActorRef, defineActor, type RouterOptions, SkepError } from '#runtime';
import { member } from '#test/testdata/actors/crowd';
import t, { type Test } from 'tap';
import { deadLetters, inlineSystem, settle } from '../support.js';

/** What a scenario needs: a system, three routees and a router over them. */
async function world(t: Test, options: RouterOptions) {
  const { system } = await inlineSystem(t, { definitions: [member, patient] });
  const refs = await Promise.all([1, 2, 3].map(() => system.spawn(member, {})));
  return { system, refs, router: await system.router(member, { refs }, options) };
}

const notes = async (refs: readonly ActorRef<typeof member>[]): Promise<unknown[][]> =>
  Promise.all(refs.map((ref) => ref.call('notes')));

/** Answers after so many milliseconds of the clock, or not at all, and notes the calls that were cancelled. */
const patient = defineActor({
  name: 'patient',
  init: (args: { readonly delayMs: number; readonly fails?: string }) => ({ ...args, cancelled: 0 }),
  calls: {
    ask: (state, _message: undefined, ctx) =>
      new Promise<number>((resolve, reject) => {
        ctx.signal.addEventListener('abort', () => {
          state.cancelled += 1;
          reject(new SkepError('CALL_CANCELLED', 'given up'));
        });
        ctx.clock.after(state.delayMs, () => {
          if (state.fails === undefined) resolve(state.delayMs);
          else reject(new SkepError('BAD_USAGE', state.fails));
        });
      }),
    cancelled: (state) => state.cancelled,
    async *count() {
      yield* [1, 2, 3];
    },
  },
});

t.test('round-robin gives each routee its turn, casts and calls alike', async (t) => {
  const { refs, router } = await world(t, { strategy: 'round-robin' });
  for (let n = 0; n < 6; n += 1) t.ok(router.cast('note', n));
  t.same(await notes(refs), [
    [0, 3],
    [1, 4],
    [2, 5],
  ]);
  t.equal(await router.call('who'), refs[0]?.address);
  t.equal(await router.call('who'), refs[1]?.address);
});

t.test('random with a seed repeats its choices, and two routers without one differ', async (t) => {
  const { system, refs, router } = await world(t, { strategy: 'random', seed: 5 });
  const again = await system.router(member, { refs }, { strategy: 'random', seed: 5 });
  for (let n = 0; n < 300; n += 1) {
    router.cast('note', n);
    again.cast('note', n);
  }
  const all = await notes(refs);
  t.ok(
    all.every((own) => own.every((note, index) => note === own[index - (index % 2)])),
    'always to the same one',
  );
  t.ok(
    all.every((own) => own.length > 120),
    all.map((own) => own.length).join(),
  );
  const [one, two] = await Promise.all([1, 2].map(() => system.router(member, { refs }, { strategy: 'random' })));
  const choices = async (r: typeof one): Promise<unknown[]> => {
    const chosen: unknown[] = [];
    for (let n = 0; n < 20; n += 1) chosen.push(await r?.call('who'));
    return chosen;
  };
  t.notSame(await choices(one), await choices(two));
});

t.test('least-mailbox leaves a routee with a backlog alone', async (t) => {
  const { refs, router } = await world(t, { strategy: 'least-mailbox', seed: 1 });
  void refs[0]?.call('hang').catch(() => {});
  await settle();
  for (let n = 0; n < 100; n += 1) refs[0]?.cast('note', -1);
  for (let n = 0; n < 60; n += 1) router.cast('note', n);
  const [second = [], third = []] = await notes(refs.slice(1));
  t.equal(second.length + third.length, 60, 'the two others got all');
  t.ok(Math.abs(second.length - third.length) < 20, `${second.length} and ${third.length}`);
});

t.test('consistent-hash keeps a key at its routee while others come and go', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [member] });
  const refs = await Promise.all([1, 2, 3].map(() => system.spawn(member, { groups: ['w'] })));
  const router = await system.router(
    member,
    { group: 'w' },
    { strategy: 'consistent-hash', key: (message) => (message as { user: string }).user },
  );
  const homeOf = async (user: string): Promise<number> => {
    router.cast('note', { user });
    const all = await notes(refs);
    return all.findIndex((own) => own.some((note) => (note as { user: string }).user === user));
  };
  const users = Array.from({ length: 40 }, (_, index) => `user-${index}`);
  const homes = await Promise.all(users.map(homeOf));
  t.equal(new Set(homes).size, 3, 'all are used');
  system.stopActor(refs.at(-1)?.address as ActorAddress);
  await settle();
  t.equal(router.routees.length, 2);
  for (const [index, user] of users.entries()) router.cast('note', { user, again: index });
  const left = await notes(refs.slice(0, 2));
  for (const [index, user] of users.entries()) {
    if (homes[index] === 2) continue;
    const own = left[homes[index] ?? 0] as { user: string; again?: number }[];
    t.equal(own.filter((note) => note.user === user && note.again === index).length, 1, user);
  }
  const wrong = await system.router(member, { refs }, { strategy: 'consistent-hash', key: () => 7 as never });
  await t.rejects(wrong.call('who'), { code: 'BAD_MESSAGE', message: /key .* is 7/ });
  await t.rejects(system.router(member, { refs }, { strategy: 'consistent-hash', key: () => 'x', virtualNodes: 0 }), {
    code: 'BAD_CONFIG',
    message: /virtualNodes is 0/,
  });
});

t.test('broadcast casts to every routee, and refuses a call with what to use', async (t) => {
  const { refs, router } = await world(t, { strategy: 'broadcast' });
  router.cast('note', 'all');
  t.same(await notes(refs), [['all'], ['all'], ['all']]);
  await t.rejects(router.call('who'), { code: 'BAD_USAGE', message: /callMany/ });
});

/** Three patient actors and a scatter-gather router over them. */
async function gather(t: Test, args: readonly { readonly delayMs: number; readonly fails?: string }[]) {
  const { system, clock } = await inlineSystem(t, { definitions: [patient] });
  const refs = await Promise.all(args.map((one) => system.spawn(patient, one)));
  return { system, clock, refs, router: await system.router(patient, { refs }, { strategy: 'scatter-gather-first' }) };
}

t.test('scatter-gather-first gives the first reply and cancels the other calls', async (t) => {
  const { clock, refs, router } = await gather(t, [{ delayMs: 30 }, { delayMs: 10 }, { delayMs: 20 }]);
  const answer = router.call('ask');
  await settle();
  clock.advance(10);
  t.equal(await answer, 10);
  await settle();
  t.same(await Promise.all(refs.map((ref) => ref.call('cancelled'))), [1, 0, 1]);
});

t.test('scatter-gather-first outlives failures, and fails when all have failed', async (t) => {
  const { clock, router } = await gather(t, [
    { delayMs: 10, fails: 'a' },
    { delayMs: 20 },
    { delayMs: 10, fails: 'c' },
  ]);
  const answer = router.call('ask');
  await settle();
  clock.advance(20);
  t.equal(await answer, 20);
  const bad = await gather(t, [
    { delayMs: 20, fails: 'the last' },
    { delayMs: 10, fails: 'first' },
  ]);
  const failure = t.rejects(bad.router.call('ask'), { code: 'BAD_USAGE', message: 'the last' });
  await settle();
  bad.clock.advance(10);
  await settle();
  bad.clock.advance(10);
  await failure;
  const given = new AbortController();
  const cancelled = t.rejects(bad.router.call('ask', undefined, { signal: given.signal }), { code: 'CALL_CANCELLED' });
  given.abort();
  await cancelled;
});

t.test('a stream goes to one routee, and is refused where there is no one', async (t) => {
  const { system, refs, router } = await gather(t, [{ delayMs: 1 }, { delayMs: 1 }]);
  const read = async (from: typeof router): Promise<number[]> => {
    const items: number[] = [];
    for await (const item of from.call('count')) items.push(item);
    return items;
  };
  t.same(await read(await system.router(patient, { refs }, { strategy: 'round-robin' })), [1, 2, 3]);
  await t.rejects(read(router), { code: 'BAD_USAGE', message: /the stream "count"/ });
});

t.test('a router without routees refuses calls and counts casts', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [member] });
  for (const strategy of ['round-robin', 'broadcast', 'scatter-gather-first', 'least-mailbox'] as const) {
    const router = await system.router(member, { group: 'nobody' }, { strategy });
    t.equal(router.tryCast('note', 1), 'refused');
    if (strategy !== 'broadcast') await t.rejects(router.call('who'), { code: 'NO_ROUTEE' });
  }
  t.same(await deadLetters(system), { 'no-routee': 4 });
});

t.test('a router that is closed has no routees and no interest in its group', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [member] });
  await system.spawn(member, { groups: ['w'] });
  const [one, two] = await Promise.all([1, 2].map(() => system.router(member, { group: 'w' }, { strategy: 'random' })));
  one?.close();
  one?.close();
  t.same(one?.routees, []);
  const late = await system.spawn(member, { groups: ['w'] });
  t.equal(two?.routees.at(-1), late.address, 'another router of the group still hears of changes');
});

t.test(
  'cast is false when the chosen routee is over its high-water mark, and drained waits for that one',
  async (t) => {
    const narrow = defineActor({
      name: 'narrow',
      init: () => null,
      mailbox: { capacity: 10, highWater: 1 },
      casts: { take: () => {} },
    });
    const { system } = await inlineSystem(t, { definitions: [narrow] });
    const refs = [await system.spawn(narrow, undefined)];
    const router = await system.router(narrow, { refs }, { strategy: 'round-robin' });
    t.ok(router.cast('take'));
    t.equal(router.tryCast('take'), 'wait');
    await router.drained();
    t.ok(router.cast('take'));
  },
);
