/** The screen of `skep top` against pictures of it, and in sizes that nobody has drawn. */
import fc from 'fast-check';
import t from 'tap';
import { topModel } from '#cli/top/model';
import { bytesText, countText, durationText } from '#cli/top/numbers';
import { renderTop, type Style } from '#cli/top/render';
import { busyCluster, definition, look, modelLine, report } from './sample.js';

const live = { intervalMs: 1_000, paused: false, live: true };
const { before, now } = busyCluster();
const model = topModel(now, before, 'rate');

t.test('a busy cluster on 80x24 reads as drawn', async (t) => {
  t.same(renderTop(model, { columns: 80, rows: 24 }, live), [
    'skep top: demo: 2 nodes, 5 actors, 12k msg/s, 10k waiting, 0 calls, 1.5k dead',
    '03:04:05 UTC, every 1 s, by rate   q quit  s sort  p pause',
    'EXECUTOR  ACTORS  TURN/S  MSG/S  WAITING  BUSY   DELAY  TURN P99   HEAP',
    'node-1/1       2     320    12k      10k   75%  2.3 ms    0.4 ms  12 MB',
    'node-1/0       3       0      0        0    0%  2.3 ms    0.4 ms  12 MB',
    'node-2/1       0       0      0        0    0%  2.3 ms    0.4 ms  12 MB',
    'DEFINITION  ACTORS  MSG/S  WAITING  LONGEST  BUSY  FAILED  RESTARTS',
    'counter          2    12k      10k      10k   70%       2         1',
    'LONGEST MAILBOX   WAITING  NAME  DEFINITION',
    'node-1@k3f9/1/17      10k  hits  counter',
    'node-1@k3f9/1/18        1        counter',
    'SLOW TURN  MESSAGE  EXECUTOR    TOOK  AGO',
    'counter    spin     node-1/1  120 ms  5 s',
    'DEAD LETTERS  COUNT   /S  LATEST',
    'mailbox-full   1.5k  750  inc to node-1@k3f9/1/17',
    'late-reply        2    1',
  ]);
});

t.test('on a low and narrow terminal each part keeps a row, and says how many it has not', async (t) => {
  t.same(renderTop(model, { columns: 44, rows: 13 }, { ...live, paused: true }), [
    'skep top: demo: 2 nodes, 5 actors, 12k msg/~',
    '03:04:05 UTC, PAUSED, by rate   q quit  s s~',
    'EXECUTOR (2 of 3)  ACTORS  TURN/S  MSG/S',
    'node-1/1                2     320    12k',
    'node-1/0                3       0      0',
    'DEFINITION  ACTORS  MSG/S  WAITING  LONGEST',
    'counter          2    12k      10k      10k',
    'LONGEST MAILBOX (1 of 2)  WAITING  NAME',
    'node-1@k3f9/1/17              10k  hits',
    'SLOW TURN  MESSAGE  EXECUTOR    TOOK  AGO',
    'counter    spin     node-1/1  120 ms  5 s',
    'DEAD LETTERS (1 of 2)  COUNT   /S',
    'mailbox-full            1.5k  750',
  ]);
});

t.test('a cluster that does not answer says so, and no names steer the terminal', async (t) => {
  const silent = topModel(look({}, { warnings: ['node a does not answer (CALL_TIMEOUT)'] }), undefined, 'rate');
  t.same(renderTop(silent, { columns: 60, rows: 10 }, { ...live, live: false }), [
    'skep top: demo: no executor answers',
    '03:04:05 UTC, over 1 s, by rate',
    '! node a does not answer (CALL_TIMEOUT)',
  ]);
  const nasty = look({ a: [report(1, { definitions: [definition('x\u001b[2J\r\ny')] })] });
  const lines = renderTop(topModel(nasty, undefined, 'rate'), { columns: 80, rows: 24 }, live);
  t.notMatch(lines.join(''), /[\u0000-\u001f]/);
});

t.test('whatever the size, no line is wider and no picture higher than the screen', async (t) => {
  const style: Style = { title: (line) => line, heading: (line) => line, warning: (line) => line };
  const names = fc.array(fc.string({ maxLength: 40 }), { maxLength: 30 });
  const property = fc.property(
    fc.integer({ min: 1, max: 200 }),
    fc.integer({ min: 1, max: 60 }),
    names,
    (columns, rows, all) => {
      const definitions = all.map((name) => definition(name));
      const sample = look({ a: [report(1, { definitions }), report(2)] }, { warnings: all.slice(0, 3) });
      const lines = renderTop(topModel(sample, undefined, 'rate'), { columns, rows }, live, style);
      return lines.length <= rows && lines.every((line) => line.length <= columns);
    },
  );
  const outcome = fc.check(property, { numRuns: 300 });
  t.notOk(outcome.failed, JSON.stringify(outcome.counterexample));
});

t.test('numbers stay short', async (t) => {
  const counts: readonly (readonly [number, string])[] = [
    [0, '0'],
    [0.4, '0.4'],
    [7, '7'],
    [9.96, '10'],
    [999, '999'],
    [1_000, '1.0k'],
    [9_949, '9.9k'],
    [9_960, '10k'],
    [999_400, '999k'],
    [999_600, '1.0M'],
    [31_000_000, '31M'],
  ];
  for (const [value, text] of counts) t.equal(countText(value), text);
  const durations: readonly (readonly [number, string])[] = [
    [0, '0 ms'],
    [0.44, '0.4 ms'],
    [12.4, '12 ms'],
    [999.6, '1 s'],
    [3_140, '3.1 s'],
    [59_960, '1m 0s'],
    [725_000, '12m 5s'],
    [12_000_000, '3h 20m'],
    [360_000_000, '4d 4h'],
  ];
  for (const [value, text] of durations) t.equal(durationText(value), text);
  t.equal(bytesText(900), '1 kB');
  t.equal(bytesText(12_345_678), '12 MB');
});

t.test('models stand behind the executors, with what they have to do', async (t) => {
  const models = [modelLine({ running: 2, waiting: 1 }), modelLine({ name: 'gpt', slots: undefined, memoryBytes: 0 })];
  const lines = renderTop(
    topModel(look({ a: [report(1)] }, { models }), undefined, 'rate'),
    { columns: 90, rows: 24 },
    live,
  );
  t.same(lines.slice(4, 7), [
    'MODEL        STATE  RUNNING  SLOTS  WAITING  TOKEN/S  CACHED  REFUSED  MEMORY',
    'tiny@node-1  ready        2      4        1        -       -        0   25 MB',
    'gpt@node-1   ready        0      -        0        -       -        0       -',
  ]);
});
