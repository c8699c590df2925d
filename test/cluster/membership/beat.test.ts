/** What may come over the wire as a heartbeat: either it is one, or it is nothing. */
import fc from 'fast-check';
import t from 'tap';
import { decodeBeat, encodeBeat } from '#cluster/membership/beat';
import { memberOf } from './member.js';

const beat = { phase: 'alive', instance: 'i-1', member: memberOf('node-1') } as const;

t.test('a heartbeat reads back as it was written', async (t) => {
  t.same(decodeBeat(encodeBeat(beat)), beat);
});

t.test('what is no heartbeat is undefined, never an error', async (t) => {
  const { member } = beat;
  const wrong: unknown[] = [
    null,
    'alive',
    { ...beat, phase: 'dead' },
    { ...beat, instance: '' },
    { ...beat, member: { ...member, name: 'a.b' } },
    { ...beat, member: { ...member, incarnation: 'K1' } },
    { ...beat, member: { ...member, executors: [-1] } },
    { ...beat, member: { ...member, load: 'high' } },
    { ...beat, member: { ...member, roles: Array.from({ length: 2_000 }, () => 'worker') } },
  ];
  for (const value of wrong)
    t.equal(decodeBeat(new TextEncoder().encode(JSON.stringify(value))), undefined, JSON.stringify(value).slice(0, 80));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => decodeBeat(bytes) === undefined));
});
