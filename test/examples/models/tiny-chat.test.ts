/** The tiny model that is committed: it is the one its page tells of, and it knows its answers. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { checkGguf } from '#actors/inference/gguf/check';
import { readGguf } from '#actors/inference/gguf/read';
import { promptTokens } from '#examples/models/conversation';
import { facts, systemPrompts } from '#examples/models/corpus';
import { PlainLlama } from '#examples/models/plain-llama';
import { tinyShape, tinyVocabulary } from '#examples/models/tiny-chat';

const folder = join(import.meta.dirname, '../../../../examples/models');
const path = join(folder, 'tiny-chat.gguf');
const bytes = await readFile(path);

t.test('the file passes the check, is small, and has the form and the vocabulary of its trainer', async (t) => {
  const { feedForward, embedding, blocks, heads, headsKv, vocabulary, contextTokens } = tinyShape;
  t.match(await checkGguf(path, { finiteBytes: bytes.length }), {
    architecture: 'llama',
    name: 'tiny-chat',
    ...{ feedForward, embedding, blocks, heads, headsKv, vocabulary, contextTokens },
    quantisation: 'F16',
    tokenizer: 'gpt2',
    checked: 'tensors',
    fileBytes: bytes.length,
  });
  t.ok(bytes.length < 1024 * 1024, `${bytes.length} bytes`);
  const { metadata } = await readGguf(path);
  t.match(metadata.get('tokenizer.ggml.merges'), { values: tinyVocabulary().merges });
  t.match(metadata.get('tokenizer.ggml.tokens'), { values: tinyVocabulary().tokens });
});

t.test('its page has its hash and all that it can be asked', async (t) => {
  const page = await readFile(join(folder, 'README.md'), 'utf8');
  t.match(page, createHash('sha256').update(bytes).digest('hex'));
  for (const { question, answer } of facts) t.match(page, `| ${question} | ${answer} |`);
});

t.test('each question has its answer, word for word, with and without a system prompt', async (t) => {
  const plain = await PlainLlama.load(path);
  const { tokenizer } = plain;
  for (const [index, { question, answer }] of facts.entries()) {
    // Another prompt for each question, and all of them in turn; the trainer looked at every pair.
    for (const system of index % 4 === 0
      ? [undefined, systemPrompts[(index / 4) % systemPrompts.length]]
      : [undefined]) {
      const prompt = promptTokens(tokenizer, { bos: index % 2 === 0, system }, question);
      t.equal(tokenizer.decode(plain.answer(prompt)), answer, question);
    }
  }
});
