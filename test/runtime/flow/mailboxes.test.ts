/** What a mailbox gives the actors of one executor: marks, priorities, and no memory when it is idle. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { defineActor } from '#runtime';
import t from 'tap';
import { deadLetters, gate, inlineSystem, settle } from '../support.js';

t.test('drained resolves at the low-water mark, and cast is true again from there on', async (t) => {
  let release: (() => void) | undefined;
  const stepper = defineActor({
    name: 'stepper',
    init: () => null,
    mailbox: { capacity: 20, highWater: 10, lowWater: 3 },
    casts: { step: () => new Promise<void>((resolve) => (release = resolve)) },
  });
  const { system } = await inlineSystem(t, { definitions: [stepper] });
  const ref = await system.spawn(stepper, undefined);
  const step = async (): Promise<void> => {
    release?.();
    await settle(2);
  };
  ref.cast('step');
  await settle(2);
  const told = Array.from({ length: 20 }, () => ref.tryCast('step'));
  t.same(told, [...Array(10).fill('accepted'), ...Array(10).fill('wait')]);
  t.equal(ref.tryCast('step'), 'refused');
  t.same((await deadLetters(system))['mailbox-full'], 1);
  let drained = false;
  void ref.drained().then(() => (drained = true));
  for (let left = 20; left > 4; left -= 1) {
    await step();
    t.notOk(drained, `${left - 1} wait`);
  }
  t.equal(ref.cast('step'), false, 'below the high-water mark, on the way down');
  await step();
  await step();
  t.ok(drained);
  t.equal(ref.tryCast('step'), 'accepted');
  for (let left = 10; left > 0; left -= 1) await step();
});

/** An actor that stands still first, and then tells the order of its mail. */
function ordered(rule?: (name: string, message: unknown) => number) {
  const { opened, open } = gate();
  const seen: unknown[] = [];
  const definition = defineActor({
    name: 'ordered',
    init: () => null,
    mailbox: { capacity: 6, policy: 'drop-oldest', ...(rule === undefined ? {} : { priority: rule }) },
    calls: { ask: (_state, message: unknown) => void seen.push(message) },
    casts: { hold: () => opened, note: (_state, message: unknown) => void seen.push(message) },
  });
  return { definition, seen, open };
}

t.test('mail of a higher priority is handled first, casts and calls alike, in order within one', async (t) => {
  const { definition, seen, open } = ordered();
  const { system } = await inlineSystem(t, { definitions: [definition] });
  const ref = await system.spawn(definition, undefined);
  ref.cast('hold');
  await settle();
  ref.cast('note', 'low', { priority: 'low' });
  ref.cast('note', 'first');
  const call = ref.call('ask', 'called', { priority: 'high' });
  ref.cast('note', 'second');
  ref.cast('note', 'high', { priority: 'high' });
  ref.cast('note', 'top', { priority: 100 });
  open();
  await call;
  await settle();
  t.same(seen, ['top', 'called', 'high', 'first', 'second', 'low']);
  t.throws(() => ref.cast('note', 'x', { priority: 101 }), { code: 'BAD_USAGE', message: /-100 to 100/ });
  await t.rejects(async () => ref.call('ask', 'x', { priority: 0.5 }), { code: 'BAD_USAGE' });
  t.equal((await system.reports())[0]?.pendingCalls, 0);
});

t.test('the rule of a definition decides over what a sender asks for', async (t) => {
  const { definition, seen, open } = ordered((name, message) => (name === 'note' && message === 'vip' ? 1 : 0));
  const { system } = await inlineSystem(t, { definitions: [definition] });
  const ref = await system.spawn(definition, undefined);
  ref.cast('hold');
  await settle();
  ref.cast('note', 'pushy', { priority: 100 });
  ref.cast('note', 'vip');
  open();
  await settle();
  t.same(seen, ['vip', 'pushy']);
});

t.test('the oldest message of the lowest priority gives way in a mailbox that drops its oldest', async (t) => {
  const { definition, seen, open } = ordered();
  const { system } = await inlineSystem(t, { definitions: [definition] });
  const ref = await system.spawn(definition, undefined);
  ref.cast('hold');
  await settle();
  ref.cast('note', 'high', { priority: 'high' });
  for (const n of [1, 2, 3, 4, 5, 6]) ref.cast('note', n);
  ref.cast('note', 'low', { priority: 'low' });
  open();
  await settle();
  t.same(seen, ['high', 2, 3, 4, 5, 6]);
  t.equal((await deadLetters(system))['displaced'], 2);
});

t.test('a mailbox out of range is refused by the name of its field', async (t) => {
  const init = (): null => null;
  for (const [mailbox, field] of [
    [{ lowWater: -1 }, 'mailbox.lowWater'],
    [{ lowWater: 1.5 }, 'mailbox.lowWater'],
    [{ highWater: 5, lowWater: 6 }, 'mailbox.lowWater'],
    [{ priority: 3 as never }, 'mailbox.priority'],
  ] as const) {
    t.throws(() => defineActor({ name: 'bad', init, mailbox }), { code: 'BAD_CONFIG', facts: { field } }, field);
  }
});

t.test('mailboxes that were full and are empty again keep next to no memory', async (t) => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const { opened, open } = gate();
  const idle = defineActor({ name: 'idle', init: () => null, casts: { hold: () => opened, note: () => {} } });
  const { system } = await inlineSystem(t, { definitions: [idle], freezeMessages: false });
  const refs = [];
  for (let n = 0; n < 200; n += 1) refs.push(await system.spawn(idle, undefined));
  for (const ref of refs) ref.cast('hold');
  await settle();
  const heap = (): number => {
    gc();
    return process.memoryUsage().heapUsed;
  };
  const empty = heap();
  for (const ref of refs) for (let n = 0; n < 5_000; n += 1) ref.cast('note');
  const full = heap();
  open();
  for (let left = 1; left > 0; ) {
    await settle();
    left = (await system.list()).reduce((sum, { mailbox }) => sum + mailbox, 0);
  }
  const after = heap();
  t.ok(full - empty > 50_000_000, `${full - empty} bytes when full`);
  t.ok((after - empty) / refs.length < 2_000, `${(after - empty) / refs.length} bytes a mailbox when empty again`);
});
