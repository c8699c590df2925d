/** Restarts: what was promised is durable before it is signed, and is the same after a crash at any point. */
import fc from 'fast-check';
import t from 'tap';
import { type DurableRecord, keyOf, type ReplicaEffect, type ReplicaInput } from '#protocols/pbft/effects';
import type { PbftMessage } from '#protocols/pbft/message';
import { recoverReplica } from '#protocols/pbft/recovery';
import { stepReplica } from '#protocols/pbft/replica';
import { newReplica, type ReplicaState } from '#protocols/pbft/state';
import {
  Bench,
  certificate,
  digest,
  digestOf,
  newView,
  prePrepare,
  proposal,
  request,
  settings,
  viewChange,
  vote,
} from './bench.js';

const a = request('a', 1, 'A');
const b = request('b', 1, 'B');
const order = prePrepare(0, 1, a);

t.test('a backup that was killed after it accepted a pre-prepare refuses another for the same place', (t) => {
  const backup = new Bench(1);
  backup.receive(proposal(0, 1, a));
  t.same(backup.restart(), ['sign prepare 0/1', 'prepare 0/1 to 0 2 3'], 'it repeats what it promised');
  t.same(backup.receive(proposal(0, 1, b)), ['refused proposal: conflict']);
  t.end();
});

t.test('a certificate outlives the process: the next view-change carries it', (t) => {
  const backup = new Bench(2);
  backup.receive(proposal(0, 1, a), vote('prepare', 1, order));
  t.same(
    backup.restart().filter((words) => words.startsWith('commit')),
    ['commit 0/1 to 0 1 3'],
  );
  backup.receive(viewChange(0, 1), viewChange(3, 1));
  t.equal(backup.state.viewChange?.prepared.length, 1);
  t.end();
});

t.test('a replica that asked for a view does not return to the one before, and asks with the same words', (t) => {
  const backup = new Bench(2);
  backup.receive(proposal(0, 1, a), vote('prepare', 1, order));
  backup.receive(viewChange(0, 3), viewChange(3, 3));
  const before = backup.state.viewChange;
  t.same(backup.restart(), ['sign view-change 3', 'view-change 3 to 0 1 3']);
  t.same(backup.state.viewChange, before);
  t.same(backup.receive(proposal(0, 2, b)), ['refused proposal: view']);
  t.end();
});

t.test('a primary that was killed between its choice of V and its new-view opens the view with the same V', (t) => {
  const primary = new Bench(1);
  const record: DurableRecord[] = [];
  primary.receive(viewChange(2, 1, { prepared: [certificate(0, 1, a)] }));
  primary.receive(viewChange(3, 1));
  const opened = primary.state.newView;
  // The disk as it was before the view was entered.
  const view = primary.disk.get('view');
  if (view?.kind === 'view' && opened !== undefined)
    record.push({ ...view, active: false, chosen: opened.viewChanges, newView: undefined });
  const again = new Bench(1);
  for (const one of record) again.disk.set(keyOf(one), one);
  const words = again.restart();
  t.ok(words.includes('new-view 1 to 0 2 3'));
  t.same(again.state.newView, opened);
  t.end();
});

t.test('a primary that was killed proposes again what it had proposed, and nothing else in its place', (t) => {
  const primary = new Bench(0);
  primary.receive(a);
  t.same(primary.restart(), ['sign pre-prepare 0/1', 'proposal 0/1 to 1 2 3']);
  t.same(primary.receive(a), [], 'the retransmitted request is under way');
  primary.receive(b);
  t.equal(primary.state.slots.get(1)?.prePrepare?.digest, digestOf(a));
  t.equal(primary.state.slots.get(2)?.prePrepare?.digest, digestOf(b));
  t.end();
});

t.test(
  'a replica starts from its stable checkpoint and executes again what commits after it, with the same outcome',
  (t) => {
    const backup = new Bench(1, { ...settings, checkpointEvery: 1, logSize: 4 });
    for (let seq = 1; seq <= 2; seq += 1) {
      const batch = request('a', seq, `${seq}`);
      const at = prePrepare(0, seq, batch);
      backup.receive(proposal(0, seq, batch), vote('prepare', 2, at), vote('commit', 0, at), vote('commit', 2, at));
      if (seq > 1) continue;
      const of = backup.state.snapshots.get(1)?.digest ?? '';
      for (const replica of [0, 2])
        backup.receive({ type: 'checkpoint', seq: 1, digest: of, replica, signature: Uint8Array.of(1) });
    }
    t.same(backup.service, ['1', '2']);
    const words = backup.restart();
    t.equal(words[0], 'restore 1');
    t.same(backup.service, ['1']);
    t.equal(backup.state.executed, 1);
    const second = prePrepare(0, 2, request('a', 2, '2'));
    backup.receive(vote('commit', 0, second), vote('commit', 2, second));
    t.same(backup.service, ['1', '2']);
    t.end();
  },
);

