/**
 * What a job graph may be, and how a wrong one is refused.
 */
import t from 'tap';
import { parseGraph } from '#actors/swarm/engine/graph';

const task = (id: string, after?: readonly string[]) => ({
  id,
  kind: 'task',
  skill: 'work',
  input: 1,
  ...(after && { after }),
});

t.test('a graph gets its defaults', async (t) => {
  const graph = parseGraph({ name: 'audit', stages: [{ id: 'one', kind: 'task', skill: 'work' }] });
  t.same(graph.stages, [
    {
      id: 'one',
      kind: 'task',
      skill: 'work',
      input: null,
      after: [],
      priority: 0,
      retries: 3,
      leaseMs: 60_000,
      verify: 'none',
    },
  ]);
});

const refused: readonly { readonly name: string; readonly stages: unknown; readonly message: RegExp }[] = [
  { name: 'no stages', stages: [], message: /^stages: / },
  { name: 'two stages of one id', stages: [task('a'), task('a')], message: /stage 'a': its id is used twice/ },
  { name: 'an id in capitals', stages: [task('Ab')], message: /stage 'Ab': id: expected 1 to 64 lower-case/ },
  { name: 'an id of 65 characters', stages: [task('a'.repeat(65))], message: /id: expected 1 to 64/ },
  { name: 'a stage without a skill', stages: [{ id: 'a', kind: 'task', input: 1 }], message: /stage 'a': skill: / },
  { name: 'a stage of no known kind', stages: [{ ...task('a'), kind: 'fold' }], message: /stage 'a': kind: / },
  { name: 'a stage without an id', stages: [task('a'), { kind: 'task', skill: 'work' }], message: /stage '#2': id: / },
  { name: 'a misspelt option', stages: [{ ...task('a'), retry: 2 }], message: /stage 'a': .*retry/ },
  { name: 'negative retries', stages: [{ ...task('a'), retries: -1 }], message: /stage 'a': retries: / },
  {
    name: 'after a stage that does not exist',
    stages: [task('a', ['b'])],
    message: /stage 'a': after names the stage 'b'/,
  },
  {
    name: 'a stage named twice',
    stages: [task('a'), task('b', ['a', 'a'])],
    message: /stage 'b': after names a stage twice/,
  },
  { name: 'a stage after itself', stages: [task('a', ['a'])], message: /stage 'a': it waits for itself: a -> a/ },
  {
    name: 'a cycle of three',
    stages: [task('x'), task('a', ['c', 'x']), task('b', ['a']), task('c', ['b'])],
    message: /waits for itself: a -> c -> b -> a/,
  },
  {
    name: 'a cycle through a reduction',
    stages: [task('a', ['r']), { id: 'r', kind: 'reduce', skill: 'sum', from: ['a'] }],
    message: /waits for itself: a -> r -> a/,
  },
  {
    name: 'a map over a reduction',
    stages: [
      task('a'),
      { id: 'r', kind: 'reduce', skill: 'sum', from: ['a'] },
      { id: 'm', kind: 'map', skill: 'work', over: { stage: 'r', field: 'list' } },
    ],
    message: /stage 'm': over.stage names 'r', which is not a stage of kind task/,
  },
  {
    name: 'a map over nothing',
    stages: [{ id: 'm', kind: 'map', skill: 'work', over: { stage: 'nope', field: 'list' } }],
    message: /stage 'm': over.stage names the stage 'nope'/,
  },
  {
    name: 'a reduction of nothing',
    stages: [{ id: 'r', kind: 'reduce', skill: 's', from: [] }],
    message: /stage 'r': from: /,
  },
];

for (const { name, stages, message } of refused) {
  t.test(`${name} is refused, naming the stage`, async (t) => {
    t.throws(() => parseGraph({ name: 'job', stages }), { name: 'SkepError', code: 'BAD_GRAPH', message });
  });
}

for (const value of [undefined, null, 7, 'graph', [], { stages: 3 }, { name: 'x', stages: [null] }]) {
  t.test(`${JSON.stringify(value)} is no graph, and says so with a code`, async (t) => {
    t.throws(() => parseGraph(value), { code: 'BAD_GRAPH' });
  });
}
