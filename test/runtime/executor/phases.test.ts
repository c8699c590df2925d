/**
 * Phases, one sentence of gen_statem's documentation after the other. Each machine keeps a diary of what was handled, in
 * which phase and in which order; time is a clock that stands still.
 */
import { defineActor, type ReplyToken, SkepError } from '#runtime';
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

t.test('the enter handler runs at each change of phase, at first too, before anything else', async (t) => {
  const machine = defineActor({
    ...common,
    name: 'machine',
    init: start,
    phases: {
      idle: {
        enter: async (state, from) => {
          await Promise.resolve();
          note(state, `enter from ${from}`);
        },
        casts: { go: (state, _message: undefined, ctx) => ctx.next(busy(state)) },
      },
      busy: {
        enter: (state, from) => note(state, `enter from ${from}`),
        casts: { go: (state, _message: undefined, ctx) => ctx.next(idle(state)) },
      },
    },
    casts: {
      stay: (state, _message: undefined, ctx) => {
        note(state, 'stay');
        ctx.next({ ...state });
      },
      again: (_state, _message: undefined, ctx) => ctx.repeat(),
    },
  });
  const { system } = await inlineSystem(t, { definitions: [machine] });
  const ref = await system.spawn(machine, undefined);
  t.same(await ref.call('diary'), ['idle:enter from idle'], 'at first, from itself, before the first message');
  ref.cast('go');
  ref.cast('stay');
  ref.cast('go');
  ref.cast('again');
  t.same((await ref.call('diary')).slice(1), [
    'busy:enter from idle',
    'busy:stay',
    'idle:enter from busy',
    'idle:enter from idle',
  ]);
});

t.test('a reply is on its way before the phase that its handler chose is entered', async (t) => {
  const entered = gate();
  const machine = defineActor({
    name: 'machine',
    init: start,
    phases: {
      idle: {
        calls: {
          go: (state, _message: undefined, ctx) => {
            ctx.next(busy(state));
            return state.phase;
          },
        },
      },
      busy: { enter: () => entered.opened },
    },
  });
  const { system } = await inlineSystem(t, { definitions: [machine] });
  const ref = await system.spawn(machine, undefined);
  t.equal(await ref.call('go'), 'idle');
  entered.open();
});

t.test('a handler that throws makes no transition and leaves nothing postponed', async (t) => {
  const machine = defineActor({
    ...common,
    name: 'machine',
    init: start,
    phases: {
      idle: {
        calls: {
          go: async (state, refuse: boolean, ctx) => {
            note(state, 'go');
            ctx.next(busy(state));
            ctx.insert('hello');
            await Promise.resolve();
            if (refuse) throw new SkepError('BAD_USAGE', 'not now');
            return state.phase;
          },
          wait: (_state, _message: undefined, ctx): never => {
            ctx.postpone();
            throw new SkepError('BAD_USAGE', 'never');
          },
        },
      },
      busy: {},
    },
    casts: { hello: (state) => note(state, 'hello') },
  });
  const { system } = await inlineSystem(t, { definitions: [machine] });
  const ref = await system.spawn(machine, undefined);
  await t.rejects(ref.call('wait'), { code: 'BAD_USAGE', message: 'never' });
  await t.rejects(ref.call('go', true), { message: 'not now' });
  t.equal(await ref.call('go', false), 'idle');
  t.same(await ref.call('diary'), ['idle:go', 'idle:go', 'busy:hello']);
});

t.test(
  'postponed messages are retried after the next change of phase, in their order, before later ones',
  async (t) => {
    const machine = defineActor({
      ...common,
      name: 'machine',
      init: start,
      phases: {
        idle: {
          calls: { work: (_state, _message: string, ctx): string => (ctx.postpone(), 'no reply') },
          casts: {
            task: (_state, _message: string, ctx) => ctx.postpone(),
            go: (state, _message: undefined, ctx) => ctx.next(busy(state)),
            again: (_state, _message: undefined, ctx) => ctx.repeat(),
          },
        },
        busy: {
          calls: { work: (state, message: string) => (note(state, message), `done ${message}`) },
          casts: { task: (state, message: string) => note(state, message) },
        },
      },
    });
    const { system } = await inlineSystem(t, { definitions: [machine] });
    const ref = await system.spawn(machine, undefined);
    ref.cast('task', 'a');
    const replied = ref.call('work', 'b');
    ref.cast('task', 'c');
    ref.cast('again');
    await settle();
    t.same(await ref.call('diary'), [], 'not by entering the same phase again');
    ref.cast('go');
    ref.cast('task', 'd');
    t.equal(await replied, 'done b');
    t.same(await ref.call('diary'), ['busy:a', 'busy:b', 'busy:c', 'busy:d']);
  },
);

