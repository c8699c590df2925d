/** What committed commands make of a supervisor: places and epochs, nodes, restarts, snapshots. */
import { applyBatch } from '#protocols/supervisor/apply';
import type { Batch, Command } from '#protocols/supervisor/command';
import { addRestart } from '#protocols/supervisor/intensity';
import { supervisorSettings } from '#protocols/supervisor/settings';
import { dumpSupervisor, loadSupervisor, newSupervisor } from '#protocols/supervisor/state';
import { decode, encode } from '#runtime/codec/msgpack';
import fc from 'fast-check';
import t from 'tap';
import { Log, member, submission } from './words.js';

t.test('each place has a higher epoch than all before it, whatever child it is of', (t) => {
  const log = new Log().join('n1', 'n2');
  t.equal(log.place('a', 'n1'), 1);
  t.equal(log.place('b', 'n1'), 2);
  log.commit({ type: 'ended', child: 'a', epoch: 1, reason: 'stopped' });
  t.equal(log.place('a', 'n2'), 3);
  t.end();
});

t.test('a child that is removed and added again does not begin with an epoch that it had', (t) => {
  const log = new Log().join('n1');
  t.equal(log.place('a', 'n1'), 1);
  t.same(log.types({ type: 'remove-child', child: 'a' }), ['removed', 'withdrawn']);
  t.ok(log.child('a').removed, 'it is there as long as it may run');
  t.same(log.types({ type: 'vacate', child: 'a', epoch: 1 }), ['ended']);
  t.notOk(log.state.children.has('a'));
  log.commit({ type: 'add-child', child: { name: 'a', required: [] } });
  t.equal(log.place('a', 'n1'), 2);
  t.end();
});

t.test('a place is refused on ground that is gone: another epoch, a home, a dead, draining or restarted node', (t) => {
  const log = new Log().join('n1', 'n2', 'n3', 'n4');
  const place = (node: string, after = 0, life = 1): Command => ({ type: 'place', child: 'a', after, node, life });
  log.commit(
    member('n2', { status: 'dead' }),
    { type: 'drain', node: 'n3', draining: true },
    member('n4', { life: 2 }),
  );
  for (const command of [place('n1', 7), place('n2'), place('n3'), place('n4'), place('n5')])
    t.same(log.types(command), ['refused'], JSON.stringify(command));
  t.same(log.types(place('n1')), ['placed']);
  t.same(log.types(place('n4', 1, 2)), ['refused'], 'it has a home');
  t.end();
});

t.test('the death of a node withdraws what runs there, and gives nothing away', (t) => {
  const log = new Log().join('n1', 'n2');
  log.place('a', 'n1');
  log.place('b', 'n2');
  t.same(log.commit(member('n1', { status: 'dead' })), [
    { type: 'member', node: 'n1', life: 1, status: 'dead' },
    { type: 'withdrawn', child: 'a', epoch: 1, reason: 'node-down' },
  ]);
  t.same(log.child('a').home, { node: 'n1', life: 1, leaving: true });
  t.same(log.child('b').home, { node: 'n2', life: 1, leaving: false });
  t.end();
});

t.test('a new life of a node ends at once what ran in the one before', (t) => {
  const log = new Log().join('n1');
  log.place('a', 'n1');
  t.same(log.types(member('n1', { life: 2 })), ['member', 'ended']);
  t.equal(log.child('a').home, undefined);
  t.end();
});

t.test('old news of a node is no news: a life or an incarnation before', (t) => {
  const log = new Log();
  log.commit(member('n1', { life: 2, incarnation: 3 }));
  t.same(log.types(member('n1', { life: 1, incarnation: 9, status: 'dead' })), []);
  t.same(log.types(member('n1', { life: 2, incarnation: 2, status: 'dead' })), []);
  t.same(log.types(member('n1', { life: 2, incarnation: 3, status: 'dead' })), ['member']);
  t.end();
});

t.test('crashes delay the next place twice as long each, and one more than the intensity ends the supervisor', (t) => {
  const log = new Log(['a', 'b'], {
    intensity: { maxRestarts: 2, withinMs: 1_000 },
    backoff: { firstMs: 10, maxMs: 15 },
  }).join('n1');
  log.place('b', 'n1');
  const crash = (atMs: number): readonly string[] => {
    log.nowMs = atMs;
    const epoch = log.place('a', 'n1');
    return log.types({ type: 'ended', child: 'a', epoch, reason: 'crash' });
  };
  t.same(crash(100), ['ended']);
  t.equal(log.child('a').notBeforeMs, 110);
  t.same(crash(200), ['ended']);
  t.equal(log.child('a').notBeforeMs, 215, 'at most maxMs');
  t.same(crash(1_100), ['ended'], 'the first is outside of the window');
  t.same(crash(1_150), ['ended', 'escalated', 'withdrawn']);
  t.equal(log.child('b').home?.leaving, true, 'its siblings end with it');
  t.same(log.types({ type: 'place', child: 'a', after: log.child('a').epoch, node: 'n1', life: 1 }), ['refused']);
  t.same(log.types({ type: 'resume' }, { type: 'resume' }), ['resumed', 'refused']);
  t.same(log.state.crashes, [], 'its parent begins anew');
  t.end();
});

t.test('what was stopped does not count as a crash', (t) => {
  const log = new Log(['a'], { intensity: { maxRestarts: 0, withinMs: 1_000 } }).join('n1');
  for (let count = 0; count < 3; count += 1) {
    const epoch = log.place('a', 'n1');
    t.same(log.types({ type: 'ended', child: 'a', epoch, reason: 'stopped' }), ['ended']);
  }
  t.end();
});

