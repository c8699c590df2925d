/** `skep simulate` as it is used: campaigns, failures with their files, one run again, Ctrl-C, and what people mistype. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { runCampaign } from '#cli/simulate/campaign';
import { Models } from '#cli/simulate/models';
import { planText, readPlan } from '#cli/simulate/plan-file';
import { Threads } from '#cli/simulate/threads';
import { planOf } from '#runtime/simulation/run';
import { run, start } from '#test/support/cli';
import { toyModel } from '#test/simulation/toy';

const toy = fileURLToPath(new URL('../simulation/toy.js', import.meta.url));
const others = fileURLToPath(new URL('../testdata/simulated-models.js', import.meta.url));

/** What `--json` printed, as far as it is looked at here. */
interface Report {
  readonly good: boolean;
  readonly models: readonly {
    readonly model: string;
    readonly runs: number;
    readonly events: number;
    readonly virtualSeconds: number;
    readonly faults: number;
    readonly sometimes: Readonly<Record<string, { readonly times: number; readonly runs: number }>>;
    readonly interrupted: boolean;
    readonly vacuous: readonly string[];
    readonly failure?: {
      readonly seed: number;
      readonly invariant: string;
      readonly again: string;
      readonly plan: readonly string[];
      readonly smaller?: { readonly from: number; readonly to: number; readonly again: string };
      readonly unsteady?: boolean;
      readonly files: { readonly plan: string; readonly trace: string };
    };
  }[];
}

const reportOf = (stdout: string): Report => JSON.parse(stdout) as Report;

t.test('a campaign comes to the same sums on one thread and on three', async (t) => {
  const { signal } = new AbortController();
  const [one, three] = await Promise.all(
    [1, 3].map(async (jobs) => {
      const threads = new Threads(jobs, [toy], signal);
      t.teardown(() => threads.stop());
      const told: number[] = [];
      const campaign = { model: 'toy', from: 11, seeds: 100, jobs };
      const result = await runCampaign(campaign, threads, signal, ({ tally }) => told.push(tally.runs));
      t.equal(told.at(-1), 100);
      t.same(result.failed, undefined);
      return result.tally;
    }),
  );
  t.ok((one?.events ?? 0) > 10_000 && (one?.virtualUs ?? 0) > 200e6);
  const plain = (tally: typeof one) => ({ ...tally, sometimes: Object.fromEntries(tally?.sometimes ?? []) });
  t.same(plain(three), plain(one));
});

t.test('the failure with the lowest seed counts, whatever the number of threads', async (t) => {
  const { signal } = new AbortController();
  const found = await Promise.all(
    [1, 2, 4].map(async (jobs) => {
      const threads = new Threads(jobs, [others], signal);
      t.teardown(() => threads.stop());
      const campaign = { model: 'buggy', from: 1, seeds: 500, jobs };
      return (await runCampaign(campaign, threads, signal, () => {})).failed;
    }),
  );
  t.equal(found[0]?.failure.invariant, 'Durability');
  t.same(found[1], found[0]);
  t.same(found[2], found[0]);
});

t.test('people see seeds, events, virtual time, faults and what was met', async (t) => {
  const command = ['simulate', 'toy', '--module', toy, '--seeds', '50'];
  const { code, stdout, stderr } = await run(command, { cwd: t.testdir({}) });
  t.equal(code, 0, stderr);
  t.match(stdout, /^toy: a log that one node copies to the others$/m);
  t.match(stdout, /seeds +50 of 50, 1 to 50: no violation/);
  t.match(stdout, /events +[\d,.k]+ in .*events\/s on \d+ threads?, .* on each/);
  t.match(stdout, /virtual +\d+m? .*a run/);
  t.match(stdout, /faults +\d+, [\d.]+ a run; \d+ % of runs had three or more/);
  t.match(stdout, /acknowledged +[\d,]+ +\d+ \(\d+ %\)/);
  t.match(stderr, /simulate toy: 50 of 50 seeds/);
});

