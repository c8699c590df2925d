/**
 * Who gets a task: the terms of the score as a table, then the constraints.
 */
import t from 'tap';
import { type Candidate, chooseAgent, scoreAgent, type SkillHistory } from '#actors/swarm/engine/scheduler';

const agent = (id: string, more: Partial<Candidate> = {}): Candidate => ({
  id,
  node: id[0] ?? '',
  executor: 'e1',
  skills: new Set(['work']),
  capacity: 2,
  alive: true,
  quarantined: false,
  held: new Set(),
  leasesKept: 0,
  leasesExpired: 0,
  history: new Map(),
  ...more,
});
const history = (past: Partial<SkillHistory>) =>
  new Map([['work', { successes: 0, failures: 0, runs: 0, totalMs: 0, ...past }]]);
const request = { skill: 'work', excluded: [], avoided: [], apartFrom: [], nearNode: undefined };

const table = [
  { name: 'a new agent', agent: agent('a1'), terms: [1, 1, 1, 1, 1], total: 1 },
  {
    name: 'half its capacity taken',
    agent: agent('a1', { held: new Set(['x']) }),
    terms: [1, 1, 0.5, 1, 1],
    total: 0.9,
  },
  {
    name: 'one of two leases kept',
    agent: agent('a1', { leasesKept: 1, leasesExpired: 2 }),
    terms: [0.5, 1, 1, 1, 1],
    total: 0.85,
  },
  {
    name: 'as many failures as successes and prior',
    agent: agent('a1', { history: history({ failures: 2 }) }),
    terms: [1, 0.5, 1, 1, 1],
    total: 0.875,
  },
  {
    name: 'twice as slow as the fastest',
    agent: agent('a1', { history: history({ runs: 2, totalMs: 400 }) }),
    terms: [1, 1, 1, 0.5, 1],
    total: 0.925,
  },
  { name: 'far from the data', agent: agent('b1'), terms: [1, 1, 1, 1, 0], total: 0.9 },
];
for (const row of table) {
  t.test(`score: ${row.name}`, async (t) => {
    const score = scoreAgent({ skill: 'work', nearNode: 'a' }, row.agent, 100);
    const { availability, expertise, workload, performance, affinity } = score;
    t.same([availability, expertise, workload, performance, affinity], row.terms);
    t.ok(Math.abs(score.total - row.total) < 1e-9, `total ${score.total}`);
  });
}

t.test('equal scores are ordered by id, whatever the order of the agents', async (t) => {
  const agents = [agent('c1'), agent('a1'), agent('b1')];
  t.equal(chooseAgent(request, agents)?.id, 'a1');
  t.equal(chooseAgent(request, agents.toReversed())?.id, 'a1');
});

t.test('dead, quarantined, unskilled, excluded and full agents get nothing', async (t) => {
  const full = new Set(['x', 'y']);
  const useless = [
    agent('a1', { alive: false }),
    agent('a2', { quarantined: true }),
    agent('a3', { skills: new Set(['other']) }),
    agent('a4'),
    agent('a5', { held: full }),
  ];
  t.equal(chooseAgent({ ...request, excluded: ['a4'] }, useless), undefined);
  t.equal(chooseAgent({ ...request, excluded: ['a4'] }, [...useless, agent('z9')])?.id, 'z9');
});

t.test('an agent that failed the task gets it again only when no other is alive', async (t) => {
  const avoided = ['a1'];
  t.equal(chooseAgent({ ...request, avoided }, [agent('a1'), agent('b1')])?.id, 'b1');
  t.equal(chooseAgent({ ...request, avoided }, [agent('a1')])?.id, 'a1');
  const busy = agent('b1', { held: new Set(['x', 'y']) });
  t.equal(chooseAgent({ ...request, avoided }, [agent('a1'), busy]), undefined, 'it waits for the other');
});

t.test('apart means another node, else another executor, else any other agent', async (t) => {
  const apartFrom = [{ node: 'a', executor: 'e1' }];
  const same = agent('a1');
  const executor = agent('a2', { executor: 'e2' });
  const node = agent('b1', { held: new Set(['x']) });
  t.equal(chooseAgent({ ...request, apartFrom }, [same, executor, node])?.id, 'b1', 'although it is busier');
  t.equal(chooseAgent({ ...request, apartFrom }, [same, executor])?.id, 'a2');
  t.equal(chooseAgent({ ...request, apartFrom }, [same])?.id, 'a1');
});
