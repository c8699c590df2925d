/** Durable casts through simulated worlds; the mutants of `mutants/delivery.ts` show that a bug would be seen. */
import t from 'tap';
import { deliveryModel } from '#runtime/simulation/delivery/index';
import { simulate } from 'skep/testing';

t.test('what a durable producer stored is handled, in order and without a gap, whatever befalls the two', async (t) => {
  // As long a campaign as has to meet everything that the model names.
  const { sometimes, events, faults } = simulate(deliveryModel, { seeds: 150, leastSeeds: 150 });
  t.ok((sometimes.get('handled')?.times ?? 0) > 5_000);
  t.ok((sometimes.get('handled again in another life')?.runs ?? 0) > 10);
  t.ok(events > 50_000 && faults > 500, `${events} events, ${faults} faults`);
});
