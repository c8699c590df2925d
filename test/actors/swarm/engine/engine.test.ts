/**
 * The rules of running a graph, one scenario each: order, expansion, reduction, leases, retries, fencing, loss.
 */
import t from 'tap';
import type { RunAccount } from '#actors/audit/result';
import type { JobGraphInput } from '#actors/swarm/engine/graph';
import { Job } from './support.js';

const map = (id: string, stage: string, more: object = {}) =>
  ({ id, kind: 'map', skill: 'work', over: { stage, field: 'list' }, ...more }) as const;
const task = (id: string, more: object = {}) => ({ id, kind: 'task', skill: 'work', input: id, ...more }) as const;
const reduce = (id: string, from: string[], more: object = {}) =>
  ({ id, kind: 'reduce', skill: 'work', from, ...more }) as const;
const pipeline: JobGraphInput['stages'] = [
  task('list'),
  map('each', 'list'),
  reduce('sum', ['each'], { input: 'plus' }),
];

t.test(
  'a list is mapped and reduced: the reduction sees outputs in instance order, whatever order they came in',
  async (t) => {
    const job = new Job(pipeline);
    job.join(['a/1', 'a/2']);
    job.start();
    job.complete('list', { output: { list: ['x', 'y', 'z'] } });
    t.same([...job.held.keys()].sort(), ['each/0', 'each/1', 'each/2']);
    t.equal(job.holder('each/1').input, 'y');
    for (const id of ['each/2', 'each/0', 'each/1']) {
      job.complete(id, { output: `out ${id}` });
    }
    t.same(job.holder('sum').input, { input: 'plus', results: { each: ['out each/0', 'out each/1', 'out each/2'] } });
    const last = job.complete('sum', { output: 42 });
    t.same(last.at(-1), { type: 'finished', output: 42 });
    t.same(
      job.of('stage-completed').map(({ stage, tasks }) => [stage, tasks]),
      [
        ['list', 1],
        ['each', 3],
        ['sum', 1],
      ],
    );
    t.match(job.of('progress').at(-1), { done: 5, total: 5, rerun: 0 });
  },
);

t.test('a map over an empty list is complete at once', async (t) => {
  const job = new Job(pipeline);
  job.join(['a/1']);
  job.start();
  job.complete('list', { output: { list: [] } });
  t.same(job.holder('sum').input, { input: 'plus', results: { each: [] } });
  job.complete('sum', { output: 0 });
  t.same(job.of('finished'), [{ type: 'finished', output: 0 }]);
});

for (const output of [null, 'text', { list: 'text' }, { other: [] }]) {
  t.test(`a map over ${JSON.stringify(output)} fails the job, naming the stage`, async (t) => {
    const job = new Job(pipeline);
    job.join(['a/1']);
    job.start();
    const last = job.complete('list', { output }).at(-1);
    t.match(last, {
      type: 'job-failed',
      error: { code: 'BAD_GRAPH', message: /stage 'each'.*'list' has no array under 'list'/ },
    });
  });
}

t.test('a task stage waits for the stages it comes after', async (t) => {
  const job = new Job([task('one'), task('two'), task('last', { after: ['one', 'two'] })]);
  job.join(['a/1', 'a/2']);
  job.start();
  job.complete('two');
  t.same([...job.held.keys()], ['one']);
  job.complete('one');
  t.same([...job.held.keys()], ['last']);
  job.complete('last', { output: 'end' });
  t.same(job.of('finished'), [{ type: 'finished', output: 'end' }]);
});

t.test('several sinks give their outputs by stage', async (t) => {
  const job = new Job([task('list'), map('each', 'list'), task('other')]);
  job.join(['a/1', 'a/2']);
  job.start();
  job.complete('other', { output: 'o' });
  job.complete('list', { output: { list: [1, 2] } });
  job.complete('each/1', { output: 'second' });
  job.complete('each/0', { output: 'first' });
  t.same(job.of('finished'), [{ type: 'finished', output: { each: ['first', 'second'], other: ['o'] } }]);
});

t.test('higher priority goes first, then age', async (t) => {
  const job = new Job([task('low-1'), task('low-2'), task('high', { priority: 5 })]);
  job.start();
  job.join(['a/1'], { capacity: 1 });
  const order = [];
  for (let next = [...job.held.keys()][0]; next !== undefined; next = [...job.held.keys()][0]) {
    order.push(next);
    job.complete(next);
  }
  t.same(order, ['high', 'low-1', 'low-2']);
});