t.test('a failure gives exit code 1, a command to see it again, a smaller plan and two files', async (t) => {
  const cwd = t.testdir({});
  const module = ['--module', others];
  const { code, stdout } = await run(['simulate', 'buggy', ...module, '--seeds', '500', '--json', '--jobs', '2'], {
    cwd,
  });
  t.equal(code, 1);
  const { good, models } = reportOf(stdout);
  t.notOk(good);
  const failure = models[0]?.failure;
  if (failure === undefined) throw new Error('there is no failure');
  t.equal(failure.invariant, 'Durability');
  t.equal(failure.again, `skep simulate buggy --seed ${failure.seed} --module ${others}`);
  t.ok((failure.smaller?.to ?? 99) <= 3 && (failure.smaller?.from ?? 0) > 10);
  const trace = readFileSync(join(cwd, failure.files.trace), 'utf8');
  t.match(trace, new RegExp(`^# buggy, seed ${failure.seed}, trace [0-9a-f]{16}: breaks Durability`));
  t.match(trace, /n1 +synced|fault/);

  await t.test('the same seed fails again', async (t) => {
    const again = await run(failure.again.split(' ').slice(1).concat('--no-shrink', '--out', 'other'), { cwd });
    t.equal(again.code, 1);
    t.match(again.stdout, new RegExp(`seed ${failure.seed} breaks Durability`));
    t.ok(existsSync(join(cwd, `other/buggy-${failure.seed}.plan.json`)));
  });

  await t.test('the plan in the file is the smaller run', async (t) => {
    const planFile = failure.files.plan;
    const flags = ['simulate', 'buggy', ...module, '--plan', join(cwd, planFile)];
    const { code, stdout, stderr } = await run([...flags, '--trace'], { cwd: t.testdir({}) });
    t.equal(code, 1);
    t.match(stderr, /breaks Durability/);
    t.match(stdout, /^# buggy, seed \d+/);
  });
});

t.test('--seed --trace prints every event of one run, and the same ones each time', async (t) => {
  const cwd = t.testdir({});
  const args = ['simulate', 'toy', '--module', toy, '--seed', '7', '--trace'];
  const first = await run(args, { cwd });
  t.equal(first.code, 0, first.stderr);
  t.match(first.stdout, /^# toy, seed 7, trace [0-9a-f]{16}: no violation\n# \d nodes/);
  t.match(first.stdout, /^ +1 +\d+\.\d{6} /m, 'from the first event on');
  t.match(first.stdout, /^n1 [\d ]+$/m, 'the state of the nodes at the end');
  const file = await run([...args, 'toy.txt', '--json'], { cwd });
  t.same(JSON.parse(file.stdout), { trace: 'toy.txt' });
  t.equal(readFileSync(join(cwd, 'toy.txt'), 'utf8'), first.stdout);
});

t.test('a long campaign that meets nothing is vacuous, and fails', async (t) => {
  const flags = ['--module', others, '--seeds', '1000'];
  const { code, stdout } = await run(['simulate', 'hollow', ...flags], { cwd: t.testdir({}) });
  t.equal(code, 1);
  t.match(stdout, /1 to 1000: VACUOUS/);
  t.match(stdout, /vacuous +never met: a unicorn/);
  t.match(stdout, /0 % of the runs had 3 faults or more; 30 % have to/);
});

t.test('a model that is not deterministic is told so', async (t) => {
  const { code, stdout } = await run(
    ['simulate', 'unsteady', '--module', others, '--seeds', '3', '--json', '--jobs', '1'],
    {
      cwd: t.testdir({}),
    },
  );
  t.equal(code, 1);
  t.match(reportOf(stdout).models[0]?.failure, { invariant: 'Liveness', unsteady: true });
});

t.test('Ctrl-C ends a campaign in the middle of a run, with the figures so far and exit code 130', async (t) => {
  const simulation = start(['simulate', 'slow', '--module', others, '--jobs', '2'], { cwd: t.testdir({}) });
  await simulation.waitFor(/simulating slow: seeds 1 to 1000 on 2 threads/);
  simulation.child.kill('SIGINT');
  const { code, stdout, stderr } = await simulation.done;
  t.equal(code, 130, stderr);
  t.match(stdout, /seeds +0 of 1,000: interrupted/);
});

t.test('wrong command lines are told what is wrong with them', async (t) => {
  const cwd = t.testdir({ 'no-plan.json': '{}' });
  const cases: readonly { readonly args: readonly string[]; readonly code: number; readonly says: RegExp }[] = [
    { args: ['paxos'], code: 64, says: /BAD_USAGE: no model "paxos"; there are: .*toy, all/ },
    {
      args: ['toy', '--seed', '3', '--seeds', '9'],
      code: 64,
      says: /'--seed <seed>' cannot be used with option '--seeds/,
    },
    { args: ['toy', '--from', '9007199254740991', '--seeds', '2'], code: 64, says: /expected seeds up to 2\^53 - 1/ },
    { args: ['toy', '--plan', 'no-plan.json'], code: 66, says: /BAD_PLAN: --plan: no-plan\.json is not a plan/ },
  ];
  await Promise.all(
    cases.map(async ({ args, code, says }) => {
      const ended = await run(['simulate', ...args, '--module', toy], { cwd });
      t.equal(ended.code, code, `skep simulate ${args.join(' ')}: ${ended.stderr}`);
      t.match(ended.stderr, says);
      t.notMatch(ended.stderr, /\n\s+at .+:\d+:\d+/, 'no stack trace');
    }),
  );
});

t.test(
  'a plan in a file is read as it was written; one that makes no sense is refused, and so is a module without a model',
  async (t) => {
    const plan = planOf(toyModel(), 3);
    const text = planText({ model: 'toy', seed: 3, plan });
    const cwd = t.testdir({
      'good.json': text,
      'not.json': 'no json',
      'far.json': text.replace(/"lost": \[[^\]]*\]/, '"lost": [99]'),
      'kind.json': text.replace(/"kind": "\w+"/, '"kind": "meteor"'),
      'broken.js': 'export const = 1;\n',
      'nothing.js': 'export const nothing = 1;\n',
    });
    const read = (name: string) => readPlan(join(cwd, name));
    t.same(await read('good.json'), { format: 'skep simulation plan 1', model: 'toy', seed: 3, plan });
    await t.rejects(read('gone.json'), { code: 'PATH_UNREADABLE', message: /gone\.json/ });
    await t.rejects(read('not.json'), { code: 'BAD_PLAN', message: /not\.json is not a plan/ });
    await t.rejects(read('far.json'), { code: 'BAD_PLAN', message: /names a node that its size does not have/ });
    await t.rejects(read('kind.json'), { code: 'BAD_PLAN', message: /faults\[0\]\.kind/ });
    await t.rejects(Models.of([join(cwd, 'broken.js')]), { code: 'MODULE_FAILED', message: /could not be loaded/ });
    await t.rejects(Models.of([join(cwd, 'nothing.js')]), { code: 'MODULE_FAILED', message: /exports no model/ });
    const models = await Models.of([toy]);
    await t.rejects(models.etcdTrace('toy'), { code: 'BAD_USAGE', message: /no traces in the form of etcd/ });
    await t.rejects(models.load('paxos'), { code: 'BAD_USAGE', facts: { known: models.names } });
  },
);
