/** Which replica gets a request: by what it has cached, how loaded it is, and how lately it was heard of. */
import { chooseReplica, type KnownReplica, type ReplicaReport } from '#actors/inference/routing/choose';
import {
  BLOCK_CHARACTERS,
  blockHashes,
  MOST_BLOCKS,
  promptText,
  RecentBlocks,
} from '#actors/inference/routing/prompt-blocks';
import t from 'tap';

const NOW_MS = 10_000;

function known(replica: string, facts: Partial<ReplicaReport> = {}, ageMs = 0): KnownReplica {
  const report: ReplicaReport = {
    replica,
    slots: 4,
    freeSlots: 4,
    queueTokens: 0,
    decodeTokens: 0,
    full: false,
    blocks: [],
    ...facts,
  };
  return { report, heardMs: NOW_MS - ageMs };
}

const request = { blocks: [1, 2, 3, 4], promptTokens: 400 };

t.test('the replica with the longest cached beginning wins while it is not much more loaded', async (t) => {
  const replicas = [known('a', { blocks: [1] }), known('b', { blocks: [3, 2, 1] }), known('c', { blocks: [2, 3, 4] })];
  t.same(chooseReplica(request, replicas, NOW_MS), { replica: 'b', by: 'prefix', cachedTokens: 300 });
  const busier = [known('a'), known('b', { blocks: [1, 2, 3], queueTokens: 1_000 })];
  t.match(chooseReplica(request, busier, NOW_MS), { replica: 'b' }, '250 tokens of load a slot, 300 saved');
  const tooBusy = [known('a'), known('b', { blocks: [1, 2, 3], queueTokens: 1_300 })];
  t.match(chooseReplica(request, tooBusy, NOW_MS), { replica: 'a', by: 'load' });
});

t.test('an overloaded replica is left out whatever it has cached', async (t) => {
  const long = { blocks: [1, 2, 3, 4], promptTokens: 100_000 };
  const hot = known('hot', { blocks: [1, 2, 3, 4], decodeTokens: 40_000 });
  t.match(chooseReplica(long, [known('cold'), hot], NOW_MS), { replica: 'cold' });
  t.match(chooseReplica(long, [known('cold'), hot], NOW_MS, { gapTokens: 20_000 }), { replica: 'hot', by: 'prefix' });
  const all = known('cold', { decodeTokens: 39_000 });
  t.match(chooseReplica(long, [all, hot], NOW_MS), { replica: 'hot' }, 'not when all are loaded alike');
});

t.test('a report older than 200 ms counts as a full replica', async (t) => {
  const warm = { blocks: [1, 2, 3, 4] };
  t.match(chooseReplica(request, [known('a', warm, 200), known('b')], NOW_MS), { replica: 'a' });
  t.match(chooseReplica(request, [known('a', warm, 201), known('b')], NOW_MS), { replica: 'b' });
  t.equal(chooseReplica(request, [known('a', warm, 201), known('b', { full: true })], NOW_MS), undefined);
  t.equal(chooseReplica(request, [], NOW_MS), undefined);
});

t.test('a beginning that nobody has goes to one replica, by rendezvous; others to others', async (t) => {
  const replicas = ['a', 'b', 'c'].map((name) => known(name));
  const chosen = new Map<string, number>();
  for (let first = 0; first < 300; first += 1) {
    const cold = { blocks: [first, first + 1], promptTokens: 100 };
    const choice = chooseReplica(cold, replicas, NOW_MS);
    t.equal(choice?.by, 'cold');
    t.same(chooseReplica({ ...cold, blocks: [first, 9] }, replicas.toReversed(), NOW_MS), choice);
    chosen.set(choice?.replica ?? '', (chosen.get(choice?.replica ?? '') ?? 0) + 1);
  }
  for (const count of chosen.values()) t.ok(count > 60, `${count} of 300`);
});

t.test('a short prompt goes to the least loaded', async (t) => {
  const replicas = [known('a', { queueTokens: 400 }), known('b', { freeSlots: 1 }), known('c', { freeSlots: 2 })];
  t.same(chooseReplica({ blocks: [], promptTokens: 10 }, replicas, NOW_MS), {
    replica: 'c',
    by: 'load',
    cachedTokens: 0,
  });
});

t.test('texts that begin alike have hashes that begin alike, and differ from the first difference on', async (t) => {
  const start = 'system: be brief. '.repeat(60);
  const one = blockHashes(`${start}first question`.repeat(2));
  const other = blockHashes(`${start}other question`.repeat(2));
  const shared = Math.floor(start.length / BLOCK_CHARACTERS);
  t.same(one.slice(0, shared), other.slice(0, shared));
  t.ok(
    one.slice(shared).every((hash, at) => hash !== other[shared + at]),
    'also where the texts are alike again',
  );
  t.equal(blockHashes('x'.repeat(10_000_000)).length, MOST_BLOCKS);
  t.same(blockHashes('short'), []);
  const messages = [{ role: 'system' as const, content: start }];
  t.ok(promptText({ messages }).startsWith('system\nsystem: be brief.'));
});

t.test(
  'what a replica says of its cache is bounded, and forgets the end of a prompt before its beginning',
  async (t) => {
    const recent = new RecentBlocks(5);
    recent.add([1, 2, 3]);
    recent.add([1, 2, 4]);
    t.same(new Set(recent.list()), new Set([1, 2, 3, 4]));
    recent.add([7, 8, 9]);
    const left = new Set(recent.list());
    t.equal(left.size, 5);
    t.ok(left.has(1) && left.has(2) && left.has(7), String([...left]));
  },
);