t.test('a task that has to be done again keeps its place before younger ones', async (t) => {
  const job = new Job([task('one'), task('two'), task('three')]);
  job.start();
  job.join(['a/1'], { capacity: 1 });
  job.fail('one');
  t.same([...job.held.keys()], ['one']);
});

t.test('an agent holds two tasks unless it says otherwise', async (t) => {
  const job = new Job([task('one'), task('two'), task('three'), task('four'), task('five')]);
  job.start();
  t.equal(job.join(['a/1']).filter((effect) => effect.type === 'assign').length, 2);
  t.equal(job.join(['a/2'], { capacity: 3 }).filter((effect) => effect.type === 'assign').length, 3);
});

t.test('a completion twice, by another agent, or of an old attempt counts once', async (t) => {
  const job = new Job([task('one'), reduce('two', ['one'])]);
  job.join(['a/1', 'b/1']);
  job.start();
  const first = job.holder('one');
  const other = first.agent === 'a/1' ? 'b/1' : 'a/1';
  const answer = { type: 'completed', task: 'one', now: job.now } as const;
  job.send({ ...answer, agent: other, attempt: first.attempt, output: 'stranger' });
  job.send({ ...answer, agent: first.agent, attempt: first.attempt + 1, output: 'future' });
  job.send({ ...answer, agent: first.agent, attempt: first.attempt, output: 'right' });
  job.send({ ...answer, agent: first.agent, attempt: first.attempt, output: 'again' });
  job.send({ ...answer, agent: first.agent, attempt: 1, task: 'unknown', output: 0 });
  t.match(job.account.tasks, { completed: 1, duplicatesIgnored: 4, rerun: 0 });
  t.match(job.holder('two').input, { results: { one: ['right'] } });
  job.complete('two', { output: 2 });
  t.equal(job.acceptedOnNodes, 2);
});

t.test('a lost agent costs no retry: its tasks are with another at once, under a new attempt', async (t) => {
  const job = new Job([task('one', { retries: 0 })]);
  job.join(['a/1']);
  job.start();
  job.join(['b/1']);
  const effects = job.leave('a/1');
  t.match(effects, [
    { type: 'assign', agent: 'b/1', task: 'one', attempt: 2 },
    { type: 'progress', rerun: 1 },
  ]);
  job.send({ type: 'completed', agent: 'a/1', task: 'one', attempt: 1, output: 'late', now: job.now });
  job.complete('one', { output: 'right' });
  t.same(job.of('finished'), [{ type: 'finished', output: 'right' }]);
  t.match(job.account, {
    tasks: { total: 1, completed: 1, rerun: 1, lost: 0, duplicatesIgnored: 1 },
    nodes: [
      { name: 'a', agents: 1, tasks: 0, status: 'lost' },
      { name: 'b', agents: 1, tasks: 1, status: 'alive' },
    ],
  });
});

t.test('a failure costs a retry and another agent tries; when none is left the job fails with the cause', async (t) => {
  const job = new Job([task('one', { retries: 2 })]);
  job.join(['a/1', 'b/1']);
  job.start();
  const tried = [job.holder('one').agent];
  job.fail('one');
  tried.push(job.holder('one').agent);
  t.same(tried.toSorted(), ['a/1', 'b/1']);
  job.fail('one');
  const last = job.fail('one', 'disk on fire').at(-1);
  t.match(last, {
    type: 'job-failed',
    error: {
      code: 'TASK_FAILED',
      message: /task one .* 3 attempts.*disk on fire/,
      facts: { task: 'one', input: 'one' },
    },
  });
  t.match(job.account.tasks, { total: 1, completed: 0, lost: 1, rerun: 2 });
});

t.test('a lease that expires revokes the task and gives it to another; renewing keeps it', async (t) => {
  const job = new Job([task('one', { leaseMs: 1_000, retries: 0 })]);
  job.join(['a/1', 'b/1']);
  job.start();
  const { agent, attempt } = job.holder('one');
  t.same(job.pass(900), []);
  job.send({ type: 'renew', agent, task: 'one', attempt, now: job.now });
  t.same(job.pass(900), [], 'renewed');
  const effects = job.pass(100);
  t.match(effects[0], { type: 'revoke', agent, task: 'one', attempt: 1 });
  t.match(effects[1], { type: 'assign', task: 'one', attempt: 2 });
  t.not(job.holder('one').agent, agent);
  t.same(
    job.send({ type: 'renew', agent, task: 'one', attempt, now: job.now }),
    [{ type: 'revoke', agent, task: 'one', attempt: 1 }],
    'who works in vain is told',
  );
  t.equal(job.account.tasks.rerun, 1);
});

