/**
 * The time-outs of phases: state, named, event, and those of nothing. Time is a clock that stands still; each machine keeps
 * a diary of what was handled, in which phase and in which order.
 */
import { defineActor } from '#runtime';
import t from 'tap';
import { deadLetters, gate, inlineSystem, settle } from '../support.js';

interface Book {
  readonly diary: string[];
}
type Idle = Book & { readonly phase: 'idle' };
type Busy = Book & { readonly phase: 'busy' };
type State = Idle | Busy;

const idle = ({ diary }: Book): Idle => ({ phase: 'idle', diary });
const busy = ({ diary }: Book): Busy => ({ phase: 'busy', diary });
const start = (): State => idle({ diary: [] });
const note = (state: State, what: string) => void state.diary.push(`${state.phase}:${what}`);

/** Handlers that every machine below shares. */
const common = {
  calls: { diary: (state: State) => [...state.diary] },
};

const timed = defineActor({
  ...common,
  name: 'timed',
  init: start,
  phases: {
    idle: {
      timeoutMs: 100,
      timeouts: { state: (state, ctx) => (note(state, 'too long'), ctx.next(busy(state))) },
      casts: { go: (state, _message: undefined, ctx) => ctx.next(busy(state)) },
    },
    busy: {
      timeouts: { state: (state) => note(state, 'state') },
      casts: { go: (state, _message: undefined, ctx) => ctx.next(idle(state)) },
    },
  },
  casts: {
    set: (_state, { name, ms }: { readonly name: string; readonly ms: number }, ctx) => ctx.timeout(name, ms),
    nothing: () => {},
  },
  timeouts: { event: (state) => note(state, 'event'), lamp: (state) => note(state, 'lamp') },
});

t.test('a state time-out starts at each entry and is cancelled by a change of phase', async (t) => {
  const { system, clock } = await inlineSystem(t, { definitions: [timed] });
  const ref = await system.spawn(timed, undefined);
  await settle();
  clock.advance(99);
  t.same(await ref.call('diary'), []);
  ref.cast('go');
  await settle();
  clock.advance(50);
  await settle();
  t.same(await ref.call('diary'), [], 'cancelled');
  ref.cast('go');
  await settle();
  clock.advance(99);
  t.same(await ref.call('diary'), [], 'anew');
  clock.advance(1);
  t.same(await ref.call('diary'), ['idle:too long']);
});

t.test('a state time-out that is set again starts again, and Infinity cancels it', async (t) => {
  const { system, clock } = await inlineSystem(t, { definitions: [timed] });
  const ref = await system.spawn(timed, undefined);
  ref.cast('go');
  ref.cast('set', { name: 'state', ms: 100 });
  await settle();
  clock.advance(60);
  ref.cast('set', { name: 'state', ms: 100 });
  await settle();
  clock.advance(60);
  t.same(await ref.call('diary'), []);
  clock.advance(40);
  t.same(await ref.call('diary'), ['busy:state']);
  ref.cast('set', { name: 'state', ms: 10 });
  ref.cast('set', { name: 'state', ms: Number.POSITIVE_INFINITY });
  await settle();
  clock.advance(1_000);
  t.same(await ref.call('diary'), ['busy:state']);
});

t.test('a state time-out that has fired but is not handled yet is cancelled by a change of phase', async (t) => {
  const held = gate();
  const machine = defineActor({
    ...common,
    name: 'machine',
    init: start,
    phases: {
      idle: {
        timeoutMs: 10,
        timeouts: { state: (state) => note(state, 'stale') },
        casts: { go: async (state, _message: undefined, ctx) => (await held.opened, ctx.next(busy(state))) },
      },
      busy: { timeouts: { state: (state) => note(state, 'stale') } },
    },
  });
  const { system, clock } = await inlineSystem(t, { definitions: [machine] });
  const ref = await system.spawn(machine, undefined);
  ref.cast('go');
  await settle();
  clock.advance(10);
  held.open();
  await settle();
  t.same(await ref.call('diary'), []);
});

t.test('a named time-out outlives changes of phase until it is set again or cancelled', async (t) => {
  const { system, clock } = await inlineSystem(t, { definitions: [timed] });
  const ref = await system.spawn(timed, undefined);
  ref.cast('set', { name: 'lamp', ms: 50 });
  ref.cast('go');
  await settle();
  clock.advance(50);
  t.same(await ref.call('diary'), ['busy:lamp']);
  ref.cast('set', { name: 'lamp', ms: 50 });
  ref.cast('set', { name: 'lamp', ms: 500 });
  await settle();
  clock.advance(100);
  t.same(await ref.call('diary'), ['busy:lamp']);
  ref.cast('set', { name: 'lamp', ms: Number.POSITIVE_INFINITY });
  await settle();
  clock.advance(1_000);
  t.same(await ref.call('diary'), ['busy:lamp']);
  ref.cast('set', { name: 'nobody', ms: 1 });
  await settle();
  clock.advance(1);
  await settle();
  t.equal((await deadLetters(system))['no-such-handler'], 1, 'one that nobody handles is counted');
});

t.test('an event time-out is cancelled by any message, info or time-out', async (t) => {
  const { system, clock } = await inlineSystem(t, { definitions: [timed] });
  const ref = await system.spawn(timed, undefined);
  ref.cast('go');
  ref.cast('set', { name: 'event', ms: 50 });
  await settle();
  clock.advance(50);
  t.same(await ref.call('diary'), ['busy:event']);
  ref.cast('set', { name: 'event', ms: 50 });
  ref.cast('nothing');
  await settle();
  clock.advance(100);
  t.same(await ref.call('diary'), ['busy:event'], 'a message cancels it');
  ref.cast('set', { name: 'lamp', ms: 20 });
  ref.cast('set', { name: 'event', ms: 50 });
  await settle();
  clock.advance(20);
  await settle();
  clock.advance(100);
  t.same(await ref.call('diary'), ['busy:event', 'busy:lamp'], 'another time-out cancels it');
});

t.test('a time-out of zero comes before the mailbox and after what the actor inserted', async (t) => {
  const machine = defineActor({
    ...common,
    name: 'machine',
    init: start,
    phases: {
      idle: {
        casts: {
          go: (_state, name: string, ctx) => {
            ctx.insert('note', 'inserted');
            ctx.timeout(name, 0);
          },
        },
      },
      busy: {},
    },
    casts: { note: (state, text: string) => note(state, text) },
    timeouts: { now: (state) => note(state, 'now'), event: (state) => note(state, 'event') },
  });
  const { system } = await inlineSystem(t, { definitions: [machine] });
  const ref = await system.spawn(machine, undefined);
  ref.cast('go', 'now');
  ref.cast('note', 'mail');
  t.same(await ref.call('diary'), ['idle:inserted', 'idle:now', 'idle:mail']);
  ref.cast('go', 'event');
  t.same(
    (await ref.call('diary')).slice(3),
    ['idle:inserted'],
    'an event that waits cancels an event time-out of zero',
  );
});
