/** The rules of measuring: who is counted, in which order, and what a ratio is. */
import t from 'tap';
import { measure } from '#bench/harness/measure';
import { Absent, type Completed, type Contender, type Question } from '#bench/harness/question';

const options = { quick: true, signal: new AbortController().signal, say: (): void => {} };

/** A contender that answers from a list, and writes down when it was run. */
function scripted(name: string, answers: readonly Completed[], log: string[] = []): Contender {
  return {
    name,
    start: async () => {
      log.push(`start ${name}`);
      let turn = 0;
      return {
        run: async () => {
          log.push(name);
          const answer = answers[turn % answers.length] ?? { ms: 1, operations: 0 };
          turn += 1;
          return answer;
        },
        stop: async () => void log.push(`stop ${name}`),
      };
    },
  };
}

function question(contenders: readonly Contender[], more: Partial<Question> = {}): Question {
  return {
    name: 'sample',
    suite: 'local',
    asks: 'Is it counted?',
    counts: 'messages',
    sizes: { full: { messages: 100 }, quick: { messages: 10 } },
    completes: ({ messages = 0 }) => messages,
    contenders,
    plans: { full: { forks: 1, warmups: 0, rounds: 1 }, quick: { forks: 1, warmups: 0, rounds: 3 } },
    ...more,
  };
}

const done = (ms: number, operations = 10): Completed => ({ ms, operations });

t.test('a contender that completes less than the work is refused, and the others are stopped', async (t) => {
  const log: string[] = [];
  const asked = question([scripted('ours', [done(1)], log), scripted('lazy', [done(1, 9)], log)]);
  await t.rejects(measure(asked, options), { message: 'sample: lazy completed 9 of 10 messages' });
  t.ok(log.includes('stop ours'));
  t.ok(log.includes('stop lazy'));
});

t.test('a contender that counts more than the work, or gives no time, is refused', async (t) => {
  await t.rejects(measure(question([scripted('ours', [done(1, 11)])]), options), /completed 11 of 10/);
  await t.rejects(measure(question([scripted('ours', [done(0)])]), options), /gave 0 ms/);
  await t.rejects(measure(question([scripted('ours', [{ ms: 1, operations: Number.NaN }])]), options), /completed NaN/);
});

const near = (value: number | undefined, expected: number): boolean => Math.abs((value ?? 0) - expected) < 1e-9;

t.test('a ratio is one between neighbours in time: a machine that slows down does not show in it', async (t) => {
  // Tenfold slower from the second turn of ours to the third, for both.
  const ours = scripted('ours', [done(1), done(1), done(10), done(10)]);
  const peer = scripted('peer', [done(2), done(2 * Math.sqrt(10)), done(20)]);
  const { contenders } = await measure(question([ours, peer]), options);
  const { median, least, most, error } = contenders[1]?.ratio ?? {};
  t.ok([median, least, most].every((value) => near(value, 2)));
  t.ok((error ?? 1) < 1e-9, 'three turns agree');
  t.same(contenders[0]?.measures['messages/s'], { median: 5_500, least: 1_000, most: 10_000 });
  t.equal(contenders[0]?.ratio, undefined);
});

t.test('one turn in five that goes wrong moves a ratio less than it would move a mean', async (t) => {
  const plan = { forks: 1, warmups: 0, rounds: 5 };
  const peer = scripted('peer', [done(2), done(2), done(2), done(2), done(200)]);
  const asked = question([scripted('ours', [done(1)]), peer], { plans: { full: plan, quick: plan } });
  const { contenders } = await measure(asked, options);
  t.ok(near(contenders[1]?.ratio?.median, 2));
  t.ok(near(contenders[1]?.ratio?.most, 200), 'the spread shows it');
});

t.test('rounds are added until a ratio is known well enough, or until the time is up', async (t) => {
  const rounds = async (peer: readonly Completed[], error: number): Promise<number> => {
    const log: string[] = [];
    const plan = { forks: 1, warmups: 0, rounds: 3, roundsMs: 100, error };
    const contenders = [scripted('ours', [done(1)]), scripted('peer', peer, log)];
    await measure(question(contenders, { plans: { full: plan, quick: plan } }), options);
    return log.filter((line) => line === 'peer').length;
  };
  t.equal(await rounds([done(2)], 0.01), 3, 'all agree');
  t.equal(await rounds([done(1), done(3)], 0.01), 34, 'they do not: 33 rounds of 3 ms on the average are 100 ms');
  t.equal(await rounds([done(1), done(3)], 0.2), 9, 'known to a fifth');
});

