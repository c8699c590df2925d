/**
 * Agents that err and agents that lie: what is derived again, who decides, and what becomes of everything else that an
 * outvoted agent has said.
 */
import t from 'tap';
import { stableHash } from '#actors/swarm/engine/hash';
import type { JobGraphInput } from '#actors/swarm/engine/graph';
import { type Assign, Job } from './support.js';

type Stages = JobGraphInput['stages'];
const claims: Stages = [{ id: 'one', kind: 'task', skill: 'work', input: 'whole', verify: 'claims' }];
const noSpots = { spotCheckEvery: 0 };
const solo = { capacity: 1 };

t.test('claims are derived again from the narrowed input on another node, and agree in any order', async (t) => {
  const job = new Job(claims, noSpots);
  job.join(['a/1'], solo);
  job.start();
  job.join(['a/2', 'b/1'], solo);
  job.complete('one', { output: 'result', claims: ['x', 'y'], narrowed: 'part' });
  t.match(job.holder('one~1'), { agent: 'b/1', mode: 'verify', input: 'part', attempt: 1 });
  t.same(job.of('finished'), [], 'not before it is verified');
  job.complete('one~1', { output: 'ignored', claims: ['y', 'x', 'x'] });
  t.same(job.of('finished'), [{ type: 'finished', output: 'result' }]);
  t.match(job.account.tasks, { total: 2, completed: 2, verified: 1, disputed: 0, unverifiable: 0 });
  t.same(
    job.account.nodes.map((node) => node.tasks),
    [1, 1],
  );
});

t.test('with one node another executor verifies; with one executor another agent', async (t) => {
  const job = new Job(claims, noSpots);
  job.join(['a/e1/1'], solo);
  job.start();
  job.join(['a/e1/2', 'a/e2/3'], solo);
  job.complete('one', { claims: ['x'] });
  t.equal(job.holder('one~1').agent, 'a/e2/3');
  job.leave('a/e2/3');
  t.equal(job.holder('one~1').agent, 'a/e1/2');
});

t.test('the verification waits for a busy agent of another node rather than take a near one', async (t) => {
  const job = new Job([...claims, { id: 'long', kind: 'task', skill: 'work', input: 0 }], noSpots);
  job.join(['a/1'], solo);
  job.start();
  job.join(['b/1'], solo);
  job.join(['a/2'], solo);
  t.equal(job.holder('long').agent, 'b/1');
  job.complete('one', { claims: ['x'] });
  t.notOk(job.held.has('one~1'));
  job.complete('long');
  t.equal(job.holder('one~1').agent, 'b/1');
});

t.test('a single agent cannot be verified: its result stands, counted as such, and nothing blocks', async (t) => {
  const job = new Job(claims, noSpots);
  job.join(['a/1']);
  job.start();
  job.complete('one', { output: 'result', claims: ['x'] });
  t.same(job.of('finished'), [{ type: 'finished', output: 'result' }]);
  t.match(job.account.tasks, { total: 1, completed: 1, verified: 0, unverifiable: 1 });
});

t.test('the only other agent dies before it verified: the result stands unverified', async (t) => {
  const job = new Job(claims, noSpots);
  job.join(['a/1'], solo);
  job.start();
  job.join(['b/1'], solo);
  job.complete('one', { output: 'result', claims: ['x'] });
  job.leave('b/1');
  t.same(job.of('finished'), [{ type: 'finished', output: 'result' }]);
  t.match(job.account.tasks, { total: 1, completed: 1, verified: 0, unverifiable: 1, rerun: 1 });
});

t.test('a lying author is outvoted two to one, quarantined, and another agent does the task', async (t) => {
  const job = new Job(claims, noSpots);
  job.join(['a/liar'], solo);
  job.start();
  job.join(['b/1', 'c/1'], solo);
  job.complete('one', { output: 'false', claims: ['false'] });
  job.complete('one~1', { claims: ['true'] });
  t.match(job.account.tasks, { disputed: 1 });
  const effects = job.complete('one~2', { claims: ['true'] });
  const entry = { agent: 'a/liar', node: 'a', task: 'one', votesFor: 1, votesAgainst: 2 };
  t.same(effects[0], { type: 'outvoted', ...entry });
  t.match(job.holder('one'), { attempt: 2, mode: 'run' });
  t.not(job.holder('one').agent, 'a/liar');
  job.complete('one', { output: 'honest', claims: ['true'] });
  job.drain(() => ({ claims: ['true'] }));
  t.same(job.of('finished'), [{ type: 'finished', output: 'honest' }]);
  t.same(job.account.outvoted, [entry]);
  t.match(job.account.tasks, { total: 2, completed: 2, verified: 1, disputed: 1 });
  t.equal(job.acceptedOnNodes, 2);
});

