/** A sound file gives its facts; each fault is refused by its name. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { checkGguf } from '#actors/inference/gguf/check';
import type { GgufScalar, GgufValue } from '#actors/inference/gguf/format';
import { chatMlTemplate } from '#actors/inference/gguf/llama-draft';
import { writeGguf } from '#actors/inference/gguf/write';
import { bytesOf, replace, type SampleDraft, sampleDraft, sampleFolder, sampleShape, value } from './sample-model.js';

const folder = sampleFolder(t);
const path = join(folder, 'model.gguf');

/** What is said about a draft after a change; undefined when nothing is. */
async function said(change: (draft: SampleDraft) => void): Promise<string | undefined> {
  const draft = sampleDraft();
  change(draft);
  await writeGguf(path, draft);
  return await checkGguf(path).then(
    () => undefined,
    (error: unknown) => {
      const { code, message } = error as { readonly code: string; readonly message: string };
      return `${code}: ${message}`;
    },
  );
}

const set =
  (key: string, to: GgufValue) =>
  ({ metadata }: SampleDraft): void =>
    void metadata.set(key, to);
const unset =
  (key: string) =>
  ({ metadata }: SampleDraft): void =>
    void metadata.delete(key);
const uint32 = (key: string, of: number): ((draft: SampleDraft) => void) => set(key, value('uint32', of));
const array = (of: 'string' | 'int32' | 'uint32' | 'float32', values: readonly GgufScalar[]): GgufValue => ({
  type: 'array',
  of,
  count: values.length,
  values,
});

t.test('the facts of a sound file', async (t) => {
  const bytes = await bytesOf(path);
  t.strictSame(await checkGguf(path, { finiteBytes: bytes.length }), {
    architecture: 'llama',
    name: 'sample',
    contextTokens: 64,
    blocks: 2,
    embedding: 8,
    heads: 4,
    headsKv: 2,
    feedForward: 12,
    parameters: 2 * 300 * 8 + 8 + 2 * (2 * 8 + 2 * 64 + 2 * 32 + 3 * 96),
    fileBytes: bytes.length,
    weightsBytes: 2 * (2 * 300 * 8 + 2 * (2 * 64 + 2 * 32 + 3 * 96)) + 4 * 5 * 8,
    // Two blocks, two heads, two elements each of a key and of a value.
    kvElements: 2 * 2 * 4,
    quantisation: 'F16',
    chatTemplate: chatMlTemplate,
    parts: 1,
    tokenizer: 'gpt2',
    vocabulary: 300,
    checked: 'tensors',
  });
});

t.test('a model without an output of its own, and one without a name or a template, are sound', async (t) => {
  t.equal(await said(({ tensors }) => tensors.splice(tensors.length - 1, 1)), undefined);
  await said((draft) => {
    unset('general.name')(draft);
    unset('tokenizer.chat_template')(draft);
  });
  const facts = await checkGguf(path);
  t.notOk('name' in facts);
  t.notOk('chatTemplate' in facts);
});

