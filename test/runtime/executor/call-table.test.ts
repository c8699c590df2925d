/** The table of calls against a dumb twin: a map by id. */
import fc from 'fast-check';
import type { ActorAddress } from '#protocols/wire/address';
import { SkepError } from '#protocols/wire/error';
import { CallTable } from '#runtime/executor/calls';
import { VirtualClock } from '#runtime/testing/virtual-clock';
import t from 'tap';

const here = 'a@i1/0/16' as ActorAddress;
const there = 'b@i1/0/16' as ActorAddress;

t.test('calls that wait for long and calls that end at once: each ends once, with its own answer', async () => {
  const step = fc.oneof(
    fc.record({ type: fc.constant('open' as const), gone: fc.boolean() }),
    fc.record({ type: fc.constant('open' as const), gone: fc.boolean() }),
    fc.record({ type: fc.constantFrom('reply' as const, 'fail' as const), index: fc.nat(60) }),
    fc.record({ type: fc.constantFrom('reply' as const, 'fail' as const), index: fc.nat(60) }),
    fc.record({ type: fc.constant('lose' as const) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
      const table = new CallTable(new VirtualClock(), 2 ** 32 + 5, () => {});
      const ids: number[] = [];
      const got: string[] = [];
      const expected: string[] = [];
      const open = new Map<number, ActorAddress>();
      const settle = (id: number, outcome: string): boolean => {
        if (open.delete(id)) expected.push(`${id} ${outcome}`);
        return true;
      };
      for (const each of steps) {
        if (each.type === 'open') {
          const to = each.gone ? there : here;
          let id = 0;
          ({ id } = table.open(to, 'get', 1_000, {
            resolve: (value) => got.push(`${id} ${String(value)}`),
            reject: ({ code }) => got.push(`${id} ${code}`),
          }));
          if (open.has(id) || ids.includes(id)) return false;
          open.set(id, to);
          ids.push(id);
        } else if (each.type === 'lose') {
          for (const [id, to] of open) if (to === there) settle(id, 'EXECUTOR_DOWN');
          table.failWhere(
            (to) => to === there,
            () => new SkepError('EXECUTOR_DOWN', 'gone'),
          );
        } else {
          const id = ids[each.index] ?? 0;
          const known = open.has(id);
          settle(id, each.type === 'reply' ? `value ${id}` : 'CALL_TIMEOUT');
          const error = new SkepError('CALL_TIMEOUT', 'late');
          if ((each.type === 'reply' ? table.reply(id, `value ${id}`) : table.fail(id, error)) !== known) return false;
        }
        if (table.size !== open.size) return false;
      }
      return JSON.stringify(got) === JSON.stringify(expected);
    }),
  );
});

t.test('calls whose callee never answers keep their slots while a hundred thousand others pass', async (t) => {
  const clock = new VirtualClock();
  const gone: number[] = [];
  const table = new CallTable(clock, 16, (id) => gone.push(id));
  const failed: number[] = [];
  const waiting = Array.from({ length: 9 }, () => {
    const call = table.open(here, 'hang', 5_000, {
      resolve: () => t.fail('nobody answered'),
      reject: () => failed.push(call.id),
    });
    table.expire(call, 5_000, clock.now());
    return call.id;
  });
  let answered = 0;
  for (let n = 0; n < 100_000; n += 1) {
    const { id } = table.open(here, 'get', 5_000, {
      resolve: () => (answered += 1),
      reject: () => t.fail('it failed'),
    });
    table.reply(id, n);
  }
  t.equal(answered, 100_000);
  t.equal(table.size, 9);
  clock.advance(5_000);
  t.same(failed, waiting, 'each expires, oldest first');
  t.same(gone, waiting, 'and its callee is told');
  t.equal(table.size, 0);
});
