/** `skep load` against a real cluster: side effects, a node that is killed meanwhile, Ctrl-C, and what people mistype. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { run, start, up } from '#test/support/cli';
import { eventually } from '#test/support/eventually';

/** What `--json` printed, as far as it is looked at here. */
interface Report {
  readonly wanted: number;
  readonly interrupted: boolean;
  readonly kept: boolean;
  readonly outstanding: number;
  readonly activeMs: number;
  readonly totals: { readonly acknowledged: number; readonly failed: number; readonly errors: Record<string, number> };
  readonly verified: Readonly<Record<'acknowledged' | 'handled' | 'unverified' | 'lost', number>>;
  readonly memory: readonly { readonly node: string; readonly mostBytes: number }[];
  readonly windows: readonly unknown[];
}

// What the machine is busy with must not decide on these tests.
const patient = ['--slo-p99', '60000'];

function reportOf(stdout: string): Report {
  return JSON.parse(stdout) as Report;
}

t.test('a load does as many calls as it says, each with its effect, and leaves no actor behind', async (t) => {
  const cwd = t.testdir({});
  const skep = (...args: readonly string[]) => run(args, { cwd });
  await up(t, ['--nodes', '2'], { cwd });

  const svg = join(cwd, 'spike.svg');
  const spike = await skep('load', 'spike', '--rate', '200', '--duration', '2', '--svg', svg, '--json', ...patient);
  t.equal(spike.code, 0, spike.stderr);
  const report = reportOf(spike.stdout);
  t.equal(report.wanted, 720, '200/s for 1.6 s and 1,000/s for 0.4 s');
  t.equal(report.totals.acknowledged, 720);
  t.same(report.verified, { acknowledged: 720, handled: 720, unverified: 0, lost: 0 });
  t.same(
    report.memory.map(({ node, mostBytes }) => [node, mostBytes > 1_000_000]),
    [
      ['node-1', true],
      ['node-2', true],
    ],
  );
  t.match(readFileSync(svg, 'utf8'), /^<svg [^]*skep load spike: 2 nodes, 32 actors[^]*<\/svg>\n$/);
  // They are asked to stop; that they are gone shows a moment later.
  await eventually(
    'no target is left',
    async () => !/skep\.load/.test((await skep('status', '--actors', '--all')).stdout),
  );

  const smoke = await skep('load', 'smoke', '--rate', '400', '--duration', '1', '--actors', '3', '--slo-p99', '0.01');
  t.equal(smoke.code, 1, 'a threshold that is not kept');
  t.match(smoke.stdout, /20 handled for 20 acknowledged\n/);
  t.match(smoke.stdout, /BROKEN p99 ms, at most 0.01/);
  t.match(smoke.stderr, /calling 3 actors on node-1, node-2/);

  await t.test('Ctrl-C ends it with the figures so far, exit code 130 and no actor left', async (t) => {
    const load = start(['load', 'soak', '--rate', '100', '--json', ...patient], { cwd });
    await eventually(
      'targets live',
      async () => /skep\.load/.test((await skep('status', '--actors', '--all')).stdout),
      30_000,
    );
    load.child.kill('SIGINT');
    const { code, stdout, stderr } = await load.done;
    t.equal(code, 130, stderr);
    const { interrupted, totals, verified, activeMs } = reportOf(stdout);
    t.ok(interrupted);
    t.ok(activeMs < 1_800_000);
    t.equal(verified.lost, 0);
    t.ok(verified.handled >= totals.acknowledged);
    await eventually(
      'no target is left',
      async () => !/skep\.load/.test((await skep('status', '--actors', '--all')).stdout),
    );
  });
});

t.test(
  'kill -9 of a node under load: failures are counted by code, the run ends, and nothing else is lost',
  async (t) => {
    const cwd = t.testdir({});
    const cluster = await up(t, ['--nodes', '2', '--no-restart'], { cwd });
    const [, pid] = await cluster.waitFor(/node-2 is ready \(pid (\d+)\)/);
    const load = start(['load', 'soak', '--rate', '200', '--duration', '12', ...patient], { cwd });
    await load.waitFor(/load soak: /);
    process.kill(Number(pid), 'SIGKILL');
    const { code, stdout, stderr } = await load.done;
    t.equal(code, 1, stderr);
    t.match(stdout, /errors +.*NODE_DOWN [\d,]+/);
    t.match(stdout, /BROKEN errors %, at most 1/);
    t.match(stdout, /side effects +[\d,]+ handled for [\d,]+ acknowledged; [\d,]+ acknowledged by actors that ended/);
    t.match(stdout, /kept +acknowledged calls without effect, at most 0: 0/);
    const [, acknowledged = '', wanted = ''] = /calls +([\d,]+) acknowledged of ([\d,]+) wanted/.exec(stdout) ?? [];
    t.equal(wanted, '2,400');
    const count = Number(acknowledged.replaceAll(',', ''));
    t.ok(count > 1_000 && count < 2_400, `${count}: the node that lives goes on answering`);
  },
);

t.test('what is mistyped is named, with exit code 64 and nothing started', async (t) => {
  const cwd = t.testdir({});
  const skep = (...args: readonly string[]) => run(args, { cwd });
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['avalanche'], /no scenario \\"avalanche\\"; there are: smoke, load, stress, spike, soak, breakpoint/],
    [['smoke', '--rate', 'many'], /--rate.*whole number from 1 to 1000000/],
    [['smoke', '--rate', '0'], /--rate/],
    [['smoke', '--duration', '-5'], /--duration.*expected seconds/],
    [['smoke', '--slo-p99', 'fast'], /--slo-p99.*expected milliseconds/],
    [['smoke', '--errors', '101'], /--errors.*percentage from 0 to 100/],
    [['smoke', '--actors', '1e3'], /--actors/],
    [[], /missing required argument/],
  ];
  const ended = await Promise.all(cases.map(([args]) => skep('load', ...args, '--json')));
  for (const [index, [args, says]] of cases.entries()) {
    const { code, stdout = '' } = ended[index] ?? {};
    t.equal(code, 64, args.join(' '));
    t.match(stdout, /"code": "BAD_USAGE"/);
    t.match(stdout, says);
  }
  const unwritable = await skep('load', 'smoke', '--svg', join(cwd, 'no-folder', 'a.svg'), '--json');
  t.equal(unwritable.code, 73);
  t.match(unwritable.stdout, /OUTPUT_UNWRITABLE[^]*no-folder/);
});

t.test('without a cluster it says so at once, and writes no empty report', async (t) => {
  const cwd = t.testdir({});
  const { code, stderr } = await run(['load', 'smoke', '--svg', 'smoke.svg'], { cwd });
  t.equal(code, 69);
  t.match(stderr, /NO_CLUSTER/);
  t.notOk(existsSync(join(cwd, 'smoke.svg')));
});