t.test('a lying verifier is outvoted and the result stands', async (t) => {
  const job = new Job(claims, noSpots);
  job.join(['a/1'], solo);
  job.start();
  job.join(['b/liar'], solo);
  job.complete('one', { output: 'true', claims: ['true'] });
  job.complete('one~1', { claims: ['false'] });
  job.join(['c/1'], solo);
  job.complete('one~2', { claims: ['true'] });
  t.match(job.of('outvoted'), [{ agent: 'b/liar', task: 'one', votesFor: 1, votesAgainst: 2 }]);
  t.same(job.of('finished'), [{ type: 'finished', output: 'true' }]);
  t.match(job.account.tasks, { total: 2, completed: 2, verified: 1, disputed: 1 });
});

t.test('all that an outvoted agent gave is done again by others: its results, and its votes on theirs', async (t) => {
  const stages: Stages = [
    { id: 'plain', kind: 'task', skill: 'work', input: 0 },
    { id: 'voted', kind: 'task', skill: 'work', input: 1, verify: 'claims', after: ['plain'] },
    { id: 'false', kind: 'task', skill: 'work', input: 2, verify: 'claims', after: ['voted'] },
    { id: 'end', kind: 'reduce', skill: 'work', from: ['plain', 'voted', 'false'] },
  ];
  const job = new Job(stages, noSpots);
  const answer = ({ task, agent }: Assign) => ({
    output: `${task} by ${agent}`,
    claims: [task.startsWith('false') && agent === 'b/liar' ? 'lie' : 'truth'],
  });
  job.join(['b/liar'], solo);
  job.start();
  job.complete('plain', answer(job.holder('plain')));
  job.leave('b/liar');
  job.join(['a/1', 'b/liar'], solo);
  job.drain(answer);
  t.match(job.account.tasks, { completed: 5, verified: 1, disputed: 1, rerun: 1 }, 'one against one');
  t.match(job.state.tasks.get('voted~1')?.accepted, { agent: 'b/liar' });

  job.join(['c/1'], solo);
  job.drain(answer);
  const verdict = job.effects.findIndex((effect) => effect.type === 'outvoted');
  const after = job.effects.slice(verdict).flatMap((effect) => (effect.type === 'assign' ? [effect] : []));
  t.ok(after.length > 0 && after.every((effect) => effect.agent !== 'b/liar'), 'it gets no more work');
  t.match(
    after.find((effect) => effect.task === 'plain'),
    { attempt: 2 },
  );
  t.match(
    after.find((effect) => effect.task === 'voted~2'),
    { agent: 'c/1', mode: 'verify' },
  );
  t.notOk(
    after.some((effect) => effect.task === 'voted'),
    'what others gave stands',
  );
  const { tasks } = job.account;
  t.match(tasks, { verified: 2, disputed: 1, lost: 0, total: 6, completed: 6 });
  t.equal(job.acceptedOnNodes, 6);
  t.equal(job.of('finished').length, 1);
  const shown = job.of('progress').map((effect) => effect.done);
  t.same(
    shown,
    shown.toSorted((a, b) => a - b),
    'progress never runs backwards',
  );
});

t.test('a refuted source that comes out the same leaves what was made of it alone', async (t) => {
  const job = refutedSource();
  job.complete('list', { output: { list: ['x', 'y'] } });
  job.drain(({ input }) => ({ output: input, claims: [`claim ${String(input)}`] }));
  t.same(job.of('finished'), [{ type: 'finished', output: { each: ['x', 'y'] } }]);
  t.notOk(job.effects.some((effect) => effect.type === 'assign' && effect.task === 'each/1' && effect.attempt > 1));
});

t.test('a refuted source that comes out different starts over what was made of it', async (t) => {
  const job = refutedSource();
  job.complete('list', { output: { list: ['p', 'q', 'r'] } });
  job.drain(({ input }) => ({ output: input, claims: [`claim ${String(input)}`] }));
  t.same(job.of('finished'), [{ type: 'finished', output: { each: ['p', 'q', 'r'] } }]);
  t.equal(job.acceptedOnNodes, job.account.tasks.completed);
  t.equal(job.account.tasks.completed, 1 + 3 + 3, 'the list, three tasks and their verifications');
  for (const { done, total } of job.of('progress')) {
    t.ok(done <= total);
  }
});

