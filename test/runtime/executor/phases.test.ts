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