/** Everything that the others of a group might say, in an order that fast-check chooses. */
const said: readonly PbftMessage[] = [
  ...[proposal(0, 1, a), proposal(0, 1, b), proposal(0, 2, b), vote('prepare', 1, order), vote('prepare', 3, order)],
  ...[vote('commit', 0, order), vote('commit', 1, order), vote('commit', 3, order), viewChange(0, 1), viewChange(3, 1)],
  ...[viewChange(1, 2, { prepared: [certificate(0, 1, a)] }), viewChange(3, 2), a, b, request('c', 1)],
  newView(
    1,
    [viewChange(1, 1), viewChange(0, 1, { prepared: [certificate(0, 1, a)] }), viewChange(3, 1)],
    [prePrepare(1, 1, a)],
  ),
  newView(1, [viewChange(1, 1), viewChange(0, 1), viewChange(3, 1)], []),
];

/** A replica whose process may die after any single effect; it signs one thing for a place over all its lives. */
class Mortal {
  readonly #disk = new Map<string, DurableRecord>();
  readonly #signed = new Map<string, string>();
  #state: ReplicaState;
  #queue: ReplicaEffect[] = [];
  contradiction: string | undefined;

  constructor(id: number) {
    this.#state = newReplica({ id, settings, digest });
  }

  kill(): void {
    this.#state = recoverReplica(this.#state.config, [...this.#disk.values()]);
    this.#queue = [];
    this.step({ type: 'resume' });
  }

  step(input: ReplicaInput): void {
    this.#queue.push(...stepReplica(this.#state, input).effects);
  }

  /** Carries out this many effects. */
  run(count: number): void {
    for (let left = count; left > 0; left -= 1) {
      const effect = this.#queue.shift();
      if (effect === undefined) return;
      this.#carry(effect);
    }
  }

  #carry(effect: ReplicaEffect): void {
    if (effect.type === 'persist') for (const record of effect.records) this.#disk.set(keyOf(record), record);
    else if (effect.type === 'execute')
      this.step({ type: 'executed', seq: effect.seq, results: effect.requests.map(({ operation }) => operation) });
    else if (effect.type === 'sign') {
      const { body } = effect;
      if ('view' in body && body.type !== 'reply' && body.type !== 'status') {
        const place = `${body.type} ${body.view} ${'seq' in body ? body.seq : ''}`;
        const content = JSON.stringify(body);
        if ((this.#signed.get(place) ?? content) !== content) this.contradiction = `${place}: ${content}`;
        this.#signed.set(place, content);
      }
      this.step({ type: 'signed', message: { ...body, signature: Uint8Array.of(1) } });
    }
  }
}

t.test('killed after any effect, as often as it may be, a replica never signs two things for one place', (t) => {
  const event = fc.oneof(
    { weight: 6, arbitrary: fc.nat(said.length - 1).map((index) => ({ type: 'say' as const, index })) },
    { weight: 3, arbitrary: fc.nat(6).map((count) => ({ type: 'run' as const, count })) },
    { weight: 1, arbitrary: fc.constant({ type: 'kill' as const }) },
    { weight: 1, arbitrary: fc.constant({ type: 'tick' as const }) },
  );
  fc.assert(
    fc.property(fc.nat(3), fc.array(event, { maxLength: 60 }), (id, events) => {
      const mortal = new Mortal(id);
      for (const one of events)
        if (one.type === 'kill') mortal.kill();
        else if (one.type === 'run') mortal.run(one.count);
        else if (one.type === 'tick') mortal.step({ type: 'tick' });
        else mortal.step({ type: 'receive', message: said[one.index] as PbftMessage });
      mortal.run(1_000);
      return mortal.contradiction === undefined;
    }),
    { numRuns: 1_000 },
  );
  t.end();
});
