/**
 * The equation that the whole system stands on: the digest of an audit is that of the tree, however many executors and
 * nodes did the work, and also when one of them is killed in the middle.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { failureOf, killWorkerAt, startAudit } from '../support/audit.js';
import { makeRepository } from '../support/repository.js';

const home = t.testdir({ repo: {}, out: {} });
const repo = join(home, 'repo');
makeRepository(repo, { files: 420, functions: 8, commits: 12, seed: 7 });
const outOf = (name: string): string => {
  const out = join(home, 'out', name);
  mkdirSync(out, { recursive: true });
  return out;
};

let reference = '';

t.test('two runs on one node give the same digest', async (t) => {
  const first = await startAudit(repo, outOf('first'), ['--executors', '1']).done;
  const second = await startAudit(repo, outOf('second'), ['--executors', '1']).done;
  t.equal(first.code, 0, failureOf(first));
  t.match(first.summary.digest, /^sha256:[0-9a-f]{64}$/);
  t.equal(second.summary.digest, first.summary.digest);
  t.equal(first.summary['files'], 422, 'every file was analysed');
  t.ok(
    Number((first.summary['counts'] as { bySeverity: { high: number } }).bySeverity.high) >= 38,
    'each planted eval was found',
  );
  reference = first.summary.digest;
});

for (const executors of [2, 4]) {
  t.test(`${executors} executors give the digest of one`, async (t) => {
    const run = await startAudit(repo, outOf(`executors-${executors}`), ['--executors', String(executors)]).done;
    t.equal(run.code, 0, failureOf(run));
    t.equal(run.summary.digest, reference);
  });
}

t.test('three nodes give the digest of one', async (t) => {
  const run = await startAudit(repo, outOf('nodes'), ['--nodes', '3']).done;
  t.equal(run.code, 0, failureOf(run));
  t.equal(run.summary.digest, reference);
  const nodes = run.summary['nodes'] as { tasks: number }[];
  t.equal(nodes.length, 3);
  t.ok(
    nodes.every((node) => node.tasks > 0),
    'every node did part of the work',
  );
  t.ok(Number(run.summary.tasks['verified']) > 0, 'high findings were derived again');
});

/** One round proves it in the suite; `SKEP_KILL_ROUNDS=10` shows that it was not luck. */
const rounds = Number(process.env['SKEP_KILL_ROUNDS'] ?? 1);
for (let round = 1; round <= rounds; round += 1) {
  t.test(
    `three nodes, a worker killed with SIGKILL at 40 %: the same digest, nothing lost, nothing twice (${round})`,
    async (t) => {
      const killer = killWorkerAt(0.4);
      const run = await startAudit(repo, outOf(`killed-${round}`), ['--nodes', '3'], killer.onLine).done;
      t.not(killer.killed(), '', 'a worker was killed');
      t.equal(run.code, 0, failureOf(run));
      t.equal(run.summary.digest, reference);
      const { tasks } = run.summary;
      t.equal(tasks['lost'], 0, 'no task was lost');
      t.equal(tasks['completed'], tasks['total'], 'every task counts once');
      t.ok(Number(tasks['rerun']) > 0, `${tasks['rerun']} tasks of the dead node ran again`);
      const nodes = run.summary['nodes'] as { name: string; tasks: number; status: string }[];
      t.equal(nodes.find((node) => node.name === killer.killed())?.status, 'lost', 'the report names the lost node');
      t.equal(
        nodes.reduce((sum, node) => sum + node.tasks, 0),
        tasks['total'],
        "the nodes' tasks add up to all tasks",
      );
    },
  );
}

t.test('an agent that lies is outvoted, named, and changes nothing', async (t) => {
  const run = await startAudit(repo, outOf('liar'), ['--executors', '2', '--lying-agent', '2']).done;
  t.equal(run.code, 0, failureOf(run));
  t.equal(run.summary.digest, reference);
  const outvoted = run.summary['outvoted'] as { agent: string; votesAgainst: number }[];
  t.equal(outvoted.length, 1);
  t.ok(Number(outvoted[0]?.votesAgainst) >= 2);
  t.ok(run.lines.some((line) => line.event === 'outvoted'));
});
