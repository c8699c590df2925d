/** Topics on one executor: how messages arrive, and when they no longer do. */
import { member } from '#test/testdata/actors/crowd';
import t from 'tap';
import { defineActor } from '#runtime';
import { deadLetters, inlineSystem, settle } from '../support.js';

t.test('a subscription delivers as the cast it names, or as an info with topic, pattern and sender', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [member] });
  const ref = await system.spawn(member, {});
  await ref.call('subscribe', { pattern: 'a.*', cast: 'note' });
  await ref.call('subscribe', { pattern: 'b.>' });
  t.ok(system.publish('a.x', 1));
  t.ok(system.publish('b.y.z', { n: 2 }));
  t.ok(system.publish('c', 3), 'what nobody wants is no loss');
  await settle();
  t.same(await ref.call('notes'), [1]);
  t.same(await ref.call('infos'), [
    { type: 'topic', topic: 'b.y.z', pattern: 'b.>', message: { n: 2 }, sender: 'a@i1/0/0' },
  ]);
  t.same(await deadLetters(system), {});
});

t.test('the same pattern again replaces the cast; each pattern that a topic meets delivers once', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [member] });
  const ref = await system.spawn(member, { patterns: ['a.*', 'a.*', 'a.>'] });
  system.publish('a.x', 1);
  await settle();
  t.same(await ref.call('notes'), [1, 1]);
  t.equal(await ref.call('unsubscribe', 'a.*'), true);
  t.equal(await ref.call('unsubscribe', 'a.*'), false);
  system.publish('a.x', 2);
  await settle();
  t.same(await ref.call('notes'), [1, 1, 2]);
});

t.test('a subscriber that stops or restarts leaves no subscription behind', async (t) => {
  const { system, clock } = await inlineSystem(t, { definitions: [member] });
  const stopped = await system.spawn(member, { patterns: ['a'] });
  const restarted = await system.spawn(member, {});
  await restarted.call('subscribe', { pattern: 'a', cast: 'note' });
  system.stopActor(stopped.address);
  restarted.cast('crash');
  await settle();
  clock.advance(100);
  await settle();
  system.publish('a', 1);
  await settle();
  t.same(await restarted.call('notes'), []);
  t.same(await deadLetters(system), {});
});

t.test(
  'a slow subscriber loses its own messages beyond its mailbox, and harms neither publisher nor others',
  async (t) => {
    const slow = defineActor({
      name: 'slow',
      init: (args: { readonly asInfo: boolean }, ctx) => ctx.subscribe('a', args.asInfo ? {} : { cast: 'take' }),
      mailbox: { capacity: 10 },
      casts: { take: () => new Promise<never>(() => {}) },
      info: () => new Promise<never>(() => {}),
    });
    const { system } = await inlineSystem(t, { definitions: [member, slow] });
    await system.spawn(slow, { asInfo: false });
    await system.spawn(slow, { asInfo: true });
    const quick = await system.spawn(member, { patterns: ['a'] });
    for (let n = 0; n < 100; n += 1) {
      t.ok(system.publish('a', n), 'the publisher is not told to wait');
      await settle(1);
    }
    t.equal((await quick.call('notes')).length, 100);
    t.same(await deadLetters(system), { 'mailbox-full': 2 * (100 - 1 - 10) });
  },
);

t.test('a subscription that could not deliver is refused with what to do', async (t) => {
  const deaf = defineActor({
    name: 'deaf',
    init: () => null,
    calls: {
      subscribe: (_state, message: { readonly pattern: string; readonly cast?: string }, ctx) =>
        ctx.subscribe(message.pattern, message.cast === undefined ? {} : { cast: message.cast }),
    },
    casts: { take: () => {} },
  });
  const { system } = await inlineSystem(t, { definitions: [deaf] });
  const ref = await system.spawn(deaf, undefined);
  await t.rejects(ref.call('subscribe', { pattern: 'a' }), { code: 'BAD_USAGE', message: /name a cast/ });
  await t.rejects(ref.call('subscribe', { pattern: 'a', cast: 'x' }), { code: 'NO_SUCH_HANDLER', message: /take/ });
  await t.rejects(ref.call('subscribe', { pattern: 'a..b', cast: 'take' }), { code: 'BAD_TOPIC', message: /a\.\.b/ });
  t.throws(() => system.publish('a.*', 1), { code: 'BAD_TOPIC' });
});
