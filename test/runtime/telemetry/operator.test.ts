/** What an operator may ask of a system: a look at an actor, its dead letters, and to send them again. */
import { type ActorRef, ActorSystem, defineActor, type ReplayResult } from '#runtime';
import type { ActorAddress } from '#protocols/wire/address';
import { eventually } from '#test/support/eventually';
import { inlineSystem, settle } from '#test/runtime/support';
import { back } from '#test/testdata/actors/traced';
import t from 'tap';

const box = defineActor({
  name: 'box',
  version: 2,
  mailbox: { capacity: 3 },
  init: (args: { readonly open?: Promise<void> }) => ({
    got: [] as unknown[],
    open: args.open,
    secrets: new Map([['key', 'hidden']]),
  }),
  calls: {
    got: (state) => [...state.got],
    wait: (state) => state.open,
    child: async (_state, _message: null, ctx) => (await ctx.spawn(back, {}, { name: 'child' })).address,
    watch: (_state, address: ActorAddress, ctx) => {
      ctx.monitor(address);
      ctx.after(60_000, 'later');
    },
    crash: (): never => {
      throw new Error('told to crash');
    },
  },
  casts: { put: (state, message: unknown) => void state.got.push(message) },
});

const definitions = [box, back];
const outcomes = (results: readonly ReplayResult[]): readonly string[] => results.map(({ outcome }) => outcome);

/** A letter to an actor that has stopped. */
async function deadLetter(system: ActorSystem, message: unknown): Promise<string> {
  const gone = await system.spawn(box, {});
  system.stopActor(gone.address);
  await settle();
  gone.cast('put', message);
  const [letter] = await system.deadLetters();
  if (letter === undefined) throw new Error('no dead letter');
  return letter.id;
}

t.test('a dead cast can be sent to another actor, once, and again only by force', async (t) => {
  const { system } = await inlineSystem(t, { definitions });
  const id = await deadLetter(system, { n: 1 });
  const heir = await system.spawn(box, {});
  const to = { to: heir.address };
  t.same(await system.replayDeadLetters([id, id], to), [{ id, outcome: 'accepted', to: heir.address }]);
  await settle();
  t.same(await heir.call('got'), [{ n: 1 }]);
  t.same(outcomes(await system.replayDeadLetters([id], to)), ['already-replayed']);
  t.same(await heir.call('got'), [{ n: 1 }], 'and nothing was sent');
  t.same(outcomes(await system.replayDeadLetters([id], { ...to, force: true })), ['accepted']);
  await settle();
  t.same(await heir.call('got'), [{ n: 1 }, { n: 1 }]);
  t.match(await system.deadLetters(), [{ id, replayed: true }]);
});

t.test('a replay that is refused says why, counts, and leaves the letter as it was', async (t) => {
  const { system } = await inlineSystem(t, { definitions });
  const id = await deadLetter(system, 'x');
  const results = await system.replayDeadLetters([id]);
  t.match(results, [{ id, outcome: 'refused', reason: 'no-such-actor' }]);
  const [report] = await system.reports();
  t.equal(report?.deadLetters.counts['no-such-actor'], 2);
  t.match(await system.deadLetters(), [{ id, replayed: false }], 'one letter, not two');
  const heir = await system.spawn(box, {});
  t.same(outcomes(await system.replayDeadLetters([id], { to: heir.address })), ['accepted'], 'it may be tried again');
});

