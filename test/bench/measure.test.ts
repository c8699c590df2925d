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

t.test('a ratio is the median of rounds, each against its neighbour in time', async (t) => {
  // The machine slows down tenfold in the second round, for both: no ratio sees it.
  const ours = scripted('ours', [done(1), done(10), done(2)]);
  const peer = scripted('peer', [done(2), done(20), done(4)]);
  const { contenders } = await measure(question([ours, peer]), options);
  t.same(contenders[1]?.ratio, { median: 2, least: 2, most: 2 });
  t.same(contenders[0]?.measures['messages/s'], { median: 5_000, least: 1_000, most: 10_000 });
  t.equal(contenders[0]?.ratio, undefined);
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
  t.equal(answer.contenders[1]?.ratio?.median, 1.5);
  t.same(
    answer.goals.map(({ row, ratio }) => [row, ratio]),
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
  t.equal(log.filter((line) => line === 'fast').length, 3 + 1, 'three times 4 ms');
  t.equal(log.filter((line) => line === 'slow').length, 2 + 1, 'twice, although once is 20 ms');
});

t.test('contenders are run forwards and backwards in turns, after a warm-up that does not count', async (t) => {
  const log: string[] = [];
  const plan = { forks: 2, warmups: 1, rounds: 2 };
  const contenders = ['a', 'b'].map((name) => scripted(name, [done(100), done(1), done(1)], log));
  const answer = await measure(question(contenders, { plans: { full: plan, quick: plan } }), options);
  const fork = ['start a', 'start b', 'a', 'b', 'a', 'b', 'b', 'a', 'stop a', 'stop b'];
  t.same(log, [...fork, ...fork]);
  t.equal(answer.contenders[0]?.measures['ms']?.most, 1);
});

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
