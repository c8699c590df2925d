/** The example of many actors prints the same whatever the threads do. */
import t from 'tap';
import { runExample } from './run.js';

t.test(
  'examples/routers shows pool, topics, callMany, a group and reliable delivery, and ends by itself',
  async (t) => {
    const { code, lines, errors } = await runExample('routers');
    t.same(lines, [
      'packed 6 parcels; each customer has one packer: true',
      'the clerk of eu heard of ada ada eve eve',
      'the clerk of all heard of ada ada bob bob eve eve',
      '4 packers packed 6 in all',
      'a quote of 2 clerks: 42',
      'the pool has 2 packers now',
      'bills of the life after the crash: 3 4',
      'done',
    ]);
    t.equal(errors, '');
    t.equal(code, 0);
  },
);