/** Faults of the key-values, each with what is said. */
const keyFaults: readonly (readonly [string, (draft: SampleDraft) => void, RegExp])[] = [
  ['no architecture', unset('general.architecture'), /key general\.architecture is missing/],
  ['another architecture', set('general.architecture', value('string', 'lama')), /key lama\.context_length is missing/],
  [
    'an architecture that is a number',
    uint32('general.architecture', 1),
    /general\.architecture is of type uint32, expected string/,
  ],
  ['an adapter', set('general.type', value('string', 'adapter')), /it is no model but "adapter"/],
  ['no context', unset('llama.context_length'), /llama\.context_length is missing/],
  ['no embedding', unset('llama.embedding_length'), /llama\.embedding_length is missing/],
  ['no blocks', unset('llama.block_count'), /llama\.block_count is missing/],
  ['no feed-forward', unset('llama.feed_forward_length'), /llama\.feed_forward_length is missing/],
  ['no heads', unset('llama.attention.head_count'), /llama\.attention\.head_count is missing/],
  ['no epsilon', unset('llama.attention.layer_norm_rms_epsilon'), /layer_norm_rms_epsilon is missing/],
  ['no tokenizer', unset('tokenizer.ggml.model'), /tokenizer\.ggml\.model is missing/],
  ['no tokens', unset('tokenizer.ggml.tokens'), /tokenizer\.ggml\.tokens is missing/],
  ['no merges', unset('tokenizer.ggml.merges'), /tokenizer\.ggml\.merges is missing/],
  [
    'a number of another type',
    set('llama.block_count', value('uint64', 2n)),
    /block_count is of type uint64, expected uint32/,
  ],
  ['no context at all', uint32('llama.context_length', 0), /context_length is 0, expected 1 to/],
  ['too many blocks', uint32('llama.block_count', 513), /block_count is 513, expected 1 to 512/],
  ['a block too many', uint32('llama.block_count', 3), /tensor blk\.2\.attn_norm\.weight is missing/],
  ['a block too few', uint32('llama.block_count', 1), /tensor blk\.1\.attn_norm\.weight is of a block behind/],
  ['zero heads', uint32('llama.attention.head_count', 0), /head_count is 0, expected 1 to/],
  ['heads that do not divide', uint32('llama.attention.head_count', 3), /embedding_length is 8, which its 3 heads/],
  ['heads of an odd size', uint32('llama.attention.head_count', 8), /a head has 1 elements, an odd number/],
  ['keys that heads cannot share', uint32('llama.attention.head_count_kv', 3), /which head_count_kv 3 does not divide/],
  [
    'other keys than the tensors',
    uint32('llama.attention.head_count_kv', 4),
    /attn_k\.weight is 8 x 4, expected 8 x 8/,
  ],
  [
    'more keys than heads',
    uint32('llama.attention.head_count_kv', 8),
    /head_count is 4, which head_count_kv 8 does not/,
  ],
  ['an embedding of another size', uint32('llama.embedding_length', 16), /rope\.dimension_count is 2, expected 4/],
  [
    'a feed-forward of another size',
    uint32('llama.feed_forward_length', 13),
    /ffn_gate\.weight is 8 x 12, expected 8 x 13/,
  ],
  ['a rotation of another size', uint32('llama.rope.dimension_count', 4), /rope\.dimension_count is 4, expected 2/],
  ['values unlike keys', uint32('llama.attention.value_length', 4), /keys have 2 elements a head, the values 4/],
  ['experts in use that are not there', uint32('llama.expert_used_count', 2), /expert_used_count is 2 where .* is 0/],
  ['experts of which none is used', uint32('llama.expert_count', 4), /expert_used_count is 0 where .* is 4/],
  [
    'a negative epsilon',
    set('llama.attention.layer_norm_rms_epsilon', value('float32', -1)),
    /rms_epsilon is -1, expected 0 to 1/,
  ],
  [
    'an epsilon that is no number',
    set('llama.attention.layer_norm_rms_epsilon', value('float32', Number.NaN)),
    /rms_epsilon is NaN/,
  ],
  ['a base of zero', set('llama.rope.freq_base', value('float32', 0)), /freq_base is 0/],
  ['an infinite base', set('llama.rope.freq_base', value('float32', Infinity)), /freq_base is Infinity/],
  [
    'an unknown scaling',
    set('llama.rope.scaling.type', value('string', 'liner')),
    /scaling\.type is "liner", expected none, linear/,
  ],
  [
    'blocks unlike each other',
    set('llama.attention.head_count', array('uint32', [4, 2])),
    /head_count differs between blocks/,
  ],
  [
    'heads for other blocks',
    set('llama.attention.head_count', array('uint32', [4])),
    /head_count has 1 elements for 2 blocks/,
  ],
  [
    'two tokens alike',
    ({ metadata }) =>
      void metadata.set(
        'tokenizer.ggml.tokens',
        array(
          'string',
          Array.from({ length: 300 }, (_, id) => (id === 7 ? 't5' : `t${id}`)),
        ),
      ),
    /tokens 5 and 7 are both "t5"/,
  ],
  [
    'tokens that are numbers',
    set('tokenizer.ggml.tokens', array('int32', [1, 2])),
    /tokens is of type an array of int32/,
  ],
  [
    'a vocabulary of nothing',
    set('tokenizer.ggml.tokens', array('string', [])),
    /tokens has 0 elements, expected 1 to/,
  ],
  [
    'a merge of one piece',
    set('tokenizer.ggml.merges', array('string', ['a b', 'ab'])),
    /merge 1 is "ab", expected two pieces/,
  ],
  [
    'types of fewer tokens',
    set('tokenizer.ggml.token_type', array('int32', [1, 1])),
    /token_type has 2 elements, expected 300/,
  ],
  [
    'scores of fewer tokens',
    set('tokenizer.ggml.scores', array('float32', [1])),
    /scores has 1 elements, expected 300/,
  ],
  ['an end that is no token', uint32('tokenizer.ggml.eos_token_id', 300), /eos_token_id is 300, expected 0 to 299/],
  [
    'a template that is a number',
    uint32('tokenizer.chat_template', 1),
    /chat_template is of type uint32, expected string/,
  ],
  ['an alignment of 24', uint32('general.alignment', 24), /alignment is 24, expected a power of two/],
  [
    'an alignment that is a text',
    set('general.alignment', value('string', '32')),
    /alignment is of type string, expected uint32/,
  ],
  [
    'a part of a model',
    set('split.count', value('uint16', 2)),
    /part 1 of 2, and its name does not end in -00001-of-00002/,
  ],
];

