/** Models at random are sound files of the form that was asked for. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { checkGguf } from '#actors/inference/gguf/check';
import { writeRandomModel } from '#bench/models/random-model';
import { sampleFolder } from '#test/actors/inference/gguf/sample-model';

const folder = sampleFolder(t);
const path = join(folder, 'random.gguf');

t.test('a model at random passes the check, weights included, and has the form that was asked for', async (t) => {
  const form = {
    blocks: 3,
    embedding: 96,
    heads: 6,
    headsKv: 2,
    feedForward: 160,
    vocabulary: 2_000,
    contextTokens: 512,
  };
  const fileBytes = await writeRandomModel(path, form);
  t.match(await checkGguf(path, { finiteBytes: fileBytes }), {
    ...form,
    fileBytes,
    architecture: 'llama',
    checked: 'tensors',
  });
  const least = await writeRandomModel(path, { blocks: 1, embedding: 16, heads: 2, vocabulary: 259, type: 'F32' });
  t.match(await checkGguf(path, { finiteBytes: least }), {
    vocabulary: 259,
    headsKv: 2,
    feedForward: 64,
    quantisation: 'F32',
  });
});

t.test('a vocabulary as large as that of any model is written and checked', async (t) => {
  await writeRandomModel(path, { blocks: 1, embedding: 4, heads: 1, feedForward: 32, vocabulary: 262_144 });
  t.match(await checkGguf(path), { vocabulary: 262_144, tokenizer: 'gpt2' });
});

t.test('the same seed gives the same bytes, another seed others', async (t) => {
  const bytes = async (seed: number): Promise<Buffer> => {
    await writeRandomModel(path, { blocks: 1, embedding: 32, heads: 4, seed });
    return await readFile(path);
  };
  const first = await bytes(1);
  t.ok(first.equals(await bytes(1)));
  t.notOk(first.equals(await bytes(2)));
});

t.test('a form that no model can have is refused', async (t) => {
  for (const [form, message] of [
    [{ blocks: 1, embedding: 30, heads: 4 }, /embedding of 30/],
    [{ blocks: 1, embedding: 32, heads: 4, headsKv: 3 }, /4 heads cannot share 3/],
    [{ blocks: 1, embedding: 32, heads: 4, vocabulary: 100 }, /vocabulary of 100/],
  ] as const) {
    await t.rejects(writeRandomModel(path, form), { name: 'RangeError', message });
  }
});