t.test('a turn is as many runs as it takes to be long enough, and its rate is that of all of them', async (t) => {
  const plan = { forks: 1, warmups: 0, rounds: 1, turnMs: 5 };
  const log: string[] = [];
  const ours = scripted(
    'ours',
    [
      { ...done(1), 'p50 us': 10 },
      { ...done(3), 'p50 us': 20 },
    ],
    log,
  );
  const asked = question([ours, scripted('peer', [done(20)], log)], { plans: { full: plan, quick: plan } });
  const { contenders } = await measure(asked, options);
  t.same(log.slice(2, 7), ['ours', 'ours', 'ours', 'peer', 'ours'], '1 + 3 + 1 ms');
  t.equal(contenders[0]?.measures['ms']?.most, 7 / 3, '3 + 1 + 3 ms the second time');
  t.equal(contenders[1]?.measures['messages/s']?.median, 500);
});

t.test('where a process can do the work once only, ours takes one turn', async (t) => {
  const plan = { forks: 1, warmups: 0, rounds: 1, once: true } as const;
  const log: string[] = [];
  const contenders = ['ours', 'peer'].map((name, index) => scripted(name, [done(1 + index)], log));
  const answer = await measure(question(contenders, { plans: { full: plan, quick: plan } }), options);
  t.same(log.slice(2, 4), ['ours', 'peer']);
  t.ok(near(answer.contenders[1]?.ratio?.median, 2));
});

t.test('where less is better, the ratio still says how many times better ours is', async (t) => {
  const ours = scripted('ours', [{ ...done(1), 'p50 us': 20 }]);
  const peer = scripted('peer', [{ ...done(1), 'p50 us': 30 }]);
  const figure = { measure: 'p50 us', better: 'less' } as const;
  const goals = [
    { row: 'call', against: 'peer', atLeast: 2 },
    { row: 'rate', against: 'peer', atLeast: 1, figure: { measure: 'messages/s', better: 'more' } as const },
  ];
  const answer = await measure(question([ours, peer], { figure, goals }), options);
  t.ok(near(answer.contenders[1]?.ratio?.median, 1.5));
  t.same(
    answer.goals.map(({ row, ratio = 0 }) => [row, Math.round(1e6 * ratio) / 1e6]),
    [
      ['call', 1.5],
      ['rate', 1],
    ],
  );
});

t.test('a contender is warmed until it has worked so often and so long, and no further', async (t) => {
  const log: string[] = [];
  const plan = { forks: 1, warmups: 2, warmMs: 10, rounds: 1 };
  const contenders = [scripted('fast', [done(4)], log), scripted('slow', [done(20)], log)];
  await measure(question(contenders, { plans: { full: plan, quick: plan } }), options);
  t.equal(
    log.filter((line) => line === 'fast').length,
    3 + 2,
    'three times 4 ms, and a turn before and after the other',
  );
  t.equal(log.filter((line) => line === 'slow').length, 2 + 1, 'twice, although once is 20 ms');
});

t.test(
  'ours takes a turn between the others, which go forwards and backwards, after a warm-up that does not count',
  async (t) => {
    const log: string[] = [];
    const plan = { forks: 2, warmups: 1, rounds: 2 };
    const contenders = ['a', 'b', 'c'].map((name) =>
      scripted(name, [done(100), done(1), done(1), done(1), done(1), done(1)], log),
    );
    const answer = await measure(question(contenders, { plans: { full: plan, quick: plan } }), options);
    const turns = ['a', 'b', 'a', 'c', 'a', 'c', 'a', 'b', 'a'];
    const fork = ['start a', 'start b', 'start c', 'a', 'b', 'c', ...turns, 'stop a', 'stop b', 'stop c'];
    t.same(log, [...fork, ...fork]);
    t.equal(answer.contenders[0]?.measures['ms']?.most, 1);
  },
);

t.test(
  'a peer that this machine lacks is named as absent with what would bring it, and its goal is not measured',
  async (t) => {
    const absent: Contender = { name: 'peer', start: () => Promise.reject(new Absent('install it')) };
    const asked = question([scripted('ours', [done(1)]), absent], {
      goals: [{ row: 'cast', against: 'peer', atLeast: 2 }],
    });
    const answer = await measure(asked, options);
    t.equal(answer.contenders[1]?.absent, 'install it');
    t.equal(answer.goals[0]?.ratio, undefined);
    await t.rejects(measure(question([absent]), options), { message: 'install it' }, 'our own absence is a failure');
  },
);

t.test('an interruption stops those that were started', async (t) => {
  const log: string[] = [];
  const interrupted = new AbortController();
  const ours = scripted('ours', [done(1)], log);
  const say = (line: string): void => {
    if (line.includes('round 2')) interrupted.abort(new Error('SIGINT'));
  };
  await t.rejects(
    measure(question([ours, scripted('peer', [done(1)], log)]), { ...options, say, signal: interrupted.signal }),
  );
  t.same(
    log.filter((line) => line.startsWith('stop')),
    ['stop ours', 'stop peer'],
  );
});