t.test('a task that fails on a refuted input does not fail the job until the input is confirmed', async (t) => {
  const changed = refutedSource();
  changed.fail('each/1', 'no such file');
  t.same(changed.of('job-failed'), []);
  changed.complete('list', { output: { list: ['p'] } });
  changed.drain(({ input }) => ({ output: input, claims: ['c'] }));
  t.same(changed.of('finished'), [{ type: 'finished', output: { each: ['p'] } }]);

  const confirmed = refutedSource();
  confirmed.fail('each/1', 'no such file');
  const last = confirmed.complete('list', { output: { list: ['x', 'y'] } }).at(-1);
  t.match(last, { type: 'job-failed', error: { code: 'TASK_FAILED', message: /each\/1.*no such file/ } });
});

t.test('a failure two stages below a refuted source waits as well', async (t) => {
  const job = new Job(
    [
      { id: 'list', kind: 'task', skill: 'list', input: 0 },
      { id: 'each', kind: 'map', skill: 'map', over: { stage: 'list', field: 'list' } },
      { id: 'sum', kind: 'reduce', skill: 'map', from: ['each'], retries: 0 },
      { id: 'check', kind: 'task', skill: 'check', input: 0, verify: 'claims', after: ['each'] },
    ],
    noSpots,
  );
  job.join(['a/liar'], { skills: ['list', 'check'] });
  job.join(['b/1'], { skills: ['map'] });
  job.start();
  job.complete('list', { output: { list: ['x'] } });
  job.complete('each/0', { output: 'x' });
  job.join(['c/1', 'd/1'], { skills: ['list', 'check'] });
  job.complete('check', { claims: ['lie'] });
  job.complete('check~1', { claims: ['truth'] });
  job.complete('check~2', { claims: ['truth'] });
  t.match(job.of('outvoted'), [{ agent: 'a/liar', task: 'check' }]);
  job.fail('sum', 'x is unheard of');
  t.same(job.of('job-failed'), []);
  job.complete('list', { output: { list: ['y'] } });
  job.complete('each/0', { output: 'y' });
  t.match(job.holder('sum').input, { results: { each: ['y'] } });
  job.drain(() => ({ output: 'end', claims: ['truth'] }));
  t.equal(job.of('finished').length, 1);
});

/** A liar made the list `x, y` and was outvoted on `each/0`; the list is being made again and `each/1` is running. */
function refutedSource(): Job {
  const job = new Job(
    [
      { id: 'list', kind: 'task', skill: 'work', input: 0 },
      { id: 'each', kind: 'map', skill: 'work', over: { stage: 'list', field: 'list' }, verify: 'claims', retries: 0 },
    ],
    noSpots,
  );
  job.join(['a/liar'], solo);
  job.start();
  job.complete('list', { output: { list: ['x', 'y'] } });
  job.join(['b/1', 'c/1', 'd/1'], solo);
  const [liars, others] = [job.holder('each/0'), job.holder('each/1')];
  t.match([liars.agent, others.agent], ['a/liar', 'b/1']);
  job.complete('each/0', { output: 'lie', claims: ['lie'] });
  job.complete('each/0~1', { claims: ['claim x'] });
  job.complete('each/0~2', { claims: ['claim x'] });
  t.equal(job.of('outvoted').length, 1);
  t.ok(job.held.has('list') && job.held.has('each/1'));
  return job;
}

t.test('a dispute of two waits for a third; when none comes in time the job fails and says why', async (t) => {
  const job = new Job(claims, { ...noSpots, disputeWaitMs: 5_000 });
  job.join(['a/1'], solo);
  job.start();
  job.join(['b/1'], solo);
  job.complete('one', { claims: ['x'] });
  job.complete('one~1', { claims: ['y'] });
  t.equal(job.of('starved').length, 1);
  job.pass(4_999);
  t.same(job.of('job-failed'), []);
  const last = job.pass(1).at(-1);
  t.match(last, {
    type: 'job-failed',
    error: { code: 'NO_MAJORITY', message: /task one: .*no further agent came within 5000 ms/ },
  });
});

t.test('a third that joins in time decides', async (t) => {
  const job = new Job(claims, { ...noSpots, disputeWaitMs: 5_000 });
  job.join(['a/1'], solo);
  job.start();
  job.join(['b/1'], solo);
  job.complete('one', { output: 'x', claims: ['x'] });
  job.complete('one~1', { claims: ['y'] });
  job.pass(4_000);
  job.join(['c/1']);
  job.pass(4_000);
  job.complete('one~2', { claims: ['x'] });
  t.same(job.of('finished'), [{ type: 'finished', output: 'x' }]);
});