t.test('a message that is postponed again after a change keeps its place', async (t) => {
  const machine = defineActor({
    ...common,
    name: 'machine',
    init: start,
    phases: {
      idle: {
        casts: { task: (_s, _m: string, ctx) => ctx.postpone(), go: (s, _m: undefined, ctx) => ctx.next(busy(s)) },
      },
      busy: {
        casts: {
          task: (state, message: string, ctx) => (message === 'a' ? ctx.postpone() : note(state, message)),
          go: (s, _m: undefined, ctx) => ctx.next(idle(s)),
        },
      },
    },
  });
  const { system } = await inlineSystem(t, { definitions: [machine] });
  const ref = await system.spawn(machine, undefined);
  for (const name of ['a', 'b', 'c']) ref.cast('task', name);
  ref.cast('go');
  await settle();
  t.same(await ref.call('diary'), ['busy:b', 'busy:c']);
  t.match((await system.list()).at(-1), { definition: 'machine', mailbox: 1 }, 'what is postponed counts as waiting');
});

t.test(
  'inserted messages are handled before everything that waits, in their order, before what is retried',
  async (t) => {
    const machine = defineActor({
      ...common,
      name: 'machine',
      init: start,
      phases: {
        idle: {
          casts: {
            later: (_state, _message: undefined, ctx) => ctx.postpone(),
            go: (state, _message: undefined, ctx) => {
              ctx.insert('one', 1);
              ctx.insert('one', 2);
              ctx.next(busy(state));
            },
          },
        },
        busy: { enter: (state) => note(state, 'enter'), casts: { later: (state) => note(state, 'later') } },
      },
      casts: { one: (state, n: number) => note(state, `one ${n}`), mail: (state) => note(state, 'mail') },
    });
    const { system } = await inlineSystem(t, { definitions: [machine] });
    const ref = await system.spawn(machine, undefined);
    ref.cast('later');
    ref.cast('go');
    ref.cast('mail');
    t.same(await ref.call('diary'), ['busy:enter', 'busy:one 1', 'busy:one 2', 'busy:later', 'busy:mail']);
  },
);

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

t.test('a call may be answered later from another phase', async (t) => {
  interface Waiting {
    readonly phase: 'waiting';
    readonly token: ReplyToken<string>;
  }
  interface Free {
    readonly phase: 'free';
  }
  const machine = defineActor({
    name: 'machine',
    init: (): Waiting | Free => ({ phase: 'free' }),
    phases: {
      free: {
        calls: {
          ask: (_state, _message: undefined, ctx) => {
            const token = ctx.defer<string>();
            ctx.next({ phase: 'waiting', token });
            return token;
          },
        },
      },
      waiting: {
        casts: {
          tell: (state, answer: string, ctx) => {
            ctx.reply(state.token, answer);
            ctx.next({ phase: 'free' });
          },
        },
      },
    },
  });
  const { system } = await inlineSystem(t, { definitions: [machine] });
  const ref = await system.spawn(machine, undefined);
  const asked: Promise<string> = ref.call('ask');
  ref.cast('tell', 'at last');
  t.equal(await asked, 'at last');
});

t.test(
  'what a phase does not handle falls to the common handlers, then fails with its phase or is a dead letter',
  async (t) => {
    const machine = defineActor({
      ...common,
      name: 'machine',
      init: start,
      phases: {
        idle: {
          calls: { who: () => 'own', only: () => 1 },
          casts: {
            go: (state, _message: undefined, ctx) => ctx.next(busy(state)),
            tick: (state) => note(state, 'tick'),
          },
        },
        busy: {},
      },
      calls: { ...common.calls, who: () => 'common' },
    });
    const { system } = await inlineSystem(t, { definitions: [machine] });
    const ref = await system.spawn(machine, undefined);
    t.equal(await ref.call('who'), 'own');
    ref.cast('go');
    t.equal(await ref.call('who'), 'common');
    await t.rejects(ref.call('only'), {
      code: 'NO_SUCH_HANDLER',
      message: /"only" in phase "busy"/,
      facts: { phase: 'busy' },
    });
    ref.cast('tick');
    t.same(await ref.call('diary'), []);
    t.equal((await deadLetters(system))['no-such-handler'], 1);
  },
);

