/**
 * Small programs as an application author would write them: each in a form that is wrong, which the compiler has to
 * refuse at the marked line, and in the form that is right, which it has to take.
 */

/** A mistake and its right twin; both follow the prelude. */
export interface Program {
  readonly mistake: string;
  /** One line of these ends in the mark. */
  readonly wrong: string;
  readonly right: string;
}

/** Ends the line at which the compiler has to complain. */
export const MARK = '// <--';

/** What every program begins with. */
export const prelude = `
import { type ActorRef, type ActorContext, ActorSystem, defineActor, type ErrorCode } from 'skep';
import { explore, TestSystem } from 'skep/testing';
const counter = defineActor({
  name: 'counter',
  init: (args: { readonly start: number }) => ({ count: args.start }),
  calls: {
    add: (state, message: { readonly amount: number }) => (state.count += message.amount),
    touch: (state) => { state.count += 0; },
    countdown: async function* (state, message: { readonly step: number }) {
      for (let count = state.count; count > 0; count -= message.step) yield count;
    },
  },
  casts: { reset: (state, message: { readonly reason: string }) => { state.count = message.reason.length; } },
});
const greeter = defineActor({ name: 'greeter', init: () => null, calls: { greet: () => 'hello' } });
declare const system: ActorSystem;
declare const test: TestSystem;
declare const ref: ActorRef<typeof counter>;
declare const ctx: ActorContext;
void [counter, greeter, system, test, ref, ctx, explore];
`;

export const programs: readonly Program[] = [
  {
    mistake: 'a cast of a name that the actor does not have',
    wrong: `ref.cast('rest', { reason: 'x' }); ${MARK}`,
    right: `ref.cast('reset', { reason: 'x' });`,
  },
  {
    mistake: 'a call of a name that the actor does not have',
    wrong: `await ref.call('subtract', { amount: 1 }); ${MARK}`,
    right: `await ref.call('add', { amount: 1 });`,
  },
  {
    mistake: 'an argument of another type',
    wrong: `await ref.call('add', { amount: '1' }); ${MARK}`,
    right: `await ref.call('add', { amount: 1 });`,
  },
  {
    mistake: 'a field that the message does not have',
    wrong: `ref.cast('reset', { reason: 'x', force: true }); ${MARK}`,
    right: `ref.cast('reset', { reason: 'x' });`,
  },
  {
    mistake: 'a message that is missing',
    wrong: `await ref.call('add'); ${MARK}`,
    right: `await ref.call('touch');`,
  },
  {
    mistake: 'a reply of a call that has none',
    wrong: `const count: number = await ref.call('touch'); void count; ${MARK}`,
    right: `const count: number = await ref.call('add', { amount: 0 }); void count;`,
  },
  {
    mistake: 'a reply of a cast',
    wrong: `const count: number = ref.cast('reset', { reason: 'x' }); void count; ${MARK}`,
    right: `const flowing: boolean = ref.cast('reset', { reason: 'x' }); void flowing;`,
  },
  {
    mistake: 'a stream that is awaited like a plain call',
    wrong: `const count: number = await ref.call('countdown', { step: 1 }); void count; ${MARK}`,
    right: `for await (const count of ref.call('countdown', { step: 1 })) count.toFixed();`,
  },
  {
    mistake: 'a plain call that is read like a stream',
    wrong: `for await (const count of ref.call('add', { amount: 1 })) void count; ${MARK}`,
    right: `void (await ref.call('add', { amount: 1 })).toFixed();`,
  },
  {
    mistake: 'a spawn without the arguments of init',
    wrong: `await system.spawn(counter); ${MARK}`,
    right: `await system.spawn(counter, { start: 0 });`,
  },
  {
    mistake: 'a spawn with wrong arguments',
    wrong: `await system.spawn(counter, { begin: 0 }); ${MARK}`,
    right: `await system.spawn(counter, { start: 0 }, { name: 'hits' });`,
  },
  {
    mistake: 'a child with wrong arguments',
    wrong: `await ctx.spawn(counter, {}); ${MARK}`,
    right: `await ctx.spawn(counter, { start: 1 });`,
  },
  {
    mistake: 'a ref of one actor where that of another is wanted',
    wrong: `const wanted: ActorRef<typeof greeter> = ref; void wanted; ${MARK}`,
    right: `const wanted: ActorRef<typeof counter> = ref; void wanted;`,
  },
  {
    mistake: 'any text as an address',
    wrong: `system.ref(counter, 'node@life/0/16'); ${MARK}`,
    right: `system.ref(counter, ref.address);`,
  },
  {
    mistake: 'an option that does not exist',
    wrong: `await ref.call('add', { amount: 1 }, { timeout: 5 }); ${MARK}`,
    right: `await ref.call('add', { amount: 1 }, { timeoutMs: 5 });`,
  },
  {
    mistake: 'a definition without init',
    wrong: `defineActor({ name: 'x' }); ${MARK}`,
    right: `defineActor({ name: 'x', init: () => null });`,
  },
  {
    mistake: 'a field that the state does not have',
    wrong: `defineActor({ name: 'x', init: () => ({ sum: 0 }), calls: { get: (state) => state.num } }); ${MARK}`,
    right: `defineActor({ name: 'x', init: () => ({ sum: 0 }), calls: { get: (state) => state.sum } });`,
  },
  {
    mistake: 'a cast handler that gives a reply',
    wrong: `defineActor({ name: 'x', init: () => null, casts: { set: () => 5 } }); ${MARK}`,
    right: `defineActor({ name: 'x', init: () => null, calls: { set: () => 5 } });`,
  },
  {
    mistake: 'an error code that is not in the catalogue',
    wrong: `const code: ErrorCode = 'OH_NO'; void code; ${MARK}`,
    right: `const code: ErrorCode = 'BAD_MESSAGE'; void code;`,
  },
  {
    mistake: 'a fault of a kind that does not exist',
    wrong: `await TestSystem.create({ faults: [{ type: 'lose', probability: 1 }] }); ${MARK}`,
    right: `await TestSystem.create({ faults: [{ type: 'drop', probability: 1 }] });`,
  },
  {
    mistake: 'a delay without its time',
    wrong: `await TestSystem.create({ faults: [{ type: 'delay', to: 1 }] }); ${MARK}`,
    right: `await TestSystem.create({ faults: [{ type: 'delay', to: 1, delayMs: 5 }] });`,
  },
  {
    mistake: 'a probe in place of an actor with another message',
    wrong: `(await test.probe()).ref(counter).cast('reset', 5); ${MARK}`,
    right: `(await test.probe()).ref(counter).cast('reset', { reason: 'x' });`,
  },
  {
    mistake: 'a scenario that gives something other than a promise of its end',
    wrong: `await explore({ scenario: (system) => system.seed }); ${MARK}`,
    right: `await explore({ scenario: async (system) => void system.seed });`,
  },
];
