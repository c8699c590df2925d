/** What every store must do, whatever its engine: the suite that LMDB and the twin in memory are both held to. */
import type { Test } from 'tap';
import type { Durability, Store, StoreWrite, WriteOutcome } from '#runtime/store/store';

/** A store under test, and how to open it again. */
export interface Subject {
  readonly open: () => Store;
}

const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (content: Uint8Array | undefined): string | undefined =>
  content === undefined ? undefined : Buffer.from(content).toString();

/** Claims a key; gives its epoch. */
export function claim(store: Store, key: string, durability: Durability = 'disk'): number {
  const [outcome] = store.commit([{ type: 'claim', key }], durability);
  if (outcome?.ok !== true) throw new Error(`claim refused: ${JSON.stringify(outcome)}`);
  return outcome.head.epoch;
}

/** Appends events given as text. */
export function append(store: Store, key: string, epoch: number, after: number, ...events: string[]): WriteOutcome {
  const [outcome] = store.commit([{ type: 'append', key, epoch, after, events: events.map(bytes) }], 'disk');
  if (outcome === undefined) throw new Error('no outcome');
  return outcome;
}

/** All events of a key from a sequence number on, page by page. */
export function allEvents(store: Store, key: string, from = 1): string[] {
  const found: string[] = [];
  for (let page = store.events(key, from, 'disk'); page.length > 0; ) {
    for (const event of page) found.push(`${event.seq} ${text(event.bytes) ?? ''}`);
    page = store.events(key, (page.at(-1)?.seq ?? 0) + 1, 'disk');
  }
  return found;
}

