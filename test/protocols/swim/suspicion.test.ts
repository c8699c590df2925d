/** How long a suspicion lasts: memberlist's own tables, and the dogpile of Lifeguard in a group. */
import { lan, wan } from '#protocols/swim/settings';
import { confirm, newSuspicion, suspicionTimeoutMs, suspicionTimes } from '#protocols/swim/suspicion';
import t from 'tap';
import { Group, suspect } from './group.js';

t.test("the time that remains is that of memberlist's TestSuspicion_remainingSuspicionTime", (t) => {
  const cases = [
    [0, 3, 0, 30_000],
    [1, 3, 2_000, 14_000],
    [2, 3, 3_000, 4_810],
    [3, 3, 4_000, -2_000],
    [4, 3, 5_000, -3_000],
    [5, 3, 10_000, -8_000],
  ] as const;
  for (const [confirmations, wanted, elapsedMs, remainingMs] of cases)
    t.equal(suspicionTimeoutMs(confirmations, wanted, 2_000, 30_000) - elapsedMs, remainingMs);
  t.end();
});

t.test('min and max grow with the logarithm of the group, and few members hope for no confirmation', (t) => {
  const inSeconds = (n: number, settings = lan) => {
    const { minMs, maxMs, wanted } = suspicionTimes(settings, n);
    return [minMs / 1_000, maxMs / 1_000, wanted];
  };
  t.same(inSeconds(1), [4, 24, 0]);
  t.same(inSeconds(3), [4, 24, 0]);
  t.same(inSeconds(4), [4, 24, 2]);
  t.same(inSeconds(100), [8, 48, 2]);
  t.same(inSeconds(10_000), [16, 96, 2]);
  t.same(inSeconds(100, wan), [60, 360, 4]);
  t.end();
});

t.test('whoever began does not confirm, nobody confirms twice, and enough is enough', (t) => {
  const suspicion = newSuspicion('me', 0, { minMs: 500, maxMs: 2_000, wanted: 3 });
  const cases = [
    ['me', false, 2_000],
    ['foo', true, 1_250],
    ['foo', false, 1_250],
    ['bar', true, 811],
    ['baz', true, 500],
    ['zoo', false, 500],
  ] as const;
  for (const [from, news, deadlineMs] of cases) {
    t.equal(confirm(suspicion, from), news, from);
    t.equal(suspicion.deadlineMs, deadlineMs, from);
  }
  t.end();
});

t.test('suspicion shrinks with independent confirmations (dogpile), and each is told on', (t) => {
  const group = new Group();
  group.together('n1', 'n2', 'n3', 'n4', 'n5', 'n6');
  const n1 = group.node('@n1').state;
  group.passes = () => false;
  const left = (): number => Math.round((n1.suspicions.get('n2')?.deadlineMs ?? 0) - (n1.nowMs ?? 0));
  group.receive('@n1', suspect('n2', 1, 'n3'));
  t.equal(left(), 24_000);
  group.receive('@n1', suspect('n2', 1, 'n3'));
  t.equal(left(), 24_000, 'the same member again');
  n1.queue.byMember.clear();
  group.receive('@n1', suspect('n2', 1, 'n4'));
  t.equal(left(), Math.floor(24_000 - (20_000 * Math.log(2)) / Math.log(3)));
  t.ok(n1.queue.byMember.has('n2'));
  group.receive('@n1', suspect('n2', 1, 'n5'));
  t.equal(left(), 4_000);
  n1.queue.byMember.clear();
  group.receive('@n1', suspect('n2', 1, 'n6'));
  t.notOk(n1.queue.byMember.has('n2'), 'there are enough');
  t.end();
});

t.test(
  'a crash that all notice is a death after the shortest time, one that nobody confirms after the longest',
  (t) => {
    const deathAfter = (confirmed: boolean): number => {
      const group = new Group();
      group.together('n1', 'n2', 'n3', 'n4', 'n5', 'n6');
      group.kill('@n2');
      if (!confirmed) for (const other of ['@n3', '@n4', '@n5', '@n6']) group.kill(other);
      group.runUntil(() => group.view('@n1', 'n2').startsWith('suspect'), 60_000);
      return group.runUntil(() => group.view('@n1', 'n2').startsWith('dead'), 60_000);
    };
    t.ok(deathAfter(true) < 8_000, 'four seconds after the second confirmation');
    t.ok(deathAfter(false) >= 23_900);
    t.end();
  },
);