t.test(
  'all letters that are open are sent in the order in which they died, and the mailbox keeps its bound',
  async (t) => {
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const { system } = await inlineSystem(t, { definitions });
    const ref = await system.spawn(box, { open: opened });
    const waiting = ref.call('wait');
    await settle();
    for (let n = 0; n < 10; n += 1) ref.cast('put', n);
    t.equal((await system.deadLetters({ reason: 'mailbox-full' })).length, 7);
    t.equal((await system.deadLetters({ reason: 'no-route' })).length, 0);
    t.same(
      outcomes(await system.operator.replayAll(system)),
      Array.from({ length: 7 }, () => 'refused'),
      'no room yet',
    );
    open();
    await waiting;
    await settle();
    const again = await system.operator.replayAll(system, { reason: 'mailbox-full' });
    t.same(outcomes(again), ['accepted', 'accepted', 'accepted', 'refused', 'refused', 'refused', 'refused']);
    await settle();
    t.same(await ref.call('got'), [0, 1, 2, 3, 4, 5]);
    t.same(
      outcomes(await system.operator.replayAll(system)),
      ['accepted', 'accepted', 'accepted', 'refused'],
      'the rest',
    );
  },
);

t.test(
  'calls, letters whose payload is gone and unknown ids are told apart, and nothing of them is sent',
  async (t) => {
    const { system, clock } = await inlineSystem(t, { definitions, telemetry: { deadLetterBytes: 0 } });
    const gone = await deadLetter(system, 'x');
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const ref = await system.spawn(box, { open: opened });
    const waiting = ref.call('wait', undefined, { timeoutMs: 60_000 });
    await settle();
    const late = t.rejects(ref.call('got', undefined, { timeoutMs: 10 }), { code: 'CALL_TIMEOUT' });
    await settle();
    const full = [1, 2, 3].map(() =>
      ref.call('got', undefined, { timeoutMs: 60_000 }).catch((error: unknown) => error),
    );
    await settle();
    const call = (await system.deadLetters()).find(({ kind }) => kind === 'call');
    t.equal(call?.reason, 'mailbox-full');
    const ids = [call?.id ?? '', gone, gone.replace(/#\d+$/, '#999')];
    t.same(outcomes(await system.replayDeadLetters(ids, { force: true })), ['not-a-cast', 'not-kept', 'unknown']);
    await t.rejects(system.replayDeadLetters(['nonsense']), { code: 'BAD_MESSAGE', message: /nonsense/ });
    const elsewhere = ['b@i9/0#1', 'a@i0/0#1'];
    t.same(outcomes(await system.replayDeadLetters(elsewhere)), ['unanswered', 'unanswered'], 'no such executor');
    open();
    clock.advance(20);
    await Promise.all([waiting, late, ...full]);
  },
);

t.test('payloads of dead letters are shown only when asked for', async (t) => {
  const { system } = await inlineSystem(t, { definitions });
  await deadLetter(system, { password: 'hunter2' });
  t.notMatch(JSON.stringify(await system.deadLetters()), /hunter2/);
  t.notMatch(JSON.stringify(await system.reports()), /hunter2/);
  t.match(await system.deadLetters({ payload: true }), [{ payload: { password: 'hunter2' } }]);
});

t.test('a look at an actor tells its life, relations and what it has in hand', async (t) => {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const { system, clock } = await inlineSystem(t, { definitions });
  const ref = await system.spawn(box, { open: opened }, { name: 'it' });
  const other = await system.spawn(box, {});
  await ref.call('watch', other.address);
  const child = await ref.call('child', null);
  const waiting = ref.call('wait', undefined, { timeoutMs: 60_000 });
  await settle();
  clock.advance(7_000);
  ref.cast('put', 1);
  const seen = await system.inspect(ref.address);
  t.match(seen, {
    address: ref.address,
    definition: 'box',
    version: 2,
    name: 'it',
    status: 'running',
    incarnation: 1,
    restarts: 0,
    uptimeMs: 7_000,
    parent: system.guardianOf(),
    mailbox: 1,
    mailboxCapacity: 3,
    processed: 3,
    children: [child],
    childCount: 1,
    watching: 1,
    watchers: 0,
    timers: ['later'],
    timerCount: 1,
    streams: 0,
    current: { message: 'wait', runningMs: 7_000, cancelled: false },
  });
  t.notOk('state' in seen, 'its state is not shown unasked');
  t.equal((await system.inspect(other.address)).watchers, 1);
  t.equal((await system.inspect(child)).parent, ref.address);
  open();
  await waiting;
  t.equal((await system.inspect(ref.address)).current, undefined);
  await t.rejects(ref.call('crash'), { code: 'ACTOR_CRASHED' });
  t.match(await system.inspect(ref.address), { status: 'failed', restarts: 0 });
  clock.advance(5_000);
  await settle();
  t.match(await system.inspect(ref.address), {
    status: 'running',
    incarnation: 2,
    restarts: 1,
    uptimeMs: 0,
    childCount: 0,
  });
});

t.test('a state is shown on demand, without what is no plain data', async (t) => {
  const { system } = await inlineSystem(t, { definitions });
  const ref = await system.spawn(box, {});
  ref.cast('put', { n: 1 });
  await settle();
  const { state } = await system.inspect(ref.address, { state: true });
  t.same(state, { value: { got: [{ n: 1 }], open: null, secrets: '[Map]' }, truncated: false });
  t.notMatch(JSON.stringify(state), /hidden/);
});

t.test('a look at nobody, or with a malformed request, is an error and harms nobody', async (t) => {
  const { system } = await inlineSystem(t, { definitions });
  const ref = await system.spawn(box, {});
  const nobody = ref.address.replace(/\d+$/, '999') as ActorAddress;
  await t.rejects(system.inspect(nobody), { code: 'NO_SUCH_ACTOR' });
  await t.rejects(system.inspect(ref.address.replace('@i1', '@i0') as ActorAddress), { code: 'NO_SUCH_ACTOR' });
  const executor = ref.address.replace(/\d+$/, '0') as ActorAddress;
  for (const [call, message] of [
    ['inspect', null],
    ['inspect', { address: 'x' }],
    ['inspect', { address: ref.address, more: 1 }],
    ['deadLetters', { limit: -1 }],
    ['deadLetters', 7],
    ['replay', { ids: ['x'] }],
    ['replay', { ids: 'all' }],
  ] as const)
    await t.rejects(
      system.call(executor, call, message),
      { code: 'BAD_MESSAGE' },
      `${call} ${JSON.stringify(message)}`,
    );
  await t.rejects(system.call(executor, 'toString', null), { code: 'NO_SUCH_HANDLER' });
  t.same(await ref.call('got'), []);
});

t.test(
  'with threads a letter is sent from where it lies to where it belongs, and says that it is on its way',
  async (t) => {
    const module = new URL('../../testdata/actors/traced.js', import.meta.url).href;
    const system = await ActorSystem.create({
      executors: 2,
      modules: [module],
      log: { level: 'silent', format: 'json' },
    });
    t.teardown(() => system.shutdown());
    const gone = await system.spawn(back, {}, { executor: 1 });
    const heir: ActorRef<typeof back> = await system.spawn(back, {}, { executor: 2 });
    system.stopActor(gone.address);
    await eventually('it has stopped', async () => {
      const actors = await system.list();
      return actors.every(({ address }) => address !== gone.address);
    });
    gone.cast('note', null);
    await eventually('the letter lies on executor 1', async () => (await system.deadLetters()).length === 1);
    const [letter] = await system.deadLetters();
    t.match(letter?.id, /\/1#1$/);
    const results = await system.replayDeadLetters([letter?.id ?? ''], { to: heir.address });
    t.match(results, [{ outcome: 'sent', to: heir.address }]);
    const noted = async (): Promise<unknown> => (await system.inspect(heir.address, { state: true })).state?.value;
    await eventually('it arrives', async () => JSON.stringify(await noted()) === '{"noted":1}');
    const { executors, silent } = await system.operator.reports(system);
    t.same(
      executors.map(({ id }) => id),
      [0, 1, 2, 1000],
      'the edge is asked, too',
    );
    t.same(silent, []);
  },
);
