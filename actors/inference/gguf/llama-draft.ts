/**
 * Drafts of models of the architecture llama, for programs that make one: which key-values its form and vocabulary turn
 * into, and which tensors it has. What is drafted here passes `checkGguf` and is loaded by llama.cpp.
 */
import type { GgufElementType, GgufScalar, GgufValue } from './format.js';

/** The form of a model. */
export interface LlamaShape {
  readonly embedding: number;
  readonly blocks: number;
  /** Heads of queries, which divide the embedding. */
  readonly heads: number;
  /** Heads of keys and values, which divide the heads of queries. */
  readonly headsKv: number;
  readonly feedForward: number;
  readonly vocabulary: number;
  readonly contextTokens: number;
}

/** A vocabulary of byte-pair encoding, in the alphabet of `byteAlphabet`. */
export interface BytePairVocabulary {
  readonly tokens: readonly string[];
  /** Pairs in the order of their rank, a space between the two. */
  readonly merges: readonly string[];
  /** Tokens that stand for no text: those of the chat template. */
  readonly control: ReadonlySet<number>;
  readonly bos: number;
  readonly eos: number;
}

/** Added to the mean of squares before its root, so that a row of zeros has a norm. */
export const rmsEpsilon = 1e-5;
/** Base of the angles by which positions are told apart. */
export const ropeBase = 10_000;

/** Conversations as `<|im_start|>role\ncontent<|im_end|>\n`. */
export const chatMlTemplate =
  "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

/** A tensor of a model: `dims` has the row first, and a norm is stored in F32. */
export interface LlamaTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly norm: boolean;
}

/** The tensors of a model, in the order of its file. */
export function llamaTensors(shape: LlamaShape): readonly LlamaTensor[] {
  const { embedding, heads, headsKv, feedForward, vocabulary, blocks } = shape;
  const keys = (embedding / heads) * headsKv;
  const norm = (name: string): LlamaTensor => ({ name, dims: [embedding], norm: true });
  const matrix = (name: string, from: number, to: number): LlamaTensor => ({ name, dims: [from, to], norm: false });
  return [
    matrix('token_embd.weight', embedding, vocabulary),
    ...Array.from({ length: blocks }, (_, block) => [
      norm(`blk.${block}.attn_norm.weight`),
      matrix(`blk.${block}.attn_q.weight`, embedding, embedding),
      matrix(`blk.${block}.attn_k.weight`, embedding, keys),
      matrix(`blk.${block}.attn_v.weight`, embedding, keys),
      matrix(`blk.${block}.attn_output.weight`, embedding, embedding),
      norm(`blk.${block}.ffn_norm.weight`),
      matrix(`blk.${block}.ffn_gate.weight`, embedding, feedForward),
      matrix(`blk.${block}.ffn_up.weight`, embedding, feedForward),
      matrix(`blk.${block}.ffn_down.weight`, feedForward, embedding),
    ]).flat(),
    norm('output_norm.weight'),
    matrix('output.weight', embedding, vocabulary),
  ];
}

/** The key-values of a model. */
export function llamaMetadata(name: string, shape: LlamaShape, vocabulary: BytePairVocabulary): Map<string, GgufValue> {
  const { tokens, merges, control, bos, eos } = vocabulary;
  return new Map([
    ['general.architecture', scalar('string', 'llama')],
    ['general.name', scalar('string', name)],
    ['llama.context_length', scalar('uint32', shape.contextTokens)],
    ['llama.embedding_length', scalar('uint32', shape.embedding)],
    ['llama.block_count', scalar('uint32', shape.blocks)],
    ['llama.feed_forward_length', scalar('uint32', shape.feedForward)],
    ['llama.attention.head_count', scalar('uint32', shape.heads)],
    ['llama.attention.head_count_kv', scalar('uint32', shape.headsKv)],
    ['llama.attention.layer_norm_rms_epsilon', scalar('float32', Math.fround(rmsEpsilon))],
    ['llama.rope.dimension_count', scalar('uint32', shape.embedding / shape.heads)],
    ['llama.rope.freq_base', scalar('float32', ropeBase)],
    ['tokenizer.ggml.model', scalar('string', 'gpt2')],
    ['tokenizer.ggml.pre', scalar('string', 'gpt-2')],
    ['tokenizer.ggml.tokens', array('string', tokens)],
    [
      'tokenizer.ggml.token_type',
      array(
        'int32',
        tokens.map((_, id) => (control.has(id) ? 3 : 1)),
      ),
    ],
    ['tokenizer.ggml.merges', array('string', merges)],
    ['tokenizer.ggml.bos_token_id', scalar('uint32', bos)],
    ['tokenizer.ggml.eos_token_id', scalar('uint32', eos)],
    ['tokenizer.ggml.padding_token_id', scalar('uint32', bos)],
    ['tokenizer.ggml.add_bos_token', scalar('bool', false)],
    ['tokenizer.chat_template', scalar('string', chatMlTemplate)],
  ]);
}

/**
 * The characters that stand for the 256 bytes in a vocabulary of byte-pair encoding, by byte. Printable bytes stand for
 * themselves and the others are moved above 255, so that no token has white space in it (`bytes_to_unicode` of GPT-2,
 * Radford et al. 2019).
 */
export function byteAlphabet(): readonly string[] {
  const printable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  let moved = 0;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : 256 + moved++));
}

function scalar(type: GgufElementType, value: GgufScalar): GgufValue {
  return { type, value };
}

function array(of: GgufElementType, values: readonly GgufScalar[]): GgufValue {
  return { type: 'array', of, count: values.length, values };
}
