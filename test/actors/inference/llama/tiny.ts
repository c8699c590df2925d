/** One tiny model in a file, opened as a test needs it, and short ways to ask it. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Work, WorkEvent } from '#actors/inference/backend';
import { type LlamaEntry, modelEntry } from '#actors/inference/entry';
import { type LlamaBackend, type LlamaOptions, openLlama } from '#actors/inference/llama/backend';
import { tinyShape, writeRandomModel } from '#bench/models/random';

let file: Promise<string> | undefined;

/** Path of a tiny model with random weights. */
export function tinyModel(): Promise<string> {
  file ??= (async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'skep-tiny-')), 'tiny.gguf');
    await writeRandomModel(path, tinyShape);
    return path;
  })();
  return file;
}

/** Opens it; `entry` says what is not usual. */
export async function openTiny(entry: Partial<LlamaEntry> = {}, options?: LlamaOptions): Promise<LlamaBackend> {
  const whole = modelEntry.parse({
    name: 'tiny',
    backend: 'llama',
    path: entry.path ?? (await tinyModel()),
    contextTokens: 2_048,
    gpu: 'off',
    ...entry,
  });
  if (whole.backend !== 'llama') throw new Error('another backend');
  return openLlama(whole, options);
}

/** A request for an answer. */
export function workOf(work: Partial<Work>): Work {
  return { id: 'a', maxTokens: 32, timeLeftMs: 60_000, ...work };
}

/** All parts of an answer. */
export async function partsOf(events: AsyncIterable<WorkEvent>): Promise<readonly WorkEvent[]> {
  const parts: WorkEvent[] = [];
  for await (const event of events) parts.push(event);
  return parts;
}

/** An answer as a whole. */
export interface Whole {
  readonly text: string;
  readonly end: Extract<WorkEvent, { type: 'end' }>;
  readonly calls: readonly Extract<WorkEvent, { type: 'toolCall' }>[];
}

/** Asks and waits for the end. */
export async function ask(
  backend: LlamaBackend,
  work: Partial<Work>,
  signal: AbortSignal = new AbortController().signal,
): Promise<Whole> {
  const parts = await partsOf(backend.generate(workOf(work), signal));
  const end = parts.at(-1);
  if (end?.type !== 'end') throw new Error('an answer without an end');
  return {
    text: parts.map((part) => (part.type === 'text' ? part.text : '')).join(''),
    end,
    calls: parts.filter((part) => part.type === 'toolCall'),
  };
}
