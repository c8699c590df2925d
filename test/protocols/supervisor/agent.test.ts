/** The agent of a node: runs what it may as long as it may, and not a moment longer by its own clock. */
import { type AgentEffect, type AgentInput, type AgentState, newAgent, stepAgent } from '#protocols/supervisor/agent';
import type { Answer, Ask } from '#protocols/supervisor/message';
import { supervisorSettings } from '#protocols/supervisor/settings';
import fc from 'fast-check';
import t from 'tap';

const settings = supervisorSettings({ leaseMs: 900, renewMs: 300, stopMs: 50 });

/** An agent and the leader's side of its conversation. */
class Talk {
  readonly agent: AgentState = newAgent('n1', 4, ['v1', 'v2', 'v3'], settings, 0);
  nowMs = 0;

  step(input: AgentInput, atMs = this.nowMs): readonly AgentEffect[] {
    this.nowMs = atMs;
    return stepAgent(this.agent, atMs, input).effects;
  }

  tick(atMs: number): readonly AgentEffect[] {
    return this.step({ type: 'tick' }, atMs);
  }

  /** The ask among effects. @throws Error when there is none */
  asked(effects: readonly AgentEffect[]): { readonly to: string; readonly ask: Ask } {
    const found = effects.find((effect) => effect.type === 'ask');
    if (found === undefined) throw new Error('it did not ask');
    return found;
  }

  answer(seq: number, index: number, homes: Answer['homes'], atMs = this.nowMs): readonly AgentEffect[] {
    return this.step({ type: 'answer', from: 'v1', answer: { type: 'answer', life: 4, seq, index, homes } }, atMs);
  }
}

const home = (
  child: string,
  epoch: number,
  run = true,
  tasks: Answer['homes'][number]['tasks'] = [],
): Answer['homes'][number] => ({
  ...{ child, epoch, run, tasks },
});

/** Effects but for asks, in short. */
const done = (effects: readonly AgentEffect[]): readonly string[] =>
  effects.flatMap((effect) => {
    if (effect.type === 'ask') return [];
    const task = effect.type === 'run' ? ` ${effect.task}` : '';
    return [`${effect.type} ${effect.child} ${effect.epoch}${task}`];
  });

t.test('it asks at once, runs nothing before it is answered, and from then on as long as the ask is young', (t) => {
  const talk = new Talk();
  const { ask, to } = talk.asked(talk.tick(0));
  t.same([to, ask.seq, ask.life], ['v1', 1, 4]);
  t.same(done(talk.tick(100)), []);
  t.same(done(talk.answer(1, 5, [home('a', 3)], 200)), ['start a 3']);
  t.same(done(talk.tick(899)), []);
  t.same(done(talk.tick(900)), ['stop a 3'], 'leaseMs after the ask, not after the answer');
  t.end();
});

t.test('each answer prolongs the lease from its own ask', (t) => {
  const talk = new Talk();
  talk.tick(0);
  talk.answer(1, 5, [home('a', 3)], 10);
  t.equal(talk.asked(talk.tick(300)).ask.seq, 2);
  talk.answer(2, 5, [home('a', 3)], 850);
  t.same(done(talk.tick(1_199)), []);
  t.same(done(talk.tick(1_200)), ['stop a 3']);
  t.end();
});

t.test('an answer that is older than a lease gives nothing', (t) => {
  const talk = new Talk();
  talk.tick(0);
  t.same(done(talk.answer(1, 5, [home('a', 3)], 900)), []);
  t.equal(talk.agent.running.size, 0);
  t.end();
});

t.test('a node that hung stops before it listens: a late answer does not prolong what is over', (t) => {
  const talk = new Talk();
  talk.tick(0);
  talk.answer(1, 5, [home('a', 3)], 10);
  talk.tick(800);
  t.same(done(talk.answer(2, 5, [home('a', 3)], 1_000)), ['stop a 3'], 'and not started again in that epoch');
  t.end();
});

t.test('what is not its home any more is stopped; what is to be stopped is, and the leader is told at once', (t) => {
  const talk = new Talk();
  talk.tick(0);
  talk.answer(1, 5, [home('a', 3), home('b', 4)], 10);
  talk.tick(300);
  const effects = talk.answer(2, 9, [home('b', 4, false)], 340);
  t.same(done(effects), ['stop a 3', 'stop b 4']);
  const { ask } = talk.asked(effects);
  t.same(ask.ended, [{ child: 'b', epoch: 4, reason: 'stopped' }], 'the log has moved on from a');
  talk.answer(ask.seq, 10, [], 350);
  t.equal(talk.agent.ended.size, 0, 'nor need b be told again');
  t.end();
});

t.test('what it is told to stop before it began it never begins', (t) => {
  const talk = new Talk();
  talk.tick(0);
  talk.tick(300);
  talk.answer(2, 9, [home('a', 3, false)], 310);
  t.same([...talk.agent.ended.keys()], ['a']);
  t.same(done(talk.answer(1, 9, [home('a', 3)], 320)), [], 'an answer that was under way');
  t.end();
});

t.test('an answer as of an older index is nothing, whichever ask it is to', (t) => {
  const talk = new Talk();
  talk.tick(0);
  talk.tick(300);
  talk.answer(1, 9, [home('a', 3)], 310);
  t.same(done(talk.answer(2, 8, [], 320)), []);
  t.ok(talk.agent.running.has('a'));
  t.end();
});

