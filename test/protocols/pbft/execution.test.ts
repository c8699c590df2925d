/** Execution in order and at most once, and what clients get to hear; sections 4.1 and 4.2. */
import t from 'tap';
import type { Signed, Request } from '#protocols/pbft/message';
import { Bench, prePrepare, proposal, request, settings, vote } from './bench.js';

const a = request('a', 1, 'A');
const b = request('b', 1, 'B');

/** All that the others say about a batch. */
function decide(bench: Bench, seq: number, ...batch: readonly Signed<Request>[]): readonly string[] {
  const order = prePrepare(0, seq, ...batch);
  const said = [
    proposal(0, seq, ...batch),
    vote('prepare', 2, order),
    vote('commit', 0, order),
    vote('commit', 2, order),
  ];
  return bench.receive(...said);
}

const calls = (words: readonly string[]): readonly string[] => words.filter((word) => /^(execute|reply)/.test(word));

t.test('batches are executed in the order of their numbers, though they commit in another', (t) => {
  const backup = new Bench(1);
  t.same(calls(decide(backup, 2, b)), []);
  t.same(calls(decide(backup, 1, a)), ['execute 1 a:1', 'execute 2 b:1', 'reply a 1 A', 'reply b 1 B']);
  t.same(backup.service, ['A', 'B']);
  t.end();
});

t.test('a request is executed at most once, whatever number it gets again, in whatever batch', (t) => {
  const backup = new Bench(1);
  decide(backup, 1, a);
  t.same(calls(decide(backup, 2, a, b, b)), ['execute 2 b:1', 'reply b 1 B']);
  t.same(calls(decide(backup, 3, request('a', 3, 'A3'))), ['execute 3 a:3', 'reply a 3 A3']);
  t.same(calls(decide(backup, 4, request('a', 2, 'A2'))), ['execute 4'], 'a timestamp below the last one');
  t.same(backup.service, ['A', 'B', 'A3']);
  t.end();
});

t.test('a retransmission returns the cached reply, and an older one nothing', (t) => {
  const backup = new Bench(1);
  decide(backup, 1, request('a', 2, 'A2'));
  t.same(backup.receive(request('a', 2, 'A2')), ['sign reply a 2', 'reply a 2 A2']);
  t.same(backup.receive(a), ['refused request: stale']);
  t.same(backup.service, ['A2']);
  t.end();
});

t.test('a backup passes a request on to the primary, once in a while', (t) => {
  const backup = new Bench(1, { ...settings, statusTicks: 3, timeoutTicks: 40 });
  t.same(backup.receive(a), ['request a 1 to 0']);
  t.same(backup.receive(a), ['refused request: duplicate']);
  t.ok(backup.tick(3).includes('request a 1 to 0'));
  t.end();
});

t.test('a client with many requests has one of them waiting, at the end of the queue', (t) => {
  const backup = new Bench(1, { ...settings, maxWaiting: 2 });
  backup.receive(a, b, request('a', 2));
  t.same([...backup.state.waiting.keys()], ['b', 'a']);
  t.match(backup.receive(request('c', 1)), ['refused request: overload']);
  t.match(backup.receive({ ...b, timestamp: 2, operation: new Uint8Array(70_000) }), ['refused request: overload']);
  t.end();
});

t.test('a service that is slow delays nothing but execution, and has one batch in hand', (t) => {
  const backup = new Bench(1);
  const { state } = backup;
  decide(backup, 1, a);
  t.equal(state.executed, 1);
  state.executing = { seq: 2, requests: [b] };
  t.same(calls(decide(backup, 2, b)), []);
  t.same(calls(decide(backup, 3, request('c', 1, 'C'))), []);
  t.same(calls(backup.step({ type: 'executed', seq: 7, results: [] })), [], 'that of another state counts for nothing');
  const words = calls(backup.step({ type: 'executed', seq: 2, results: [Uint8Array.of(66)] }));
  t.same(words, ['execute 3 c:1', 'reply b 1 B', 'reply c 1 C']);
  t.end();
});