t.test('each fault of the key-values is refused by its name', async (t) => {
  for (const [name, change, message] of keyFaults) {
    const text = (await said(change)) ?? 'nothing';
    t.match(text, /^MODEL_FILE_BAD: /, name);
    t.match(text, message, name);
  }
});

/** Faults of the tensors. */
const tensorFaults: readonly (readonly [string, (draft: SampleDraft) => void, RegExp])[] = [
  ['no tensors', ({ tensors }) => tensors.splice(0), /it has no tensors/],
  ['no embedding', ({ tensors }) => tensors.splice(0, 1), /tensor token_embd\.weight is missing/],
  ['no norm at the end', ({ tensors }) => tensors.splice(-2, 1), /tensor output_norm\.weight is missing/],
  [
    'an output of another vocabulary',
    (draft) => replace(draft, 'output.weight', { dims: [8, 299] }),
    /output\.weight is 8 x 299, expected 8 x 300/,
  ],
  [
    'a matrix the other way round',
    (draft) => replace(draft, 'blk.1.ffn_down.weight', { dims: [8, 12] }),
    /blk\.1\.ffn_down\.weight is 8 x 12, expected 12 x 8/,
  ],
  [
    'a matrix of three dimensions',
    (draft) => replace(draft, 'blk.0.attn_q.weight', { dims: [8, 4, 2] }),
    /attn_q\.weight is 8 x 4 x 2/,
  ],
  [
    'a norm in F16',
    (draft) => replace(draft, 'blk.0.attn_norm.weight', { type: 'F16' }),
    /attn_norm\.weight is of type F16, expected F32/,
  ],
  [
    'a bias of another size',
    ({ tensors }) =>
      void tensors.push({ name: 'blk.0.attn_q.bias', dims: [7], type: 'F32', data: new Float32Array(7) }),
    /attn_q\.bias is 7, expected 8/,
  ],
  [
    'a tensor twice',
    ({ tensors }) => void tensors.push({ name: 'output.weight', dims: [8], type: 'F32', data: new Float32Array(8) }),
    /tensor output\.weight is there twice/,
  ],
];

t.test('each fault of the tensors is refused by its name', async (t) => {
  for (const [name, change, message] of tensorFaults) t.match((await said(change)) ?? 'nothing', message, name);
});

t.test(
  'queries, keys and values may be one tensor, and trailing dimensions of one element count for nothing',
  async (t) => {
    const fused = await said((draft) => {
      for (const block of [0, 1]) {
        const at = draft.tensors.findIndex(({ name }) => name === `blk.${block}.attn_q.weight`);
        draft.tensors.splice(at, 3, {
          name: `blk.${block}.attn_qkv.weight`,
          dims: [8, 16],
          type: 'F32',
          data: new Float32Array(128),
        });
      }
    });
    t.equal(fused, undefined);
    t.equal(await said((draft) => replace(draft, 'output_norm.weight', { dims: [8, 1] })), undefined);
  },
);

