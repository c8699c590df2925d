/**
 * The check beside llama.cpp, where node-llama-cpp is installed: what ends llama.cpp's process is refused by the check,
 * and what is written here is loaded there. SKEP_SEED chooses the damage, SKEP_ROUNDS=10 makes ten times as much and tries
 * all of the faults that are known; each death takes a second.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { checkGguf } from '#actors/inference/gguf/check';
import { readGguf } from '#actors/inference/gguf/read';
import { writeGguf } from '#actors/inference/gguf/write';
import { writeRandomModel } from '#bench/models/random-model';
import { seededRandom } from '#runtime/clock/random';
import { Llama } from './llama.js';
import { bytesOf, replace, type SampleDraft, sampleDraft, sampleFolder, value } from './sample-model.js';

const folder = sampleFolder(t);
const path = join(folder, 'model.gguf');
const task = { path, prompts: [[65, 66, 67]], most: 3, texts: ['a text'] };
const seed = Number(process.env['SKEP_SEED'] ?? 1);
const rounds = Number(process.env['SKEP_ROUNDS'] ?? 1);
let llama = await Llama.start();
t.teardown(() => llama?.close());
const skip = llama === undefined && 'node-llama-cpp is not installed';

/** What llama.cpp makes of the file; a process that it ended is replaced. */
async function run(): Promise<Awaited<ReturnType<Llama['run']>>> {
  const result = await llama?.run(task);
  if (result === undefined) throw new Error('llama.cpp did not start');
  if ('died' in result) llama = await Llama.start();
  return result;
}

t.test('models that are written here are loaded and answered from', { skip }, async (t) => {
  await bytesOf(path);
  t.match(await run(), { answers: [Array], tokens: [Array] });
  await writeRandomModel(path, { blocks: 2, embedding: 32, heads: 4, headsKv: 2, vocabulary: 1_000 });
  t.match(await run(), { answers: [Array], tokens: [Array] });
});

const set =
  (key: string, type: 'uint32' | 'float32' | 'string', to: number | string) =>
  ({ metadata }: SampleDraft): void =>
    void metadata.set(key, value(type, to));

/** What ends llama.cpp. The day that one does not any more, the check may still refuse it. */
const deadly: Readonly<Record<string, (draft: SampleDraft) => void>> = {
  'no head_count': ({ metadata }) => void metadata.delete('llama.attention.head_count'),
  'a head_count of 0': set('llama.attention.head_count', 'uint32', 0),
  'a head_count_kv of 0': set('llama.attention.head_count_kv', 'uint32', 0),
  'a block_count of 0': set('llama.block_count', 'uint32', 0),
  'a negative epsilon': set('llama.attention.layer_norm_rms_epsilon', 'float32', -1),
  'an epsilon that is no number': set('llama.attention.layer_norm_rms_epsilon', 'float32', Number.NaN),
  'experts in use that are not there': set('llama.expert_used_count', 'uint32', 2),
  'experts of which none is used': set('llama.expert_count', 'uint32', 4),
  'an unknown rope.scaling.type': set('llama.rope.scaling.type', 'string', 'liner'),
  'a norm in F16': (draft) => replace(draft, 'blk.0.attn_norm.weight', { type: 'F16' }),
};

t.test('what is known to end llama.cpp is refused by the check', { skip }, async (t) => {
  for (const [name, change] of Object.entries(deadly).slice(0, rounds > 1 ? undefined : 1)) {
    const draft = sampleDraft();
    change(draft);
    await writeGguf(path, draft);
    await t.rejects(checkGguf(path), { code: 'MODEL_FILE_BAD' }, name);
    t.match(await run(), { died: 'SIGABRT' }, name);
  }
});

t.test('no file that passes the check ends llama.cpp, whatever was flipped in it', { skip }, async (t) => {
  const sound = await bytesOf(path);
  const dataAt = (await readGguf(path)).tensors[0]?.at ?? 0;
  const random = seededRandom(seed);
  let passed = 0;
  const deaths: string[] = [];
  for (let file = 0; file < 60 * rounds; file += 1) {
    const bytes = Buffer.from(sound);
    const at = Math.floor(random.next() * dataAt);
    const bit = Math.floor(random.next() * 8);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
    writeFileSync(path, bytes);
    const good = await checkGguf(path).then(
      () => true,
      () => false,
    );
    if (!good) continue;
    passed += 1;
    const result = await run();
    if ('died' in result) deaths.push(`bit ${bit} of byte ${at}: ${result.died}`);
  }
  t.same(deaths, [], `of ${passed} files that passed`);
  t.ok(passed > 10 * rounds, `${passed} passed`);
});

t.test('numbers at the edge of what the check lets through do not end llama.cpp', { skip }, async (t) => {
  const edges = [
    ['llama.context_length', value('uint32', 1)],
    ['llama.context_length', value('uint32', 2 ** 31 - 1)],
    ['llama.attention.layer_norm_rms_epsilon', value('float32', 0)],
    ['llama.attention.layer_norm_rms_epsilon', value('float32', 1)],
    ['llama.rope.freq_base', value('float32', 1e-29)],
    ['llama.rope.freq_base', value('float32', 1e29)],
    ['llama.rope.scaling.factor', value('float32', 0)],
    ['llama.rope.scaling.factor', value('float32', 1e29)],
    ['llama.rope.scaling.type', value('string', 'yarn')],
    ['llama.rope.scaling.type', value('string', 'longrope')],
    ['tokenizer.ggml.bos_token_id', value('uint32', 0)],
    ['tokenizer.ggml.padding_token_id', value('uint32', 4_000_000_000)],
    ['tokenizer.ggml.pre', value('string', 'unheard-of')],
    ['tokenizer.chat_template', value('string', '{% for')],
  ] as const;
  for (const [key, to] of edges) {
    const draft = sampleDraft();
    draft.metadata.set(key, to);
    await writeGguf(path, draft);
    await checkGguf(path);
    const result = await run();
    if ('died' in result) t.fail(`${key}: ${JSON.stringify(to)} ends it: ${result.died}`);
  }
});
