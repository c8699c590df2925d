/**
 * A model asked for answers: through skep, with its process, its queue of parts and its pieces of prompts, and through
 * node-llama-cpp as its documentation has it, in this process and without anything between. Weights are random: speed
 * does not depend on what they say. Answers are drawn at temperature 0, and asked for again where the model ends early.
 */
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LlamaContextSequence, LlamaModel, Token } from 'node-llama-cpp';
import type { Work } from '#actors/inference/backend';
import { modelEntry } from '#actors/inference/entry';
import { type LlamaBackend, openLlama } from '#actors/inference/llama/backend';
import { type Prepare, serve } from '../harness/program.js';
import { Absent, type Completed, type Size } from '../harness/question.js';
import { ensureRandomModel, smallShape, tinyShape } from '../models/random.js';

const contextTokens = 2_048;
/** Letters of the long prompt: a token each, or nearly. */
const longPrompt = 'wxyz'.repeat(375);
const never = new AbortController().signal;

/** Someone who draws tokens: `text` is told of each piece, with its tokens. */
interface Drawer {
  draw(prompt: string, tokens: number, onText: (tokens: number) => void, signal?: AbortSignal): Promise<number>;
  close(): Promise<void>;
}

async function modelPath({ millions = 0 }: Size): Promise<string> {
  const folder = join(tmpdir(), 'skep-bench-models');
  await mkdir(folder, { recursive: true });
  const path = join(folder, `random-${millions}.gguf`);
  await ensureRandomModel(path, millions === 0 ? tinyShape : smallShape);
  return path;
}

async function openSkep(size: Size): Promise<Drawer> {
  const entry = modelEntry.parse({
    name: 'bench',
    backend: 'llama',
    path: await modelPath(size),
    contextTokens,
    sequences: size['sequences'] ?? 1,
    gpu: 'off',
    // A prompt that is to be new is new in memory, too.
    prefixCacheBytes: 0,
    prefillChunk: size['chunk'] ?? 32,
  });
  if (entry.backend !== 'llama') throw new Error('another backend');
  const model: LlamaBackend = await openLlama(entry);
  return {
    draw: async (prompt, tokens, onText, signal = never) => {
      const work: Work = { id: 'bench', prompt, maxTokens: tokens, timeLeftMs: 600_000 };
      let output = 0;
      for await (const event of model.generate(work, signal)) {
        if (event.type === 'text') onText(event.tokens);
        else if (event.type === 'end') ({ output } = event.usage);
      }
      return output;
    },
    close: () => model.close(),
  };
}

/** node-llama-cpp with one thread, as everybody here. */
async function openDirect(size: Size): Promise<Drawer> {
  const { getLlama } = await import('node-llama-cpp').catch(() => {
    throw new Absent('node-llama-cpp is not installed: `npm install` brings it');
  });
  const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, maxThreads: 1, progressLogs: false });
  const model = await llama.loadModel({ modelPath: await modelPath(size) });
  const context = await model.createContext({
    contextSize: contextTokens,
    sequences: size['sequences'] ?? 1,
    threads: 1,
  });
  const free = Array.from({ length: size['sequences'] ?? 1 }, () => context.getSequence());
  return {
    draw: async (prompt, tokens, onText, signal = never) => {
      const sequence = free.pop();
      if (sequence === undefined) throw new Error('no sequence is free');
      try {
        return await drawDirect(model, sequence, prompt, { tokens, onText, signal });
      } finally {
        free.push(sequence);
      }
    },
    close: () => llama.dispose(),
  };
}

async function drawDirect(
  model: LlamaModel,
  sequence: LlamaContextSequence,
  prompt: string,
  { tokens, onText, signal }: { tokens: number; onText: (tokens: number) => void; signal: AbortSignal },
): Promise<number> {
  await sequence.clearHistory();
  const answer: Token[] = [];
  for await (const token of sequence.evaluate(model.tokenize(prompt), { temperature: 0 })) {
    if (signal.aborted) break;
    answer.push(token);
    model.detokenize([token], false, answer.slice(-4, -1));
    onText(1);
    if (answer.length >= tokens) break;
  }
  return answer.length;
}

/** Draws exactly so many tokens: an answer that ends before is asked for again with what is left. */
async function drawAll(drawer: Drawer, name: string, tokens: number): Promise<number> {
  let left = tokens;
  for (let turn = 0; left > 0 && turn < tokens; turn += 1) {
    left -= await drawer.draw(`${name} ${turn} of many`, left, () => undefined);
  }
  return tokens - left;
}