t.test('five agents that all say something else fail the job', async (t) => {
  const job = new Job(claims, noSpots);
  job.join(['a/1', 'b/1', 'c/1', 'd/1', 'e/1', 'f/1'], solo);
  job.start();
  job.complete('one', { claims: ['0'] });
  for (const vote of [1, 2, 3]) {
    job.complete(`one~${vote}`, { claims: [`${vote}`] });
  }
  const last = job.complete('one~4', { claims: ['4'] }).at(-1);
  t.match(last, { type: 'job-failed', error: { code: 'NO_MAJORITY', facts: { task: 'one', votes: 5 } } });
});

t.test('three of five is a majority: both liars are outvoted', async (t) => {
  const job = new Job(claims, noSpots);
  job.join(['a/1', 'b/1', 'c/1', 'd/1', 'e/1'], solo);
  job.start();
  job.complete('one', { output: 'right', claims: ['right'] });
  job.complete('one~1', { claims: ['wrong 1'] });
  job.complete('one~2', { claims: ['wrong 2'] });
  job.complete('one~3', { claims: ['right'] });
  t.same(job.of('outvoted'), [], 'two of four is none');
  job.complete('one~4', { claims: ['right'] });
  t.same(
    job.of('outvoted').map(({ votesFor, votesAgainst }) => [votesFor, votesAgainst]),
    [
      [1, 4],
      [1, 4],
    ],
  );
  t.same(job.of('finished'), [{ type: 'finished', output: 'right' }]);
});

t.test('when every agent is outvoted or gone the job starves once and goes on with new ones', async (t) => {
  const job = new Job(claims, noSpots);
  job.join(['a/liar'], solo);
  job.start();
  job.join(['b/1', 'c/1'], solo);
  job.complete('one', { claims: ['lie'] });
  job.complete('one~1', { claims: ['x'] });
  const last = job.holder('one~2').agent;
  job.leave(last === 'b/1' ? 'c/1' : 'b/1');
  job.complete('one~2', { claims: ['x'] });
  job.leave(last);
  job.pass(10);
  t.equal(job.of('starved').length, 1);
  job.join(['d/1']);
  job.complete('one', { output: 'fresh', claims: ['x'] });
  t.same(job.of('finished'), [{ type: 'finished', output: 'fresh' }]);
});

const silent: Stages = [
  { id: 'list', kind: 'task', skill: 'work', input: 0 },
  { id: 'each', kind: 'map', skill: 'work', over: { stage: 'list', field: 'list' }, verify: 'claims' },
];
const list = Array.from({ length: 64 }, (_, index) => index);

t.test('tasks without claims: one in eight is verified on its whole input, always the same ones', async (t) => {
  const job = new Job(silent);
  job.join(['a/1', 'b/1']);
  job.start();
  const verified: string[] = [];
  job.drain((assign) => {
    if (assign.mode === 'verify') {
      verified.push(assign.task.replace('~1', ''));
      t.equal(`each/${String(assign.input)}`, assign.task.replace('~1', ''), 'whole input');
    }
    return { output: assign.task === 'list' ? { list } : null, narrowed: 'nothing to see' };
  });
  const expected = list.map((index) => `each/${index}`).filter((id) => stableHash(id) % 8 === 0);
  t.ok(expected.length >= 3 && expected.length <= 16, `${expected.length} of 64`);
  t.same(verified.toSorted(), expected.toSorted());
});

t.test('an agent that hides what it finds is caught by the sample', async (t) => {
  const job = new Job(silent);
  job.join(['a/liar', 'b/1', 'c/1']);
  job.start();
  job.drain(({ task, agent, input }) => ({
    output: task === 'list' ? { list } : input,
    claims: task === 'list' || agent === 'a/liar' ? [] : [`found ${String(input)}`],
  }));
  t.match(job.of('outvoted'), [{ agent: 'a/liar' }]);
  t.equal(job.account.tasks.verified, 64, 'all that it hid has been found by others');
  t.equal(job.of('finished').length, 1);
});

t.test('spotCheckEvery 0 turns the sample off', async (t) => {
  const job = new Job(silent, noSpots);
  job.join(['a/1', 'b/1']);
  job.start();
  job.drain(({ task }) => ({ output: task === 'list' ? { list } : null }));
  t.match(job.account.tasks, { total: 65, completed: 65, verified: 0 });
});

t.test('verify all derives everything again from the whole input, claims or none', async (t) => {
  const job = new Job([{ id: 'one', kind: 'task', skill: 'work', input: 'whole', verify: 'all' }], noSpots);
  job.join(['a/1', 'b/1'], solo);
  job.start();
  job.complete('one', { output: 1, narrowed: 'part' });
  t.match(job.holder('one~1'), { input: 'whole', mode: 'verify' });
  job.complete('one~1');
  t.match(job.account.tasks, { total: 2, verified: 1 });
});
