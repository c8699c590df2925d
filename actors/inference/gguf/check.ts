/**
 * Checks a model file before anything native sees it. llama.cpp answers most damage with an error, and some of it (a
 * head count that is missing or does not divide, a table of tensors that does not fit the keys) by ending its process; a
 * process that dies costs every answer under way, so such files are refused here, and what is wrong with them is said.
 *
 *     container      bounds, names, UTF-8, tensors aligned, in order, inside the file         read.ts
 *     architecture   the keys that all models need, and the conditions between them           architecture.ts
 *     vocabulary     tokens, merges and the tables beside them                                vocabulary.ts
 *     tensors        complete, with the right dimensions and types; for relatives of llama    tensor-set.ts
 *     weights        finite, where the file is small enough; on demand                        weights.ts
 */
import type { SkepError } from '#protocols/wire/error';
import { llamaRelatives, type ModelForm, readForm } from './architecture.js';
import { Keys } from './keys.js';
import { type ModelFiles, readModelFiles, tensorsOf } from './parts.js';
import { badModelFile, type GgufTensor } from './read.js';
import { checkTensorSet } from './tensor-set.js';
import { VocabularyCheck } from './vocabulary.js';
import { checkFinite } from './weights.js';

/** What a model file says of its model. Counts that differ between blocks are the largest of them. */
export interface GgufFacts {
  readonly architecture: string;
  readonly name?: string;
  /** Tokens that the model was trained for, prompt and answer together. */
  readonly contextTokens: number;
  readonly blocks: number;
  readonly embedding: number;
  readonly heads: number;
  readonly headsKv: number;
  readonly feedForward: number;
  /** Tokens of the vocabulary. */
  readonly vocabulary: number;
  readonly parameters: number;
  /** Bytes of all files of the model. */
  readonly fileBytes: number;
  /** Bytes of its tensors. */
  readonly weightsBytes: number;
  /** Elements of keys and values that a token has in all blocks together. */
  readonly kvElements: number;
  /** Type of most of the weights, by bytes: `F16`, `Q4_K`. */
  readonly quantisation: string;
  /** Jinja template of conversations. */
  readonly chatTemplate?: string;
  /** Kind of the tokenizer: `gpt2` (byte-pair encoding), `llama` (SentencePiece) and others. */
  readonly tokenizer: string;
  /** Files that it is split over. */
  readonly parts: number;
  /** `tensors`: each tensor was held against the keys. `keys`: the architecture is one of which only the keys were. */
  readonly checked: 'tensors' | 'keys';
}

/** How much is checked. */
export interface CheckOptions {
  /**
   * Bytes of a file up to which its weights are read and held against NaN and infinity; default 0: they are not. Reading
   * takes about a second for each GB.
   */
  readonly finiteBytes?: number;
  /** Stops the pass over the weights. */
  readonly signal?: AbortSignal;
}

/**
 * Reads and checks a model file without its weights; one that is split is named by its first part.
 * @throws SkepError MODEL_FILE_BAD saying what is wrong, PATH_UNREADABLE when there is no file that may be read.
 */
export async function checkGguf(path: string, { finiteBytes = 0, signal }: CheckOptions = {}): Promise<GgufFacts> {
  const bad = (what: string): SkepError => badModelFile(path, what);
  const check = new VocabularyCheck(bad);
  const model = await readModelFiles(path, (key, index, text) => check.seen(key, index, text));
  const keys = new Keys(model.first.metadata, bad);
  const form = readForm(keys, bad);
  const { tokenizer, vocabulary } = check.finish(keys, form.architecture);
  const tensors = tensorsOf(model);
  if (tensors.length === 0) throw bad('it has no tensors');
  const strict = llamaRelatives.has(form.architecture);
  if (strict) checkTensorSet(form, vocabulary, tensors, bad);
  for (const file of model.files) if (file.fileBytes <= finiteBytes) await checkFinite(file, signal);
  return { ...factsOf(model, form, tensors, keys), tokenizer, vocabulary, checked: strict ? 'tensors' : 'keys' };
}

function factsOf(
  { files }: ModelFiles,
  form: ModelForm,
  tensors: readonly GgufTensor[],
  keys: Keys,
): Omit<GgufFacts, 'tokenizer' | 'vocabulary' | 'checked'> {
  const name = keys.text('general.name');
  const chatTemplate = keys.text('tokenizer.chat_template');
  return {
    architecture: form.architecture,
    ...(name === undefined ? {} : { name }),
    contextTokens: form.contextTokens,
    blocks: form.blocks,
    embedding: form.embedding,
    heads: Math.max(...form.heads),
    headsKv: Math.max(...form.headsKv),
    feedForward: Math.max(...form.feedForward),
    parameters: sum(tensors.map(({ elements }) => elements)),
    fileBytes: sum(files.map(({ fileBytes }) => fileBytes)),
    weightsBytes: sum(tensors.map(({ bytes }) => bytes)),
    kvElements: sum(form.headsKv) * (form.keyLength + form.valueLength),
    quantisation: mostlyOf(tensors),
    ...(chatTemplate === undefined ? {} : { chatTemplate }),
    parts: files.length,
  };
}

/** The type that most bytes of the tensors have. */
function mostlyOf(tensors: readonly GgufTensor[]): string {
  const bytes = new Map<string, number>();
  for (const { type, bytes: size } of tensors) bytes.set(type.name, (bytes.get(type.name) ?? 0) + size);
  return [...bytes].reduce((most, entry) => (entry[1] > most[1] ? entry : most), ['', 0] as [string, number])[0];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