t.test('of an architecture that is not known the keys are checked, and the facts say so', async (t) => {
  const draft = sampleDraft();
  for (const [key, entry] of [...draft.metadata]) {
    if (!key.startsWith('llama.')) continue;
    draft.metadata.delete(key);
    draft.metadata.set(key.replace('llama.', 'novel.'), entry);
  }
  draft.metadata.set('general.architecture', value('string', 'novel'));
  draft.tensors.splice(1, 3);
  await writeGguf(path, draft);
  t.match(await checkGguf(path), { architecture: 'novel', checked: 'keys', heads: 4 });
  draft.metadata.delete('novel.attention.head_count');
  await writeGguf(path, draft);
  await t.rejects(checkGguf(path), { code: 'MODEL_FILE_BAD', message: /novel\.attention\.head_count is missing/ });
});

t.test('experts have tensors of their own', async (t) => {
  const draft = sampleDraft({ ...sampleShape, blocks: 1 });
  draft.metadata.set('llama.expert_count', value('uint32', 3));
  draft.metadata.set('llama.expert_used_count', value('uint32', 2));
  for (const [name, dims] of [
    ['ffn_gate', [8, 12, 3]],
    ['ffn_up', [8, 12, 3]],
    ['ffn_down', [12, 8, 3]],
  ] as const) {
    const index = draft.tensors.findIndex((tensor) => tensor.name === `blk.0.${name}.weight`);
    draft.tensors.splice(index, 1, {
      name: `blk.0.${name}_exps.weight`,
      dims,
      type: 'F16',
      data: new Float32Array(288),
    });
  }
  await writeGguf(path, draft);
  await t.rejects(checkGguf(path), { message: /tensor blk\.0\.ffn_gate_inp\.weight is missing/ });
  draft.tensors.push({ name: 'blk.0.ffn_gate_inp.weight', dims: [8, 3], type: 'F32', data: new Float32Array(24) });
  await writeGguf(path, draft);
  t.match(await checkGguf(path), { checked: 'tensors', parameters: 2 * 2400 + 8 + 16 + 128 + 64 + 3 * 288 + 24 });
});

t.test('weights that are no finite numbers are found when they are looked for', async (t) => {
  for (const [type, broken] of [
    ['F32', Number.NaN],
    ['F16', Infinity],
  ] as const) {
    const draft = sampleDraft();
    const data = new Float32Array(8 * 300);
    data[1_234] = broken;
    replace(draft, 'output.weight', { type, data });
    await writeGguf(path, draft);
    t.match(await checkGguf(path), { checked: 'tensors' }, 'not looked for');
    const looked = checkGguf(path, { finiteBytes: 1e6 });
    await t.rejects(looked, {
      code: 'MODEL_FILE_BAD',
      message: /element 1234 of the tensor output\.weight is no finite/,
    });
  }
  await t.rejects(checkGguf(path, { finiteBytes: 1e6, signal: AbortSignal.abort() }), { name: 'AbortError' });
});

t.test('what is no regular file is refused at once, a pipe too', async (t) => {
  await t.rejects(checkGguf(join(folder, 'nothing.gguf')), { code: 'PATH_UNREADABLE' });
  mkdirSync(join(folder, 'folder.gguf'));
  await t.rejects(checkGguf(join(folder, 'folder.gguf')), { code: 'PATH_UNREADABLE', message: /no regular file/ });
  execFileSync('mkfifo', [join(folder, 'pipe.gguf')]);
  await t.rejects(checkGguf(join(folder, 'pipe.gguf')), { code: 'PATH_UNREADABLE', message: /no regular file/ });
  writeFileSync(path, '');
  await t.rejects(checkGguf(path), { code: 'MODEL_FILE_BAD', message: /it ends inside its first bytes/ });
});