type Open = (size: Size) => Promise<Drawer>;

/** All answers at once, or one after another. */
function answers(open: Open, atOnce: boolean): Prepare {
  return async (size) => {
    const drawer = await open(size);
    return {
      run: async ({ sequences = 1, tokens = 0 }) => {
        const names = Array.from({ length: sequences }, (_, index) => `question ${index}`);
        const startMs = performance.now();
        let operations = 0;
        if (atOnce) {
          const drawn = await Promise.all(names.map((name) => drawAll(drawer, name, tokens)));
          operations = drawn.reduce((sum, one) => sum + one, 0);
        } else for (const name of names) operations += await drawAll(drawer, name, tokens);
        return { ms: performance.now() - startMs, operations };
      },
      stop: () => drawer.close(),
    };
  };
}

/** The longest time that three readers wait for their next token while a long prompt is computed for a fourth. */
function gap(open: Open): Prepare {
  return async (size) => {
    const drawer = await open(size);
    return {
      run: async (): Promise<Completed> => {
        let longestMs = 0;
        let watching = false;
        const stop = new AbortController();
        const readers = ['a', 'b', 'c'].map((name) => {
          let lastMs = performance.now();
          const onText = (): void => {
            const nowMs = performance.now();
            if (watching) longestMs = Math.max(longestMs, nowMs - lastMs);
            lastMs = nowMs;
          };
          return drawer.draw(`${name} reads`, 1_500, onText, stop.signal).then(
            () => {
              if (watching) throw new Error(`reader ${name} was done before the long prompt was`);
            },
            (error: unknown) => {
              if (!stop.signal.aborted) throw error;
            },
          );
        });
        await new Promise((resolve) => setTimeout(resolve, 300));
        watching = true;
        const startMs = performance.now();
        await Promise.race([
          drawer.draw(`${longPrompt} ${Math.random()}`, 1, () => undefined),
          // A reader that fails or is done shows no gap.
          Promise.all(readers),
        ]);
        const ms = performance.now() - startMs;
        watching = false;
        stop.abort();
        await Promise.all(readers);
        return { ms, operations: 1, 'longest gap ms': longestMs };
      },
      stop: () => drawer.close(),
    };
  };
}

/** From the cancellation of a long prompt until the next request on the same sequence has its first token. */
function cancel(open: Open): Prepare {
  return async (size) => {
    const drawer = await open(size);
    return {
      run: async (): Promise<Completed> => {
        const stop = new AbortController();
        const cancelled = drawer.draw(`${Math.random()} ${longPrompt}`, 1, () => undefined, stop.signal).catch(() => 0);
        await new Promise((resolve) => setTimeout(resolve, 20));
        const startMs = performance.now();
        stop.abort();
        await cancelled;
        await drawer.draw('next', 1, () => undefined);
        const ms = performance.now() - startMs;
        return { ms, operations: 1, 'cancel ms': ms };
      },
      stop: () => drawer.close(),
    };
  };
}

/** The first token of a prompt whose beginning is known, or new each time. */
function firstToken(open: Open, isKnown: boolean): Prepare {
  return async (size) => {
    const drawer = await open(size);
    await drawer.draw(longPrompt, 1, () => undefined);
    return {
      run: async (): Promise<Completed> => {
        const unknown = `${Math.random()}`;
        const prompt = isKnown ? `${longPrompt} ${unknown}` : `${unknown} ${longPrompt}`;
        const startMs = performance.now();
        await drawer.draw(prompt, 1, () => undefined);
        const ms = performance.now() - startMs;
        return { ms, operations: 1, 'first token ms': ms };
      },
      stop: () => drawer.close(),
    };
  };
}

serve(import.meta.filename, {
  skep: answers(openSkep, true),
  'skep-serial': answers(openSkep, false),
  direct: answers(openDirect, true),
  'direct-serial': answers(openDirect, false),
  'gap-skep': gap(openSkep),
  'gap-direct': gap(openDirect),
  'cancel-skep': cancel(openSkep),
  'cancel-direct': cancel(openDirect),
  'known-skep': firstToken(openSkep, true),
  'unknown-skep': firstToken(openSkep, false),
  'unknown-direct': firstToken(openDirect, false),
});
