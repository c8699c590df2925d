/** The command: wrong command lines, results that are replaced section by section, comparison and Ctrl-C. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import type { Answer } from '#bench/harness/measure';
import { readOptions } from '#bench/harness/options';
import type { Results } from '#bench/harness/results';
import type { Section } from '#bench/harness/section';

const program = fileURLToPath(new URL('../../bench/main.js', import.meta.url));
const skep = fileURLToPath(new URL('../../cli/main.js', import.meta.url));

function bench(...args: readonly string[]): {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
} {
  return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
}

function section(question: string): Answer {
  return {
    kind: 'question',
    question,
    suite: 'local',
    asks: '?',
    quick: false,
    size: {},
    day: '2001-01-01',
    machine: 'm',
    plan: { forks: 1, warmups: 0, rounds: 1 },
    figure: { measure: 'ms', better: 'less' },
    contenders: [{ name: 'skep', measures: { ms: { median: 1, least: 1, most: 1 } } }],
    goals: [],
    seconds: 1,
  };
}

function tenTimesBetter(answer: Section): Section {
  if (answer.kind !== 'question') return answer;
  const contenders = answer.contenders.map((each) =>
    each.ratio === undefined ? each : { ...each, ratio: { ...each.ratio, median: each.ratio.median * 10 } },
  );
  return { ...answer, contenders };
}

t.test('a wrong command line is told what is wrong', async (t) => {
  for (const [args, pattern] of [
    [['--no-such-flag'], /Unknown option '--no-such-flag'[^]*usage:/],
    [['--out', 'results.txt'], /--out results\.txt: expected the name of a file that ends in \.json/],
    [['compare'], /compare: expected one or two files/],
    [['compare', 'a.json', 'b.json', 'c.json'], /compare: expected one or two files/],
  ] as const)
    t.throws(() => readOptions(args, '/bench'), pattern);
  t.match(readOptions(['compare', 'a.json'], '/bench'), {
    compare: { saved: 'a.json', current: '/bench/results.json' },
  });
});

t.test('skep bench hands its names and flags on, and passes the exit code on', async (t) => {
  const skepBench = (...args: readonly string[]): ReturnType<typeof bench> =>
    spawnSync(process.execPath, [skep, 'bench', ...args], { encoding: 'utf8' });
  const listed = skepBench('idle-actors', 'durability', '--list');
  t.equal(listed.status, 0);
  t.same(
    listed.stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0]),
    ['idle-actors', 'durable-one', 'durable-many'],
  );
  const wrong = skepBench('no-such-name');
  t.equal(wrong.status, 64);
  t.match(wrong.stderr, /no benchmark or suite is named no-such-name; `--list` shows/);
});

t.test('a run writes its sections and leaves the others; a comparison flags a loss', async (t) => {
  const folder = t.testdir();
  const out = join(folder, 'results.json');
  const earlier = { ...section('executor-death'), day: '2001-02-03' };
  writeFileSync(out, JSON.stringify({ sections: [earlier, section('no-longer-asked')] }));
  const { status, stderr } = bench('durable-one', '--quick', '--out', out);
  t.equal(status, 0, stderr);
  const { sections } = JSON.parse(readFileSync(out, 'utf8')) as Results;
  t.same(
    sections.map(({ question }) => question),
    ['durable-one', 'executor-death'],
  );
  t.same(sections[1], earlier);
  t.match(readFileSync(join(folder, 'RESULTS.md'), 'utf8'), /## durable-one[^]*## executor-death[^]*2001-02-03/);
  const better = join(folder, 'better.json');
  writeFileSync(better, JSON.stringify({ sections: sections.map(tenTimesBetter) }));
  const compared = bench('compare', better, out);
  t.equal(compared.status, 1);
  t.match(compared.stdout, /durable-one +plain lmdb.* 0\.10x +LOST/);
});

t.test('Ctrl-C in the middle ends with 130 and leaves no process of a contender', async (t) => {
  const folder = t.testdir();
  const child: ChildProcess = spawn(process.execPath, [program, 'idle-actors', '--out', join(folder, 'results.json')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, SKEP_BENCH_TEST: folder },
  });
  if (child.stderr === null) throw new Error('no stderr');
  for await (const line of createInterface({ input: child.stderr })) if (line.includes('round 1')) break;
  child.kill('SIGINT');
  const [code] = (await once(child, 'exit')) as [number | null];
  t.equal(code, 130);
  t.notOk(existsSync(join(folder, 'results.json')), 'nothing was measured, and nothing is written');
  const left = spawnSync('sh', ['-c', `grep -lsz "SKEP_BENCH_TEST=${folder}" /proc/[0-9]*/environ || true`], {
    encoding: 'utf8',
  });
  t.equal(left.stdout, '');
});
