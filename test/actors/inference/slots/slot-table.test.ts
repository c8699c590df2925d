/** Which slot takes a prompt, counted in tokens that need no computing. */
import { commonPrefix, SlotTable, type SlotOptions } from '#actors/inference/slots/slot-table';
import { chanceOf, nextChance } from '#protocols/chance';
import t from 'tap';

/** So many tokens that are a topic's own. */
function tokens(topic: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => topic * 100_000 + at);
}

/** Takes a slot and gives it back with what was computed. */
function once(table: SlotTable, prompt: readonly number[], answer: readonly number[] = []) {
  const place = table.place(prompt);
  if (place === undefined) throw new Error('no slot is free');
  table.release(place.slot, [...prompt, ...answer]);
  return place;
}

t.test(
  'a prompt goes where its beginning is; a strange one where nothing is, then where it was longest ago',
  async (t) => {
    const table = new SlotTable({ slots: 2 });
    const first = once(table, tokens(1, 100), tokens(9, 5));
    const second = once(table, tokens(2, 100));
    t.not(second.slot, first.slot);
    t.match(once(table, [...tokens(1, 100), ...tokens(9, 5), 7]), { slot: first.slot, reuse: 105 });
    t.match(once(table, tokens(3, 100)), { slot: second.slot, reuse: 0 }, 'the one that was used longest ago');
  },
);

t.test('the last token of a prompt is computed always: what follows comes out of it', async (t) => {
  const table = new SlotTable({ slots: 1 });
  once(table, tokens(1, 50));
  t.equal(once(table, tokens(1, 50)).reuse, 49);
  t.equal(once(table, tokens(1, 20)).reuse, 19);
});

t.test('a beginning that is short beside the prompt does not take a slot from somebody', async (t) => {
  const table = new SlotTable({ slots: 2, similarity: 0.1 });
  const a = once(table, tokens(1, 30));
  const b = once(table, tokens(2, 30));
  // 30 of 1,000 tokens are less than a tenth: the one that was used longest ago is taken, which is the other.
  once(table, tokens(1, 30));
  t.match(once(table, [...tokens(1, 30), ...tokens(5, 970)]), { slot: b.slot, reuse: 0 });
  t.match(once(table, [...tokens(1, 30), ...tokens(6, 100)]), { slot: a.slot, reuse: 30 });
});

t.test('two that begin alike get a slot each while one is empty, and share one when none is', async (t) => {
  const table = new SlotTable({ slots: 2 });
  const a = once(table, [...tokens(1, 100), ...tokens(2, 50)]);
  const b = once(table, [...tokens(1, 100), ...tokens(3, 50)]);
  t.not(b.slot, a.slot);
  t.match(once(table, [...tokens(1, 100), ...tokens(2, 50), 1]), { slot: a.slot, reuse: 150 });
  t.match(once(table, [...tokens(1, 100), ...tokens(4, 50)]), { slot: b.slot, reuse: 100 });
});

t.test('busy slots are not given, and when all are busy there is none', async (t) => {
  const table = new SlotTable({ slots: 1 });
  t.ok(table.place(tokens(1, 20)));
  t.equal(table.free, 0);
  t.equal(table.place(tokens(1, 20)), undefined);
  table.release(0, tokens(1, 20));
  t.equal(table.free, 1);
});

t.test('what a slot loses is spilled, and restored when it is asked for again', async (t) => {
  const table = new SlotTable({ slots: 1, storeBytes: 1_000, bytesPerToken: 2 });
  once(table, tokens(1, 200));
  const other = once(table, tokens(2, 200));
  t.match(other, { reuse: 0, restore: undefined, spill: { tokens: tokens(1, 200), bytes: 400 } });
  const back = once(table, [...tokens(1, 200), 5]);
  t.match(back, { reuse: 200, restore: { key: other.spill?.key }, spill: { bytes: 400 } });
  t.equal(table.storedBytes, 800);
  const third = once(table, tokens(3, 300));
  t.match(third.spill, { bytes: 402 });
  t.equal(
    third.evicted.some(({ key }) => key === other.spill?.key),
    true,
    'the longer copy replaces the shorter',
  );
  t.ok(table.storedBytes <= 1_000);
  table.lost(third.spill?.key ?? 0);
  t.match(
    once(table, [...tokens(1, 200), 6]),
    { reuse: 0, restore: undefined },
    'bytes that are lost are not promised',
  );
});

t.test('going on with what is there spills nothing', async (t) => {
  const table = new SlotTable({ slots: 1, storeBytes: 10_000, bytesPerToken: 1 });
  once(table, tokens(1, 100));
  t.equal(once(table, [...tokens(1, 100), 1, 2, 3]).spill, undefined);
  t.equal(once(table, tokens(1, 90)).spill, undefined, 'ten tokens are not worth it');
});

/** Tokens that are computed for eight agents with beginnings of their own, who talk in turns that grow. */
function computed(
  slots: number,
  choose: (turn: number, prompt: readonly number[]) => { reuse: number; done: (all: readonly number[]) => void },
): number {
  const talks = Array.from({ length: 8 }, (_, agent) => [...tokens(1 + (agent % 2), 400), ...tokens(10 + agent, 100)]);
  let chance = 3;
  let sum = 0;
  for (let turn = 0; turn < 400; turn += 1) {
    chance = nextChance(chance);
    const talk = talks[chanceOf(chance, talks.length)] as number[];
    talk.push(turn, turn, turn);
    const { reuse, done } = choose(turn, [...talk]);
    sum += talk.length - reuse;
    const answer = [turn + 1_000_000, turn + 2_000_000];
    talk.push(...answer);
    done([...talk]);
  }
  t.comment(`${slots} slots: ${sum} tokens computed`);
  return sum;
}

t.test(
  'affinity computes a fraction of what round robin computes, and a store for what does not fit most of the rest',
  async (t) => {
    const bySlots = (options: SlotOptions): number => {
      const table = new SlotTable(options);
      return computed(options.slots, (_turn, prompt) => {
        const place = table.place(prompt);
        if (place === undefined) throw new Error('no slot is free');
        return { reuse: place.reuse, done: (all) => table.release(place.slot, all) };
      });
    };
    const held: (readonly number[])[] = [[], [], [], []];
    const roundRobin = computed(4, (turn, prompt) => {
      const slot = turn % held.length;
      const reuse = Math.min(commonPrefix(held[slot] ?? [], prompt), prompt.length - 1);
      return {
        reuse,
        done: (all) => {
          held[slot] = all;
        },
      };
    });
    const affinity = bySlots({ slots: 4 });
    const stored = bySlots({ slots: 4, storeBytes: 100_000_000, bytesPerToken: 1 });
    const enough = bySlots({ slots: 8 });
    t.ok(affinity * 1.5 < roundRobin, `${affinity} of ${roundRobin}`);
    t.ok(stored * 4 < affinity, `${stored} of ${affinity}`);
    t.ok(enough * 10 < roundRobin, `${enough} of ${roundRobin} with a slot for each`);
  },
);
