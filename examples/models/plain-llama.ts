/**
 * A model file of the architecture llama, answered from in plain JavaScript, one token after the other with its keys and
 * values kept: what the file says, as simply as it can be computed. Slow, and made to be compared with: the trainer's
 * network and llama.cpp have to give the same tokens. F32 and F16 files with byte-pair encoding are read.
 */
import { open } from 'node:fs/promises';
import type { GgufScalar, GgufValue } from '#actors/inference/gguf/format';
import { fromHalf } from '#actors/inference/gguf/half';
import { type GgufTensor, readGguf } from '#actors/inference/gguf/read';
import { BytePairTokenizer } from './byte-pair.js';

/** Keys and values of the tokens that a model has seen, by block. */
interface Seen {
  readonly keys: Float32Array[];
  readonly values: Float32Array[];
}

/** See the file's head. */
export class PlainLlama {
  readonly tokenizer: BytePairTokenizer;
  readonly #metadata: ReadonlyMap<string, GgufValue>;
  readonly #tensors: ReadonlyMap<string, Float32Array>;
  readonly #blocks: number;
  readonly #heads: number;
  readonly #headsKv: number;
  readonly #width: number;

  /** Reads a whole model into memory. @throws SkepError as `readGguf`. */
  static async load(path: string): Promise<PlainLlama> {
    const { metadata, tensors } = await readGguf(path);
    const weights = new Map<string, Float32Array>();
    const file = await open(path);
    try {
      for (const tensor of tensors) {
        const bytes = Buffer.alloc(tensor.bytes);
        await file.read(bytes, 0, bytes.length, tensor.at);
        weights.set(tensor.name, numbersOf(bytes, tensor));
      }
    } finally {
      await file.close();
    }
    return new PlainLlama(metadata, weights);
  }

  private constructor(metadata: ReadonlyMap<string, GgufValue>, tensors: ReadonlyMap<string, Float32Array>) {
    this.#metadata = metadata;
    this.#tensors = tensors;
    this.#blocks = this.#number('llama.block_count');
    this.#heads = this.#number('llama.attention.head_count');
    this.#headsKv = this.#number('llama.attention.head_count_kv');
    this.#width = this.#number('llama.embedding_length');
    const types = this.#array('tokenizer.ggml.token_type');
    this.tokenizer = new BytePairTokenizer({
      tokens: this.#array('tokenizer.ggml.tokens').map(String),
      merges: this.#array('tokenizer.ggml.merges').map(String),
      control: new Set(types.flatMap((type, id) => (type === 3 ? [id] : []))),
    });
  }