/** Runs the contract. */
export function storeContract(t: Test, name: string, subject: (t: Test) => Subject): void {
  const scenario = (what: string, run: (t: Test, subject: Subject) => Promise<void>): void => {
    t.test(`${name}: ${what}`, (t) => run(t, subject(t)));
  };

  scenario('events come back in their order, also after it was closed and opened again', async (t, { open }) => {
    const store = open();
    const epoch = claim(store, 'k');
    t.match(append(store, 'k', epoch, 0, 'one', 'two'), { ok: true, head: { seq: 2, first: 1 } });
    t.match(append(store, 'k', epoch, 2, 'three'), { ok: true, head: { seq: 3 } });
    t.same(allEvents(store, 'k', 2), ['2 two', '3 three']);
    await store.close();
    const again = open();
    t.same(allEvents(again, 'k'), ['1 one', '2 two', '3 three']);
    t.match(again.load('k', 'disk'), { head: { epoch, seq: 3 } });
    t.equal(again.load('nobody', 'disk'), undefined);
    await again.close();
  });

  scenario('keys whose names begin alike keep their records apart', async (t, { open }) => {
    const store = open();
    for (const key of ['a', 'a/b', 'ab', 'a b', 'ä']) append(store, key, claim(store, key), 0, `of ${key}`);
    for (const key of ['a', 'a/b', 'ab', 'a b', 'ä']) t.same(allEvents(store, key), [`1 of ${key}`]);
    await store.close();
  });

  scenario('a claim fences every epoch before it, and each epoch is given once', async (t, { open }) => {
    const store = open();
    const first = claim(store, 'k');
    append(store, 'k', first, 0, 'one');
    const second = claim(store, 'k');
    t.ok(second > first);
    t.match(append(store, 'k', first, 1, 'zombie'), { ok: false, refusal: 'fenced' });
    t.match(append(store, 'k', second, 1, 'two'), { ok: true });
    t.same(allEvents(store, 'k'), ['1 one', '2 two']);
    const writes: StoreWrite[] = [
      { type: 'snapshot', key: 'k', epoch: first, seq: 1, bytes: bytes('s'), keepFrom: 1 },
      { type: 'save', key: 'k', epoch: first, after: 2, bytes: bytes('s') },
      { type: 'put', key: 'k', epoch: first, name: 'n', bytes: bytes('s') },
      { type: 'remove', key: 'k', epoch: first, name: 'n' },
      { type: 'erase', key: 'k', epoch: first },
    ];
    for (const outcome of store.commit(writes, 'disk')) t.match(outcome, { ok: false, refusal: 'fenced' });
    await store.close();
    const again = open();
    t.ok(claim(again, 'other') > second, 'also after it was opened again');
    await again.close();
  });

  scenario(
    'claims that never write are written out before they fill the memory, and fence all the same',
    async (t, { open }) => {
      const store = open();
      const first = claim(store, 'k0');
      for (let done = 0; done < 70_000; done += 10_000) {
        const writes = Array.from(
          { length: 10_000 },
          (_, index): StoreWrite => ({ type: 'claim', key: `k${done + index}` }),
        );
        store.commit(writes, 'disk');
      }
      const { keys } = store.contents();
      t.ok(keys >= 30_000 && keys < 70_000, `${keys} of 70,000 were written out`);
      t.match(append(store, 'k0', first, 0, 'zombie'), { ok: false, refusal: 'fenced' });
      const { epoch } = store.load('k0', 'disk')?.head ?? {};
      t.match(append(store, 'k0', epoch ?? -1, 0, 'one'), { ok: true });
      await store.close();
    },
  );

  scenario('an erased key is gone, and its old epoch fits no later life of it', async (t, { open }) => {
    const store = open();
    const epoch = claim(store, 'k');
    append(store, 'k', epoch, 0, 'one', 'two');
    store.commit([{ type: 'put', key: 'k', epoch, name: 'n', bytes: bytes('d') }], 'disk');
    store.commit([{ type: 'erase', key: 'k', epoch }], 'disk');
    t.equal(store.load('k', 'disk'), undefined);
    t.same(store.contents(), { keys: 0, events: 0 });
    t.match(append(store, 'k', epoch, 0, 'zombie'), { ok: false, refusal: 'fenced', head: undefined });
    t.not(claim(store, 'k'), epoch);
    t.match(store.load('k', 'disk'), { head: { seq: 0, first: 1, snapshotSeq: 0 }, documents: [], events: [] });
    await store.close();
  });

  scenario('a write of a batch that is refused leaves the others of the batch alone', async (t, { open }) => {
    const store = open();
    const [a, b] = [claim(store, 'a'), claim(store, 'b')];
    const outcomes = store.commit(
      [
        { type: 'append', key: 'a', epoch: a, after: 0, events: [bytes('a1')] },
        { type: 'append', key: 'b', epoch: b, after: 7, events: [bytes('gap')] },
        { type: 'append', key: 'a', epoch: a, after: 1, events: [bytes('a2')] },
        { type: 'append', key: 'b', epoch: b, after: 0, events: [bytes('b1')] },
      ],
      'disk',
    );
    t.same(
      outcomes.map((outcome) => (outcome.ok ? outcome.head.seq : outcome.refusal)),
      [1, 'gap', 2, 1],
    );
    t.same([allEvents(store, 'a'), allEvents(store, 'b')], [['1 a1', '2 a2'], ['1 b1']]);
    await store.close();
  });

  scenario('a snapshot replaces the one before and forgets the events that it says', async (t, { open }) => {
    const store = open();
    const epoch = claim(store, 'k');
    append(store, 'k', epoch, 0, 'one', 'two', 'three', 'four');
    const snapshot = (seq: number, keepFrom: number, content: string): WriteOutcome | undefined =>
      store.commit([{ type: 'snapshot', key: 'k', epoch, seq, bytes: bytes(content), keepFrom }], 'disk')[0];
    t.match(snapshot(2, 2, 'at two'), { ok: true, head: { seq: 4, first: 2, snapshotSeq: 2 } });
    const loaded = store.load('k', 'disk');
    t.equal(text(loaded?.snapshot), 'at two');
    t.same(
      loaded?.events.map(({ seq }) => seq),
      [3, 4],
    );
    t.match(
      snapshot(3, 99, 'at three'),
      { ok: true, head: { first: 4, snapshotSeq: 3 } },
      'never what it does not hold',
    );
    t.match(snapshot(2, 1, 'older'), { ok: false, refusal: 'gap' });
    t.match(snapshot(5, 1, 'of the future'), { ok: false, refusal: 'gap' });
    t.same(store.contents(), { keys: 1, events: 1 });
    await store.close();
  });

  scenario('a saved state is one document with a revision', async (t, { open }) => {
    const store = open();
    const epoch = claim(store, 'k');
    const save = (after: number, content: string): WriteOutcome | undefined =>
      store.commit([{ type: 'save', key: 'k', epoch, after, bytes: bytes(content) }], 'disk')[0];
    t.match(save(0, 'first'), { ok: true, head: { seq: 1, snapshotSeq: 1 } });
    t.match(save(1, 'second'), { ok: true, head: { seq: 2, snapshotSeq: 2 } });
    t.match(save(1, 'lost update'), { ok: false, refusal: 'gap' });
    const loaded = store.load('k', 'disk');
    t.equal(text(loaded?.snapshot), 'second');
    t.same(loaded?.events, []);
    await store.close();
  });

  scenario('documents lie beside the log', async (t, { open }) => {
    const store = open();
    const epoch = claim(store, 'k');
    const put = (name: string, content: string): StoreWrite => ({
      type: 'put',
      key: 'k',
      epoch,
      name,
      bytes: bytes(content),
    });
    store.commit([put('b', '1'), put('a', '2'), put('b', '3')], 'disk');
    store.commit([{ type: 'remove', key: 'k', epoch, name: 'a' }, put('c', '')], 'disk');
    const found = store
      .load('k', 'disk')
      ?.documents.map((document) => `${document.name}=${text(document.bytes) ?? ''}`);
    t.same(found, ['b=3', 'c=']);
    await store.close();
  });

  scenario('a key lives under one durability', async (t, { open }) => {
    const store = open();
    claim(store, 'k', 'process');
    t.match(store.commit([{ type: 'claim', key: 'k' }], 'disk'), [{ ok: false, refusal: 'elsewhere' }]);
    await store.close();
  });

  scenario('a log is read in pages, bounded in events and in bytes', async (t, { open }) => {
    const store = open();
    const epoch = claim(store, 'k');
    append(store, 'k', epoch, 0, ...Array.from({ length: 2_500 }, (_, index) => `e${index}`));
    t.equal(store.load('k', 'disk')?.events.length, 1_000);
    t.equal(store.events('k', 2_001, 'disk').length, 500);
    t.equal(allEvents(store, 'k').length, 2_500);
    append(store, 'k', epoch, 2_500, ...Array.from({ length: 8 }, () => 'x'.repeat(400_000)));
    t.equal(store.events('k', 2_501, 'disk').length, 3, 'three of 400 kB make a page of a MiB');
    await store.close();
  });

  scenario('bytes of every value and of many sizes come back as they were', async (t, { open }) => {
    const store = open();
    const epoch = claim(store, 'k');
    const values = [0, 1, 255, 4_096, 70_000, 3_000_000].map((length) => Buffer.alloc(length).map((_, at) => at % 256));
    store.commit([{ type: 'append', key: 'k', epoch, after: 0, events: values }], 'disk');
    const found = [];
    for (let seq = 1; seq <= values.length; seq += 1) found.push(store.events('k', seq, 'disk')[0]?.bytes);
    for (const [index, value] of values.entries())
      t.ok(Buffer.from(found[index] ?? []).equals(value), `${value.length} bytes`);
    await store.close();
  });

  scenario('a closed store answers nothing', async (t, { open }) => {
    const store = open();
    const epoch = claim(store, 'k');
    await store.close();
    t.throws(() => append(store, 'k', epoch, 0, 'one'), { code: 'STORE_FAILED' });
    t.throws(() => store.load('k', 'disk'), { code: 'STORE_FAILED' });
  });
}