t.test('a task that every agent dies of ends the job rather than the swarm', async (t) => {
  const job = new Job([task('poison')], { maxLosses: 3 });
  job.start();
  for (let life = 1; life <= 4; life += 1) {
    job.join([`a/${life}`]);
    job.leave(`a/${life}`);
  }
  t.match(job.of('job-failed'), [{ error: { code: 'TASK_FAILED', message: /poison was lost 4 times.*a\/4/ } }]);
});

t.test('without agents the job says once that it starves, and goes on when one joins', async (t) => {
  const job = new Job([task('one'), task('two')]);
  t.same(job.start()[0], { type: 'starved', ready: 2, skills: ['work'] });
  job.pass(10);
  job.join(['a/1'], { skills: ['other'] });
  t.equal(job.of('starved').length, 1, 'still the same hunger');
  job.join(['a/2']);
  job.leave('a/2');
  t.equal(job.of('starved').length, 2, 'a new one');
  job.join(['a/3']);
  job.drain();
  t.equal(job.of('finished').length, 1);
});

t.test('cancelling revokes what runs and ends the job; nothing happens after', async (t) => {
  const job = new Job([task('one'), task('two')]);
  job.join(['a/1']);
  job.start();
  const effects = job.send({ type: 'cancel' });
  t.same(
    effects.map((effect) => effect.type),
    ['revoke', 'revoke', 'job-failed'],
  );
  t.match(effects.at(-1), { error: { code: 'JOB_CANCELLED' } });
  t.same(job.send({ type: 'cancel' }), []);
  t.same(job.join(['b/1']), []);
  t.same(job.start(), []);
  t.same(job.send({ type: 'completed', agent: 'a/1', task: 'one', attempt: 1, output: 1, now: 2_000 }), []);
  t.match(job.account.tasks, { completed: 0, lost: 2, duplicatesIgnored: 1 });
});

t.test('reductions run at the coordinator, mapped tasks where their source ran', async (t) => {
  const job = new Job(pipeline, { coordinatorNode: 'c' });
  job.start();
  job.join(['b/1'], { capacity: 9 });
  job.join(['a/1', 'c/1'], { capacity: 9 });
  job.complete('list', { output: { list: [1] } });
  t.equal(job.holder('each/0').agent, 'b/1');
  job.complete('each/0');
  t.equal(job.holder('sum').agent, 'c/1');
});

t.test('a state that is stored between two steps continues as if it had not been', async (t) => {
  const job = new Job(pipeline);
  job.join(['a/1', 'b/1']);
  job.start();
  job.complete('list', { output: { list: [1, 2, 3, 4, 5] } });
  job.state = structuredClone(job.state);
  job.complete('each/1', { output: 1 });
  job.state = structuredClone(job.state);
  job.drain(({ task: id }) => ({ output: id }));
  t.same(job.of('finished'), [{ type: 'finished', output: 'sum' }]);
  t.match(job.account.tasks, { total: 7, completed: 7, rerun: 0, duplicatesIgnored: 0 });
});

t.test('the account of a run has the form that the audit reports', async (t) => {
  const job = new Job([task('one')]);
  job.join(['a/1']);
  job.start();
  job.now += 250;
  job.complete('one');
  const account: RunAccount = job.account;
  t.match(account, { job: 'job-1', startedAt: '1970-01-01T00:00:01.000Z', durationMs: 250, outvoted: [] });
  t.same(account.nodes, [{ name: 'a', roles: ['voter'], agents: 1, tasks: 1, status: 'alive' }]);
});

t.test('five thousand tasks on twelve agents are all done, each once', async (t) => {
  const job = new Job([task('list'), map('each', 'list', { verify: 'claims' }), reduce('sum', ['each'])]);
  job.join(['a', 'b', 'c'].flatMap((node) => [1, 2, 3, 4].map((agent) => `${node}/${agent}`)));
  job.start();
  const list = Array.from({ length: 5_000 }, (_, index) => index);
  const claimsOf = (input: unknown) => (typeof input === 'number' && input % 10 === 0 ? [`claim ${input}`] : []);
  job.drain((assign) => ({
    output: assign.task === 'list' ? { list } : assign.input,
    claims: claimsOf(assign.input),
  }));
  const { tasks } = job.account;
  t.equal(job.of('finished').length, 1);
  t.equal(tasks.total, 5_002 + tasks.verified);
  t.equal(job.acceptedOnNodes, tasks.completed);
  t.ok(tasks.verified > 500 + 4_500 / 16 && tasks.verified < 500 + 4_500 / 4, `${tasks.verified} verified`);
});