t.test('strategies: a crash withdraws nobody, all others, or those that were added later', (t) => {
  const withdrawn = (strategy: 'one-for-one' | 'one-for-all' | 'rest-for-one'): readonly string[] => {
    const log = new Log(['a', 'b', 'c'], { strategy }).join('n1');
    for (const name of ['c', 'b', 'a']) log.place(name, 'n1');
    log.commit({ type: 'ended', child: 'b', epoch: log.child('b').epoch, reason: 'crash' });
    return ['a', 'b', 'c'].filter((name) => log.child(name).home?.leaving === true);
  };
  t.same(withdrawn('one-for-one'), []);
  t.same(withdrawn('one-for-all'), ['a', 'c']);
  t.same(withdrawn('rest-for-one'), ['c']);
  t.end();
});

t.test('the intensity counts as OTP does: a window that slides over the last restarts', (t) => {
  let history: readonly number[] = [];
  const allowed = [0, 10, 20, 1_000, 1_010, 1_020, 1_021].map((nowMs) => {
    const verdict = addRestart(history, nowMs, { maxRestarts: 3, withinMs: 1_000 });
    history = verdict.history;
    return verdict.allowed;
  });
  t.same(allowed, [true, true, true, true, true, true, false]);
  t.end();
});

t.test('bad settings are named', (t) => {
  for (const [given, name] of [
    [{ leaseMs: 0 }, /leaseMs/],
    [{ renewMs: 5_000 }, /renewMs/],
    [{ clockDrift: 1 }, /clockDrift/],
    [{ tasksPerChild: 0 }, /tasksPerChild/],
    [{ backoff: { firstMs: 5, maxMs: 1 } }, /backoff/],
  ] as const)
    t.throws(() => supervisorSettings(given), name);
  t.end();
});

const name = fc.constantFrom('a', 'b', 'c');
const node = fc.constantFrom('n1', 'n2');
const small = fc.integer({ min: 0, max: 6 });
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ type: fc.constant('add-child'), child: fc.record({ name, required: fc.constant([]) }) }),
  fc.record({ type: fc.constant('remove-child'), child: name }),
  fc.record({
    type: fc.constant('member'),
    node,
    life: fc.integer({ min: 1, max: 3 }),
    incarnation: small,
    status: fc.constantFrom('alive', 'alive', 'dead', 'left'),
    labels: fc.constant([]),
  }),
  fc.record({ type: fc.constant('drain'), node, draining: fc.boolean() }),
  fc.record({ type: fc.constant('withdraw'), child: name, epoch: small, reason: fc.constant('lease') }),
  fc.record({ type: fc.constant('place'), child: name, after: small, node, life: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ type: fc.constant('ended'), child: name, epoch: small, reason: fc.constantFrom('crash', 'stopped') }),
  fc.record({ type: fc.constant('vacate'), child: name, epoch: small }),
  fc.record({ type: fc.constant('resume') }),
  fc
    .tuple(fc.constantFrom('x', 'y'), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 3 }))
    .map(([client, seq, acked]) => submission(client, seq, Math.min(acked, seq - 1))),
  fc.record({
    type: fc.constant('assign'),
    task: fc.constantFrom('x/1', 'x/2'),
    attempt: small,
    child: name,
    epoch: small,
  }),
  fc.record({
    type: fc.constantFrom('complete', 'fail'),
    task: fc.constantFrom('x/1', 'x/2'),
    child: name,
    epoch: small,
    attempt: small,
    result: fc.constant('r'),
  }),
) as fc.Arbitrary<Command>;
const batches: fc.Arbitrary<readonly Batch[]> = fc.array(
  fc.record({ atMs: fc.integer({ min: 0, max: 5_000 }), commands: fc.array(command, { maxLength: 4 }) }),
  { maxLength: 40 },
);

t.test('whatever is committed: epochs only grow, time never goes back, and homes are on nodes that were alive', (t) => {
  const settings = supervisorSettings();
  fc.assert(
    fc.property(batches, (log) => {
      const state = newSupervisor([{ name: 'a', required: [] }]);
      let [epoch, timeMs] = [0, 0];
      for (const batch of log) {
        for (const outcome of applyBatch(state, batch, settings)) {
          if (outcome.type !== 'placed') continue;
          if (outcome.epoch <= epoch) return false;
          epoch = outcome.epoch;
        }
        if (state.timeMs < timeMs) return false;
        timeMs = state.timeMs;
        for (const { home } of state.children.values()) {
          const known = home === undefined ? undefined : state.members.get(home.node);
          if (home === undefined) continue;
          if (known === undefined || known.life !== home.life) return false;
          if (known.status !== 'alive' && !home.leaving) return false;
        }
      }
      return state.epoch === epoch;
    }),
    { numRuns: 400 },
  );
  t.end();
});

t.test('a state from a snapshot goes on as the one that it was taken of', (t) => {
  const settings = supervisorSettings({ intensity: { maxRestarts: 1, withinMs: 1_000 } });
  fc.assert(
    fc.property(batches, batches, (before, after) => {
      const state = newSupervisor([{ name: 'a', required: ['gpu'] }]);
      for (const batch of before) applyBatch(state, batch, settings);
      const restored = loadSupervisor(decode(encode(dumpSupervisor(state))) as ReturnType<typeof dumpSupervisor>);
      for (const batch of after)
        if (
          JSON.stringify(applyBatch(state, batch, settings)) !== JSON.stringify(applyBatch(restored, batch, settings))
        )
          return false;
      return JSON.stringify(dumpSupervisor(state)) === JSON.stringify(dumpSupervisor(restored));
    }),
    { numRuns: 300 },
  );
  t.end();
});