t.test('a crash is told at once, with what was done before, and again until the log has moved on', (t) => {
  const talk = new Talk();
  talk.tick(0);
  t.same(done(talk.answer(1, 5, [home('a', 3, true, [{ task: 'x/1', attempt: 2, payload: 'p' }])], 10)), [
    'start a 3',
    'run a 3 x/1',
  ]);
  const result = { task: 'x/1', child: 'a', epoch: 3, attempt: 2, result: 'r' };
  t.same(talk.asked(talk.step({ type: 'done', done: result }, 100)).ask.done, [result]);
  t.same(done(talk.step({ type: 'crashed', child: 'a', epoch: 3 }, 110)), [], 'news within a tenth of renewMs wait');
  const { ask } = talk.asked(talk.tick(130));
  t.same(ask.ended, [{ child: 'a', epoch: 3, reason: 'crash' }]);
  t.same(ask.done, [result]);
  talk.answer(ask.seq, 5, [home('a', 3, true, [{ task: 'x/1', attempt: 2, payload: 'p' }])], 140);
  t.same(done(talk.tick(170)), [], 'nor is it started again');
  t.same([talk.agent.ended.size, talk.agent.done.size], [1, 1]);
  talk.answer(talk.agent.seq, 7, [], 180);
  t.same([talk.agent.ended.size, talk.agent.done.size], [0, 0]);
  t.end();
});

t.test('a task is begun once an attempt, however often it is listed', (t) => {
  const talk = new Talk();
  talk.tick(0);
  const list = [{ task: 'x/1', attempt: 1, payload: 'p' }];
  t.same(done(talk.answer(1, 5, [home('a', 3, true, list)], 10)), ['start a 3', 'run a 3 x/1']);
  talk.tick(300);
  t.same(done(talk.answer(2, 5, [home('a', 3, true, list)], 310)), []);
  talk.tick(600);
  const again = [{ task: 'x/1', attempt: 2, payload: 'p' }];
  t.same(done(talk.answer(3, 6, [home('a', 3, true, again)], 610)), ['run a 3 x/1']);
  t.end();
});

t.test('it goes where it is sent, and from one voter to the next when nobody answers', (t) => {
  const talk = new Talk();
  talk.tick(0);
  const redirect = { type: 'redirect', life: 4, seq: 1, leader: 'v3' } as const;
  t.equal(talk.asked([...talk.step({ type: 'redirect', redirect }, 20), ...talk.tick(30)]).to, 'v3');
  const asked = [330, 630, 930, 1_230].map((atMs) => talk.asked(talk.tick(atMs)).to);
  t.same(asked, ['v3', 'v1', 'v2', 'v3']);
  t.equal(talk.asked(talk.step({ type: 'poke', from: 'v2' }, 1_260)).to, 'v2');
  t.end();
});

t.test('words for another life of the node are nothing', (t) => {
  const talk = new Talk();
  talk.tick(0);
  const answer = { type: 'answer', life: 3, seq: 1, index: 5, homes: [home('a', 3)] } as const;
  t.same(done(talk.step({ type: 'answer', from: 'v1', answer: { ...answer, homes: [...answer.homes] } }, 10)), []);
  talk.step({ type: 'redirect', redirect: { type: 'redirect', life: 3, seq: 1, leader: 'v2' } }, 20);
  t.equal(talk.agent.leader, 'v1');
  t.end();
});

const input = fc.oneof(
  fc.record({ kind: fc.constant('tick' as const), passMs: fc.integer({ min: 0, max: 1_200 }) }),
  fc.record({
    kind: fc.constant('answer' as const),
    passMs: fc.integer({ min: 0, max: 200 }),
    back: fc.integer({ min: 0, max: 3 }),
    index: fc.integer({ min: 1, max: 30 }),
    homes: fc.uniqueArray(
      fc.record({
        child: fc.constantFrom('a', 'b'),
        epoch: fc.integer({ min: 1, max: 6 }),
        run: fc.boolean(),
        tasks: fc.constant<Answer['homes'][number]['tasks']>([]),
      }),
      { selector: ({ child }) => child, maxLength: 2 },
    ),
  }),
  fc.record({ kind: fc.constant('crash' as const), passMs: fc.constant(1), child: fc.constantFrom('a', 'b') }),
);

t.test(
  'whatever it hears: nothing runs beyond an ask by leaseMs, and no epoch that has ended is started again',
  (t) => {
    fc.assert(
      fc.property(fc.array(input, { maxLength: 60 }), (inputs) => {
        const talk = new Talk();
        const running = new Map<string, number>();
        const floor = new Map<string, number>();
        const sent = new Map<number, number>();
        for (const one of inputs) {
          talk.nowMs += one.passMs;
          const seq = Math.max(1, talk.agent.seq - (one.kind === 'answer' ? one.back : 0));
          const effects =
            one.kind === 'tick'
              ? talk.tick(talk.nowMs)
              : one.kind === 'answer'
                ? talk.answer(seq, one.index, one.homes)
                : talk.step({ type: 'crashed', child: one.child, epoch: running.get(one.child) ?? 0 });
          for (const effect of effects) {
            if (effect.type === 'ask') sent.set(effect.ask.seq, talk.nowMs);
            if (effect.type === 'start') {
              if (running.has(effect.child) || effect.epoch <= (floor.get(effect.child) ?? 0)) return false;
              running.set(effect.child, effect.epoch);
            }
            if (effect.type !== 'stop') continue;
            if (running.get(effect.child) !== effect.epoch) return false;
            running.delete(effect.child);
            floor.set(effect.child, effect.epoch);
          }
          if (one.kind === 'crash') {
            floor.set(one.child, Math.max(floor.get(one.child) ?? 0, running.get(one.child) ?? 0));
            running.delete(one.child);
          }
          const youngest = Math.max(...sent.values());
          if (running.size > 0 && talk.nowMs >= youngest + settings.leaseMs) return false;
          if ([...running].join() !== [...talk.agent.running].map(([child, { epoch }]) => [child, epoch]).join())
            return false;
        }
        return true;
      }),
      { numRuns: 500 },
    );
    t.end();
  },
);
