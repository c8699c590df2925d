/** callMany: every outcome in the order of the refs, and what becomes of the rest. */
import { defineActor, SkepError } from '#runtime';
import { member } from '#test/testdata/actors/crowd';
import t, { type Test } from 'tap';
import { inlineSystem, settle, threadSystem } from '../support.js';

const partner = defineActor({
  name: 'partner',
  init: (args: { readonly kind: 'quick' | 'silent' | 'refuses' | 'crashes' }) => ({ ...args, cancelled: 0 }),
  calls: {
    vote: (state, ballot: number, ctx): number | Promise<number> => {
      switch (state.kind) {
        case 'quick':
          return ballot * 2;
        case 'refuses':
          throw new SkepError('BAD_USAGE', 'I do not vote');
        case 'crashes':
          throw new Error('boom');
        case 'silent':
          return new Promise((_resolve, reject) => {
            ctx.signal.addEventListener('abort', () => {
              state.cancelled += 1;
              reject(new SkepError('CALL_CANCELLED', 'given up'));
            });
          });
      }
    },
    cancelled: (state) => state.cancelled,
  },
});

/** Asks on behalf of an actor. */
const chair = defineActor({
  name: 'chair',
  init: () => null,
  calls: {
    poll: async (_state, message: { readonly refs: readonly string[]; readonly quorum: number }, ctx) => {
      const refs = message.refs.map((address) => ctx.ref(partner, address as typeof ctx.self));
      const outcomes = await ctx.callMany(refs, 'vote', 21, { quorum: message.quorum });
      return outcomes.map((outcome) => (outcome.ok ? outcome.reply : outcome.error.code));
    },
  },
});

async function world(t: Test, kinds: readonly ('quick' | 'silent' | 'refuses' | 'crashes')[]) {
  const { system, clock } = await inlineSystem(t, { definitions: [partner, chair] });
  const refs = await Promise.all(kinds.map((kind) => system.spawn(partner, { kind })));
  return { system, clock, refs };
}

t.test('callMany gives every outcome in the order of the refs, at the deadline those that are missing', async (t) => {
  const { system, clock, refs } = await world(t, ['silent', 'quick', 'crashes', 'refuses', 'quick']);
  const asking = system.callMany(refs, 'vote', 4, { timeoutMs: 200 });
  await settle();
  clock.advance(200);
  const outcomes = await asking;
  t.same(
    outcomes.map((outcome) => (outcome.ok ? outcome.reply : outcome.error.code)),
    ['CALL_TIMEOUT', 8, 'ACTOR_CRASHED', 'BAD_USAGE', 8],
  );
  t.same(
    outcomes.map(({ address }) => address),
    refs.map(({ address }) => address),
  );
  await settle();
  t.equal(await refs[0]?.call('cancelled'), 1, 'the one that was silent knows that nobody waits');
});

t.test('with a quorum callMany ends as soon as it is there, and cancels what is left', async (t) => {
  const { system, refs } = await world(t, ['silent', 'quick', 'quick', 'silent']);
  const boss = await system.spawn(chair, undefined);
  const addresses = refs.map(({ address }) => address);
  t.same(await boss.call('poll', { refs: addresses, quorum: 2 }), ['CALL_CANCELLED', 42, 42, 'CALL_CANCELLED']);
  await settle();
  t.equal(await refs[3]?.call('cancelled'), 1);
});

t.test('with a quorum out of reach callMany does not wait for the deadline', async (t) => {
  const { system, refs } = await world(t, ['silent', 'refuses', 'refuses', 'silent']);
  const outcomes = await system.callMany(refs, 'vote', 1, { quorum: 3 });
  t.same(
    outcomes.map((outcome) => (outcome.ok ? '' : outcome.error.code)),
    ['CALL_CANCELLED', 'BAD_USAGE', 'BAD_USAGE', 'CALL_CANCELLED'],
  );
});

t.test('an abort ends callMany, and a quorum that makes no sense is refused', async (t) => {
  const { system, refs } = await world(t, ['silent', 'quick']);
  const given = new AbortController();
  const asking = system.callMany(refs, 'vote', 1, { signal: given.signal });
  await settle();
  given.abort();
  t.same(
    (await asking).map((outcome) => (outcome.ok ? outcome.reply : outcome.error.code)),
    ['CALL_CANCELLED', 2],
  );
  t.same(
    (await system.callMany(refs, 'vote', 1, { signal: given.signal })).map(({ ok }) => ok),
    [false, false],
  );
  for (const quorum of [0, 3, 1.5, Number.NaN])
    await t.rejects(system.callMany(refs, 'vote', 1, { quorum }), { code: 'BAD_USAGE', message: /1 to the 2 refs/ });
  t.same(await system.callMany([], 'vote' as never, 1 as never), []);
});

t.test('callMany to many actors on many threads brings all replies and no warning', async (t) => {
  const warnings: Error[] = [];
  const warned = (warning: Error): void => void warnings.push(warning);
  process.on('warning', warned);
  t.teardown(() => process.off('warning', warned));
  const system = await threadSystem(t, ['crowd']);
  const refs = await Promise.all(Array.from({ length: 60 }, () => system.spawn(member, {})));
  const outcomes = await system.callMany(refs, 'who', undefined, { signal: new AbortController().signal });
  t.same(
    outcomes.map((outcome) => (outcome.ok ? outcome.reply : '')),
    refs.map(({ address }) => address),
  );
  t.same(warnings, []);
});
