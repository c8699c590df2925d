/**
 * Many actors at once: a pool, routers, a group, topics, callMany and reliable delivery, on two threads. Run it after
 * `npm run build`:
 *
 *     node dist/examples/routers.js
 */
import { ActorSystem } from '#runtime';
import { cashier, clerk, packer } from './shop.js';

const system = await ActorSystem.create({
  executors: 2,
  modules: [new URL('./shop.js', import.meta.url).href],
  log: { level: 'silent', format: 'json' },
});

// Topics: one clerk for a region, one for all. Both joined the group `clerks` in their init.
const clerks = [
  await system.spawn(clerk, { pattern: 'parcels.eu.*' }, { executor: 1 }),
  await system.spawn(clerk, { pattern: 'parcels.>' }, { executor: 2 }),
] as const;

// A pool of four over both threads, reached by the key of the message: one customer, one packer.
const packers = await system.pool(packer, undefined, {
  size: 4,
  router: { strategy: 'consistent-hash', key: (message) => (message as { customer: string }).customer },
});
const orders = ['ada', 'bob', 'eve', 'ada', 'bob', 'eve'].map((customer) => ({
  customer,
  region: customer === 'bob' ? 'us' : 'eu',
}));
const packed = await Promise.all(orders.map((order) => packers.call('pack', order)));
const homes = new Map(orders.map(({ customer }, index) => [customer, packed[index]?.packer]));
const same = orders.every(({ customer }, index) => homes.get(customer) === packed[index]?.packer);
console.log(`packed ${packed.length} parcels; each customer has one packer: ${same}`);

const [eu, all] = await Promise.all([heard(0, 4), heard(1, 6)]);
console.log(`the clerk of eu heard of ${eu.join(' ')}`);
console.log(`the clerk of all heard of ${all.join(' ')}`);

// callMany: every outcome in the order of the refs.
const routees = packers.routees.map((address) => system.ref(packer, address));
const outcomes = await system.callMany(routees, 'packed', undefined, { timeoutMs: 1_000 });
const counts = outcomes.map((outcome) => (outcome.ok ? outcome.reply : 0));
console.log(`${outcomes.length} packers packed ${counts.reduce((sum, count) => sum + count)} in all`);

// A router over a group: whoever answers first.
const quotes = await system.router(clerk, { group: 'clerks' }, { strategy: 'scatter-gather-first' });
console.log(`a quote of ${quotes.routees.length} clerks: ${await quotes.call('quote', 21)}`);

// The pool shrinks by hand; the routees that leave finish what they have.
console.log(`the pool has ${(await packers.resize(2)).size} packers now`);

// Reliable delivery: the cashier crashes at the third bill, and it is handled all the same, in its place.
const till = await system.spawn(cashier, undefined);
for (const amount of [1, 2, 3, 4]) till.cast('bill', amount);
let bills: readonly number[] = [];
while (!bills.includes(4)) bills = await till.call('bills');
console.log(`bills of the life after the crash: ${bills.join(' ')}`);

await system.shutdown();
console.log('done');

/** The customers that a clerk heard of, once there are so many. */
async function heard(which: 0 | 1, count: number): Promise<readonly string[]> {
  for (;;) {
    const customers = await clerks[which].call('customers');
    if (customers.length >= count) return customers;
  }
}