t.test('infos go to the phase, and to the common handler where it has none', async (t) => {
  const machine = defineActor({
    ...common,
    name: 'machine',
    init: start,
    phases: {
      idle: { info: (state, info, ctx) => (note(state, info.type), ctx.next(busy(state))) },
      busy: {},
    },
    casts: { timer: (_state, _message: undefined, ctx) => ctx.after(10, 'x') },
    info: (state, info) => note(state, `common ${info.type}`),
  });
  const { system, clock } = await inlineSystem(t, { definitions: [machine] });
  const ref = await system.spawn(machine, undefined);
  for (let round = 0; round < 2; round += 1) {
    ref.cast('timer');
    await settle();
    clock.advance(10);
    await settle();
  }
  t.same(await ref.call('diary'), ['idle:timer', 'busy:common timer']);
});

t.test(
  'a restart forgets time-outs and what was inserted, keeps what was postponed, and enters the first phase',
  async (t) => {
    const lives: string[] = [];
    const machine = defineActor({
      ...common,
      name: 'machine',
      init: start,
      phases: {
        idle: {
          enter: (_state, _from, ctx) => void lives.push(`life ${ctx.incarnation}`),
          casts: {
            task: (state, message: string, ctx) => (ctx.incarnation === 1 ? ctx.postpone() : note(state, message)),
            lamp: (_state, _message: undefined, ctx) => ctx.timeout('lamp', 10),
            crash: async (_state, _message: undefined, ctx) => {
              ctx.insert('task', 'inserted');
              await Promise.resolve();
              throw new Error('boom');
            },
          },
        },
        busy: {},
      },
      timeouts: { lamp: (state) => note(state, 'lamp') },
    });
    const { system, clock } = await inlineSystem(t, { definitions: [machine] });
    const ref = await system.spawn(machine, undefined);
    ref.cast('task', 'a');
    ref.cast('task', 'b');
    ref.cast('lamp');
    ref.cast('crash');
    ref.cast('task', 'c');
    await settle();
    for (let round = 0; round < 5; round += 1) {
      clock.advance(1_000);
      await settle();
    }
    t.same(await ref.call('diary'), ['idle:a', 'idle:b', 'idle:c']);
    t.same(lives, ['life 1', 'life 2']);
  },
);

t.test('what makes no sense in a phase is refused with BAD_USAGE', async (t) => {
  const attempts: string[] = [];
  const tried = (what: string, attempt: () => unknown): void => {
    try {
      attempt();
    } catch (error) {
      if (error instanceof SkepError && error.code === 'BAD_USAGE') attempts.push(what);
    }
  };
  const machine = defineActor({
    name: 'machine',
    init: start,
    phases: {
      idle: {
        enter: (state, _from, ctx) =>
          tried('next on entry', () => (ctx as unknown as { next(s: State): void }).next(state)),
        calls: {
          odd: (_state, _message: undefined, ctx) => {
            tried('unknown phase', () => ctx.next({ phase: 'ajar', diary: [] } as unknown as State));
            tried('bad delay', () => ctx.timeout('x', Number.NaN));
            return attempts;
          },
          async *stream(state, _message: undefined, ctx) {
            tried('next in a stream', () => ctx.next(busy(state)));
            yield 1;
          },
        },
        casts: { late: (_state, _message: undefined, ctx) => tried('defer of a cast', () => ctx.defer()) },
      },
      busy: {},
    },
  });
  const plain = defineActor({
    name: 'plain',
    init: () => null,
    calls: {
      odd: (_state, _message: undefined, ctx) =>
        tried('no phases', () => (ctx as unknown as { postpone(): void }).postpone()),
    },
  });
  const astray = defineActor({
    name: 'astray',
    init: () => ({ phase: 'nowhere' }) as unknown as State,
    phases: { idle: {}, busy: {} },
  });
  const { system } = await inlineSystem(t, { definitions: [machine, plain, astray] });
  const ref = await system.spawn(machine, undefined);
  for await (const _ of ref.call('stream'));
  ref.cast('late');
  await (await system.spawn(plain, undefined)).call('odd');
  t.same((await ref.call('odd')).toSorted(), [
    'bad delay',
    'defer of a cast',
    'next in a stream',
    'next on entry',
    'no phases',
    'unknown phase',
  ]);
  await t.rejects(system.spawn(astray, undefined), {
    code: 'INIT_FAILED',
    message: /"nowhere"; expected one of: idle, busy/,
  });
});
