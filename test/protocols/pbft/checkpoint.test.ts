/** Checkpoints, garbage collection, water marks and state transfer: section 4.3. */
import t from 'tap';
import { readState, stateBytes } from '#protocols/pbft/encoding';
import { Bench, checkpoint, digest, prePrepare, proposal, request, settings, status, vote } from './bench.js';

/** Lets a backup execute some batches of one request each. */
function run(bench: Bench, from: number, to: number): void {
  for (let seq = from; seq <= to; seq += 1) {
    const batch = request('a', seq, `${seq}`);
    const order = prePrepare(0, seq, batch);
    bench.receive(proposal(0, seq, batch), vote('prepare', 2, order));
    bench.receive(vote('commit', 0, order), vote('commit', 2, order));
  }
}

const ownDigest = (bench: Bench, seq: number): string => bench.state.snapshots.get(seq)?.digest ?? '';

t.test('after every K batches the replica signs the digest of its state', (t) => {
  const backup = new Bench(1);
  run(backup, 1, 8);
  t.same(
    backup.signed.filter((words) => words.includes('checkpoint')),
    ['sign checkpoint 4', 'sign checkpoint 8'],
  );
  t.same(readState(backup.state.snapshots.get(8)?.state ?? new Uint8Array())?.clients.get('a')?.timestamp, 8);
  t.end();
});

t.test('2f + 1 equal checkpoints of distinct replicas are stable; the log up to them is collected and H moves', (t) => {
  const backup = new Bench(1);
  run(backup, 1, 6);
  const same = ownDigest(backup, 4);
  t.same(backup.receive(checkpoint(2, 4, same), checkpoint(2, 4, same)), ['refused checkpoint: duplicate']);
  t.same(backup.receive(checkpoint(3, 4, 'other')), []);
  t.equal(backup.state.stable.seq, 0);
  t.same(backup.receive(checkpoint(0, 4, same)), ['persist stable', 'stable 4']);
  const { slots, certificates, decided, batches, snapshots, checkpoints, stable } = backup.state;
  t.equal(stable.proof.length, 3);
  for (const log of [slots, certificates, decided]) t.same([...log.keys()], [5, 6]);
  t.equal(batches.size, 2);
  t.equal(snapshots.size, 0);
  t.equal(checkpoints.size, 0);
  t.same([...backup.disk.keys()].filter((key) => !key.startsWith('batch')).toSorted(), [
    'prepared/5',
    'prepared/6',
    'slot/5',
    'slot/6',
    'stable',
  ]);
  t.match(backup.receive(proposal(0, 12, request('b', 1))), [/persist/], 'H = 4 + 8');
  t.same(backup.receive(proposal(0, 13, request('b', 1))), ['refused proposal: watermark']);
  t.same(backup.receive(proposal(0, 4, request('b', 1))), ['refused proposal: watermark']);
  t.end();
});

t.test('checkpoints outside the watermarks, or of numbers that K does not divide, are refused', (t) => {
  const backup = new Bench(1);
  for (const seq of [0, 3, 12, 4_000_000])
    t.same(backup.receive(checkpoint(2, seq, 'state')), ['refused checkpoint: watermark']);
  t.end();
});

t.test('a state that is behind comes by transfer: it is checked by digest against the proof', (t) => {
  const ahead = new Bench(1);
  run(ahead, 1, 4);
  const same = ownDigest(ahead, 4);
  ahead.receive(checkpoint(2, 4, same), checkpoint(0, 4, same));

  const behind = new Bench(3, { ...settings, statusTicks: 1 });
  behind.receive(checkpoint(0, 4, same), checkpoint(1, 4, same), checkpoint(2, 4, same));
  t.equal(behind.state.stable.seq, 0, 'the state is not here');
  const asked = behind.tick(2).filter((words) => words.startsWith('fetch'));
  t.same(asked, ['fetch 0 to 0', 'fetch 0 to 1'], 'one after another');

  const { proof, state } = ahead.state.stable;
  const transfer = { type: 'transfer', proof, state } as const;
  const changed = state.slice();
  changed[3] = 7;
  t.same(behind.receive({ ...transfer, state: changed }), ['refused transfer: digest']);
  t.same(behind.receive({ ...transfer, proof: proof.slice(1) }), ['refused transfer: invalid']);
  const [first] = proof;
  if (first !== undefined)
    t.same(
      behind.receive({ ...transfer, proof: [first, first, first] }),
      ['refused transfer: invalid'],
      'duplicate voter',
    );
  t.same(behind.receive(transfer), ['persist stable', 'stable 4', 'restore 4']);
  t.same(behind.service, ['1', '2', '3', '4']);
  t.equal(behind.state.executed, 4);
  t.same(behind.receive(request('a', 4, '4')), ['sign reply a 4', 'reply a 4 4'], 'last replies come with it');
  t.same(behind.receive(transfer), ['refused transfer: stale']);
  t.end();
});

t.test('a replica serves its stable state to who is behind, once in a status period', (t) => {
  const ahead = new Bench(1, { ...settings, statusTicks: 3 });
  run(ahead, 1, 4);
  const same = ownDigest(ahead, 4);
  ahead.receive(checkpoint(2, 4, same), checkpoint(0, 4, same));
  const fetch = { type: 'fetch', replica: 3, executed: 2, signature: Uint8Array.of(1) } as const;
  t.same(ahead.receive(fetch), ['transfer 4 to 3']);
  t.same(ahead.receive(fetch), ['refused fetch: overload']);
  t.same(ahead.receive({ ...fetch, replica: 2, executed: 4 }), ['refused fetch: stale']);
  ahead.tick(3);
  t.same(ahead.receive(fetch), ['transfer 4 to 3']);
  t.end();
});

t.test('a replica whose own state differs from that of a quorum says so and takes that of the quorum', (t) => {
  const good = new Bench(1);
  run(good, 1, 4);
  const same = ownDigest(good, 4);
  good.receive(checkpoint(2, 4, same), checkpoint(0, 4, same));
  const diverged = new Bench(3, { ...settings, statusTicks: 1 });
  diverged.service.push('from nowhere');
  run(diverged, 1, 4);
  t.ok(diverged.receive(...good.state.stable.proof).includes('refused checkpoint: diverged'));
  t.ok(diverged.tick().some((words) => words.startsWith('fetch 3')));
  const { proof, state } = good.state.stable;
  diverged.receive({ type: 'transfer', proof, state });
  t.same(diverged.service, ['1', '2', '3', '4']);
  t.end();
});

t.test('what a peer claims of its checkpoint moves nobody without a proof', (t) => {
  const backup = new Bench(1, { ...settings, statusTicks: 1 });
  backup.receive(status(3, { stable: 4_000_000 }));
  t.ok(backup.tick().includes('fetch 0 to 3'), 'it asks');
  t.equal(backup.state.stable.seq, 0);
  t.end();
});

t.test('equal states have equal bytes, in whatever order clients came', (t) => {
  const result = Uint8Array.of(1);
  const one = new Map([
    ['a', { timestamp: 1, result }],
    ['b', { timestamp: 2, result }],
  ]);
  const other = new Map([...one].toReversed());
  const service = Uint8Array.of(7);
  t.equal(digest(stateBytes({ service, clients: one })), digest(stateBytes({ service, clients: other })));
  t.equal(readState(stateBytes({ service, clients: one }).slice(0, -1)), undefined, 'truncated');
  t.equal(readState(Uint8Array.of(...stateBytes({ service, clients: one }), 0)), undefined, 'too long');
  t.end();
});