  /** The likeliest tokens behind a prompt, up to the one that ends the answer, or `most` of them. */
  answer(prompt: readonly number[], most = 200): readonly number[] {
    const seen: Seen = { keys: [], values: [] };
    const end = this.#number('tokenizer.ggml.eos_token_id');
    const answer: number[] = [];
    let logits: Float32Array = new Float32Array();
    prompt.forEach((token, position) => (logits = this.#step(token, position, seen)));
    while (answer.length < most) {
      const token = logits.reduce((best, logit, id) => (logit > (logits[best] ?? -Infinity) ? id : best), 0);
      if (token === end) break;
      answer.push(token);
      logits = this.#step(token, prompt.length + answer.length - 1, seen);
    }
    return answer;
  }

  /** Logits behind the last of some tokens. */
  logits(tokens: readonly number[]): Float32Array {
    const seen: Seen = { keys: [], values: [] };
    let logits: Float32Array = new Float32Array();
    tokens.forEach((token, position) => (logits = this.#step(token, position, seen)));
    return logits;
  }

  #step(token: number, position: number, seen: Seen): Float32Array {
    let x: Float32Array = this.#tensor('token_embd').slice(token * this.#width, (token + 1) * this.#width);
    for (let block = 0; block < this.#blocks; block += 1) {
      const name = `blk.${block}`;
      const normed = this.#norm(x, `${name}.attn_norm`);
      const query = this.#turned(this.#times(`${name}.attn_q`, normed), position);
      const at = position * this.#blocks + block;
      seen.keys[at] = this.#turned(this.#times(`${name}.attn_k`, normed), position);
      seen.values[at] = this.#times(`${name}.attn_v`, normed);
      x = sum(x, this.#times(`${name}.attn_output`, this.#mixed(query, position, block, seen)));
      const middle = this.#norm(x, `${name}.ffn_norm`);
      const up = this.#times(`${name}.ffn_up`, middle);
      const active = this.#times(`${name}.ffn_gate`, middle).map(
        (gate, i) => (gate / (1 + Math.exp(-gate))) * (up[i] ?? 0),
      );
      x = sum(x, this.#times(`${name}.ffn_down`, active));
    }
    return this.#times('output', this.#norm(x, 'output_norm'));
  }

  /** What the heads of a query make of all values up to its position. */
  #mixed(query: Float32Array, position: number, block: number, { keys, values }: Seen): Float32Array {
    const head = this.#width / this.#heads;
    const mixed = new Float32Array(this.#width);
    for (let h = 0; h < this.#heads; h += 1) {
      const kv = Math.floor((h * this.#headsKv) / this.#heads) * head;
      const part = query.subarray(h * head, (h + 1) * head);
      const scores = Array.from({ length: position + 1 }, (_, t) => {
        const key = keys[t * this.#blocks + block]?.subarray(kv, kv + head);
        return part.reduce((score, value, i) => score + value * (key?.[i] ?? 0), 0) / Math.sqrt(head);
      });
      const largest = Math.max(...scores);
      const weights = scores.map((score) => Math.exp(score - largest));
      const total = weights.reduce((all, weight) => all + weight, 0);
      weights.forEach((weight, t) => {
        const value = values[t * this.#blocks + block]?.subarray(kv, kv + head);
        for (let i = 0; i < head; i += 1)
          mixed[h * head + i] = (mixed[h * head + i] ?? 0) + ((value?.[i] ?? 0) * weight) / total;
      });
    }
    return mixed;
  }

  /** Turns each pair of neighbours in each head by the position. */
  #turned(x: Float32Array, position: number): Float32Array {
    const head = this.#width / this.#heads;
    const base = this.#number('llama.rope.freq_base');
    return x.map((value, i) => {
      const pair = Math.floor((i % head) / 2);
      const angle = position * base ** ((-2 * pair) / head);
      const other = x[i ^ 1] ?? 0;
      return value * Math.cos(angle) + (i % 2 === 0 ? -other : other) * Math.sin(angle);
    });
  }

  #norm(x: Float32Array, name: string): Float32Array {
    const weights = this.#tensor(name);
    const mean = x.reduce((all, value) => all + value * value, 0) / x.length;
    const root = Math.sqrt(mean + this.#number('llama.attention.layer_norm_rms_epsilon'));
    return x.map((value, i) => (value / root) * (weights[i] ?? 0));
  }

  /** A matrix of the file times a vector. */
  #times(name: string, x: Float32Array): Float32Array {
    const matrix = this.#tensor(name);
    return Float32Array.from({ length: matrix.length / x.length }, (_, row) => {
      let product = 0;
      for (let i = 0; i < x.length; i += 1) product += (matrix[row * x.length + i] ?? 0) * (x[i] ?? 0);
      return product;
    });
  }

  #tensor(name: string): Float32Array {
    const tensor = this.#tensors.get(`${name}.weight`);
    if (tensor === undefined) throw new RangeError(`the model has no tensor ${name}`);
    return tensor;
  }

  #number(key: string): number {
    const entry = this.#metadata.get(key);
    if (entry === undefined || entry.type === 'array') throw new RangeError(`the model has no number ${key}`);
    return Number(entry.value);
  }

  #array(key: string): readonly GgufScalar[] {
    const entry = this.#metadata.get(key);
    if (entry?.type !== 'array' || entry.values === undefined) throw new RangeError(`the model has no array ${key}`);
    return entry.values;
  }
}

function sum(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, i) => value + (b[i] ?? 0));
}

function numbersOf(bytes: Buffer, { elements, type, name }: GgufTensor): Float32Array {
  switch (type.name) {
    case 'F32':
      return Float32Array.from({ length: elements }, (_, i) => bytes.readFloatLE(4 * i));
    case 'F16':
      return Float32Array.from({ length: elements }, (_, i) => fromHalf(bytes.readUInt16LE(2 * i)));
    default:
      throw new RangeError(`the tensor ${name} is of type ${type.name}; expected F32 or F16`);
  }
}
