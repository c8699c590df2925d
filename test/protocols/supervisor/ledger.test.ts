/** The ledger of tasks: accepted once, carried out at least once, completed once. */
import { admit, type Fence } from '#protocols/supervisor/fence';
import type { Command } from '#protocols/supervisor/command';
import fc from 'fast-check';
import t from 'tap';
import { Log, member, submission } from './words.js';

const task = 'x/1';

/** One child with one task under way. */
function working(): Log {
  const log = new Log(['a']).join('n1', 'n2');
  const epoch = log.place('a', 'n1');
  log.commit(submission('x', 1), { type: 'assign', task, attempt: 0, child: 'a', epoch });
  return log;
}

t.test('a task that is submitted again is accepted again, and is one task', (t) => {
  const log = new Log(['a']);
  t.same(log.commit(submission('x', 1)), [{ type: 'accepted', task, again: false }]);
  t.same(log.commit(submission('x', 1)), [{ type: 'accepted', task, again: true }]);
  t.same(log.commit(submission('y', 1)), [{ type: 'accepted', task: 'y/1', again: false }]);
  t.equal(log.state.tasks.size, 2);
  t.end();
});

t.test('a submission that comes after its client has the result is settled, and no task', (t) => {
  const log = working();
  log.commit({ type: 'complete', task, child: 'a', epoch: 1, attempt: 1, result: 'r' });
  t.same(log.types(submission('x', 2, 1)), ['accepted']);
  t.notOk(log.state.tasks.has(task), 'forgotten');
  t.same(log.types(submission('x', 1)), ['settled']);
  t.end();
});

t.test('a task that is not done is not forgotten, whatever its client says', (t) => {
  const log = working();
  log.commit(submission('x', 2, 1));
  t.ok(log.state.tasks.has(task));
  t.end();
});

t.test('the first completion that is committed counts', (t) => {
  const log = working();
  const complete = (result: string): Command => ({ type: 'complete', task, child: 'a', epoch: 1, attempt: 1, result });
  t.same(log.types(complete('first'), complete('second')), ['completed', 'refused']);
  t.equal(log.state.tasks.get(task)?.result, 'first');
  t.end();
});

t.test('a completion from an old epoch, another attempt or another child is refused', (t) => {
  const log = working();
  log.commit({ type: 'ended', child: 'a', epoch: 1, reason: 'crash' });
  t.equal(log.state.tasks.get(task)?.assigned, undefined, 'it is to be done again');
  const epoch = log.place('a', 'n2');
  t.same(log.types({ type: 'assign', task, attempt: 1, child: 'a', epoch }), ['assigned']);
  for (const word of [
    { child: 'a', epoch: 1, attempt: 1 },
    { child: 'a', epoch: 1, attempt: 2 },
    { child: 'a', epoch, attempt: 1 },
    { child: 'b', epoch, attempt: 2 },
  ]) {
    t.same(log.types({ type: 'complete', task, ...word, result: 'old' }), ['refused'], JSON.stringify(word));
    t.same(log.types({ type: 'fail', task, ...word }), ['refused']);
  }
  t.same(log.types({ type: 'complete', task, child: 'a', epoch, attempt: 2, result: 'new' }), ['completed']);
  t.end();
});

t.test('a failed attempt is followed by another one', (t) => {
  const log = working();
  t.same(log.types({ type: 'fail', task, child: 'a', epoch: 1, attempt: 1 }), ['requeued']);
  t.same(log.types({ type: 'assign', task, attempt: 0, child: 'a', epoch: 1 }), ['refused'], 'it had an attempt');
  t.same(log.commit({ type: 'assign', task, attempt: 1, child: 'a', epoch: 1 }), [
    { type: 'assigned', task, child: 'a', epoch: 1, attempt: 2 },
  ]);
  t.end();
});

t.test('nothing is handed to a child that is leaving', (t) => {
  const log = new Log(['a']).join('n1');
  const epoch = log.place('a', 'n1');
  log.commit(submission('x', 1), member('n1', { status: 'dead' }));
  t.same(log.types({ type: 'assign', task, attempt: 0, child: 'a', epoch }), ['refused']);
  t.end();
});

t.test('whatever children say and in whatever order: a task that was accepted is there, and is completed once', (t) => {
  const word = fc.record({
    type: fc.constantFrom('assign', 'complete', 'fail', 'end', 'submit'),
    task: fc.constantFrom('x/1', 'x/2'),
    epoch: fc.integer({ min: 1, max: 5 }),
    attempt: fc.integer({ min: 0, max: 4 }),
  });
  fc.assert(
    fc.property(fc.array(word, { maxLength: 60 }), (words) => {
      const log = new Log(['a']).join('n1');
      log.place('a', 'n1');
      const accepted = new Set<string>();
      const completed = new Set<string>();
      for (const { type, task: id, epoch, attempt } of words) {
        const said = { task: id, child: 'a', epoch, attempt };
        const commands: readonly Command[] =
          type === 'submit'
            ? [submission('x', Number(id.slice(2)))]
            : type === 'end'
              ? [
                  { type: 'ended', child: 'a', epoch, reason: 'stopped' },
                  { type: 'place', child: 'a', after: log.child('a').epoch, node: 'n1', life: 1 },
                ]
              : type === 'complete'
                ? [{ type, ...said, result: 'r' }]
                : [{ type, ...said }];
        for (const outcome of log.commit(...commands)) {
          if (outcome.type === 'accepted') accepted.add(outcome.task);
          if (outcome.type !== 'completed') continue;
          if (completed.has(outcome.task) || outcome.epoch !== log.child('a').epoch) return false;
          completed.add(outcome.task);
        }
        for (const one of accepted) if (!log.state.tasks.has(one)) return false;
      }
      return [...completed].every((one) => log.state.tasks.get(one)?.result === 'r');
    }),
    { numRuns: 400 },
  );
  t.end();
});

t.test('fence: after an epoch was seen nothing of an earlier one is admitted, in any order of arrival', (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ min: 1, max: 9 }))), (writes) => {
      const fence: Fence = new Map();
      const highest = new Map<string, number>();
      for (const [child, epoch] of writes) {
        const before = highest.get(child) ?? 0;
        if (admit(fence, child, epoch) !== epoch >= before) return false;
        highest.set(child, Math.max(before, epoch));
      }
      return true;
    }),
  );
  t.end();
});
