/** Calls that are answered after their handler is done. */
import { type ActorRef, defineActor, type ReplyToken, SkepError } from '#runtime';
import t from 'tap';
import { pairOfNodes } from '../pair.js';
import { deadLetters, inlineSystem, settle, threadSystem } from '../support.js';
import { desk } from '../../testdata/actors/desk.js';

const queue = defineActor({
  name: 'queue',
  init: () => ({ waiting: [] as ReplyToken<string>[], told: [] as boolean[] }),
  calls: {
    take: (state, eager: boolean, ctx) => {
      const token = ctx.defer<string>();
      if (eager) ctx.reply(token, 'at once');
      else state.waiting.push(token);
      return token;
    },
    told: (state) => [...state.told],
    refuse: (state, _message: undefined, ctx): never => {
      state.waiting.push(ctx.defer<string>());
      throw new SkepError('BAD_USAGE', 'refused');
    },
    both: (_state, _message: undefined, ctx) => {
      const token = ctx.defer<string>();
      ctx.stash();
      return token;
    },
  },
  casts: {
    put: (state, item: string, ctx) => {
      for (const token of state.waiting.splice(0, 1)) {
        state.told.push(ctx.reply(token, item), ctx.reply(token, 'twice'));
      }
    },
    spoil: (state, _message: undefined, ctx) => {
      for (const token of state.waiting.splice(0)) ctx.fail(token, new SkepError('BAD_MESSAGE', 'spoiled'));
    },
    crash: (): never => {
      throw new Error('boom');
    },
  },
});

t.test('a deferred call is answered by its token, once, while other messages are handled', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [queue] });
  const ref = await system.spawn(queue, undefined);
  const replies = [ref.call('take', false), ref.call('take', false)];
  await settle();
  ref.cast('put', 'x');
  ref.cast('put', 'y');
  t.same(await Promise.all(replies), ['x', 'y']);
  t.same(await ref.call('told'), [true, false, true, false], 'the second reply to a call has nobody to go to');
  t.equal((await deadLetters(system))['late-reply'], undefined);
  t.equal(await ref.call('take', true), 'at once');
  const spoiled = t.rejects(ref.call('take', false), { code: 'BAD_MESSAGE', message: 'spoiled' });
  ref.cast('spoil');
  await spoiled;
});

t.test('the deadline and the cancel of a deferred call are those of its caller', async (t) => {
  const { system, clock } = await inlineSystem(t, { definitions: [queue] });
  const ref = await system.spawn(queue, undefined);
  const controller = new AbortController();
  const late = t.rejects(ref.call('take', false, { timeoutMs: 50 }), { code: 'CALL_TIMEOUT' });
  await settle();
  clock.advance(50);
  await late;
  const cancelled = t.rejects(ref.call('take', false, { signal: controller.signal }), { code: 'CALL_CANCELLED' });
  await settle();
  controller.abort();
  await cancelled;
  ref.cast('put', 'x');
  ref.cast('put', 'y');
  t.same(await ref.call('told'), [false, false, false, false]);
  t.equal((await deadLetters(system))['late-reply'], undefined, 'nothing is sent to who does not wait');
});

t.test(
  'deferred calls fail with ACTOR_STOPPED when the actor stops, and with ACTOR_CRASHED at once when it crashes',
  async (t) => {
    const { system, clock } = await inlineSystem(t, { definitions: [queue] });
    const ref = await system.spawn(queue, undefined);
    const crashed = t.rejects(ref.call('take', false), { code: 'ACTOR_CRASHED' });
    ref.cast('crash');
    await crashed;
    clock.advance(1_000);
    await settle();
    const stopped = t.rejects(ref.call('take', false), { code: 'ACTOR_STOPPED' });
    await settle();
    system.stopActor(ref.address);
    await stopped;
  },
);

t.test('a handler that defers and then throws answers with the error, and its token means nothing', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [queue] });
  const ref = await system.spawn(queue, undefined);
  await t.rejects(ref.call('refuse'), { code: 'BAD_USAGE', message: 'refused' });
  ref.cast('put', 'x');
  t.same(await ref.call('told'), [false, false]);
  await t.rejects(ref.call('both'), { code: 'BAD_USAGE', message: /deferred and cannot be put aside/ });
});

t.test('a deferred call is answered across threads', async (t) => {
  const system = await threadSystem(t, ['desk']);
  const ref: ActorRef<typeof desk> = await system.spawn(desk, undefined, { executor: 1 });
  const served = ref.call('ask', 'who');
  await ref.call('serve', 'me');
  t.equal(await served, 'who? me');
});

t.test('a deferred call whose caller died with its node has nobody to be answered', async (t) => {
  const { a, b } = await pairOfNodes(t, [queue]);
  const address = await b.start({ definition: 'queue', args: {}, restart: 'permanent', placement: 'same' }, undefined);
  const asked = t.rejects(a.call(address, 'take', false, {}), { code: 'NODE_DOWN' });
  await settle();
  b.nodeDown('a', 'a1');
  a.nodeDown('b', 'b1');
  await asked;
  b.deliver({ kind: 'cast', to: address, from: b.address, name: 'put', message: 'x' });
  await settle();
  t.same(await b.call(address, 'told', null, {}), [false, false]);
});
