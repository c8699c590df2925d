/** `skep model check`: what a model file says of itself, what it would take here, and what is free. */
import { checkGguf, type GgufFacts } from '#actors/inference/gguf/check';
import { freeMemory } from '#actors/inference/free-memory';
import { estimateOf } from '#actors/inference/memory';
import { printable } from '#config/mask';
import type { CommandContext } from '../command.js';
import type { ExitCode } from '../exit-codes.js';
import { bytesText, countText } from '../top/numbers.js';
import { entryOfFile } from './target.js';

/** Options of the command. */
export interface CheckFlags {
  readonly sequences?: number;
  readonly context?: number;
}

/** Files up to this have their weights read as well, in bytes: a few seconds. */
const FINITE_BYTES = 4 * 1_073_741_824;

/** Checks a file. @throws SkepError MODEL_FILE_BAD, PATH_UNREADABLE. */
export async function runCheck({
  args: [file = ''],
  options,
  output,
  signal,
}: CommandContext<CheckFlags>): Promise<ExitCode | undefined> {
  const entry = await entryOfFile(file, options);
  if (entry.backend !== 'llama') return undefined;
  const facts = await checkGguf(entry.path, { finiteBytes: FINITE_BYTES, signal });
  const estimate = estimateOf(facts, entry);
  const freeBytes = freeMemory();
  const fits = estimate.totalBytes <= freeBytes;
  const { chatTemplate, ...shown } = facts;
  const value = { ...shown, hasChatTemplate: chatTemplate !== undefined, estimate, freeBytes, fits };
  output.result(value, rows(facts, entry.sequences, estimate, freeBytes).join('\n'));
  return undefined;
}

type Estimate = ReturnType<typeof estimateOf>;

function rows(facts: GgufFacts, sequences: number, estimate: Estimate, freeBytes: number): readonly string[] {
  const { weightsBytes, kvBytes, computeBytes, totalBytes, contextTokens } = estimate;
  const fits = totalBytes <= freeBytes ? 'it fits' : 'it does not fit';
  const table: readonly (readonly [name: string, value: string])[] = [
    ['model', `${printable(facts.name ?? 'without a name')}, ${printable(facts.architecture)}, ${facts.quantisation}`],
    ['parameters', `${countText(facts.parameters)} in ${facts.blocks} blocks of ${facts.embedding}`],
    [
      'context',
      `${facts.contextTokens} tokens trained, vocabulary ${facts.vocabulary} (${printable(facts.tokenizer)})`,
    ],
    [
      'template',
      facts.chatTemplate === undefined ? 'none: it continues text, and holds no conversation' : 'in the file',
    ],
    [
      'checked',
      facts.checked === 'tensors'
        ? 'keys, vocabulary, every tensor'
        : 'keys and vocabulary; its tensors are of a form that is not known here',
    ],
    ['memory', `${bytesText(totalBytes)} for ${sequences} sequences of ${contextTokens} tokens`],
    [
      '',
      `weights ${bytesText(weightsBytes)}, keys and values ${bytesText(kvBytes)}, compute ${bytesText(computeBytes)}`,
    ],
    ['free', `${bytesText(freeBytes)}: ${fits}`],
  ];
  return table.map(([name, value]) => `${name.padEnd(12)}${value}`);
}
