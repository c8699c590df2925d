/**
 * A process that has llama.cpp load files and answer from them: what it thinks of a file, apart from what we do. Files and
 * prompts come as lines of JSON on standard input, and each is answered by a line; a file that ends llama.cpp ends this
 * process. The library is looked up by name at run time, because it need not be installed.
 */
import { createInterface } from 'node:readline';

/** A file to load, and prompts to answer from it, as tokens. */
export interface LlamaTask {
  readonly path: string;
  readonly prompts: readonly (readonly number[])[];
  /** Tokens of an answer at most. */
  readonly most: number;
  /** Texts to tokenize. */
  readonly texts: readonly string[];
}

/** What came of it: the likeliest tokens up to the end of each answer, or why the file was not loaded. */
export type LlamaResult =
  | { readonly answers: readonly (readonly number[])[]; readonly tokens: readonly (readonly number[])[] }
  | { readonly error: string };

/** The parts of node-llama-cpp that are used. */
interface Library {
  getLlama(options: object): Promise<{ loadModel(options: { readonly modelPath: string }): Promise<Model> }>;
}
interface Model {
  createContext(options: object): Promise<{ getSequence(): Sequence }>;
  tokenize(text: string): number[];
  dispose(): Promise<void>;
}
interface Sequence {
  clearHistory(): Promise<void>;
  evaluate(tokens: readonly number[], options: object): AsyncIterable<number>;
}

const name: string = 'node-llama-cpp';
const { getLlama } = (await import(name)) as Library;
const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, maxThreads: 1, logLevel: 'error' });

async function run({ path, prompts, most, texts }: LlamaTask): Promise<LlamaResult> {
  const model = await llama.loadModel({ modelPath: path });
  try {
    const context = await model.createContext({ contextSize: 512, sequences: 1, threads: 1 });
    const sequence = context.getSequence();
    const answers: number[][] = [];
    for (const prompt of prompts) {
      await sequence.clearHistory();
      const answer: number[] = [];
      for await (const token of sequence.evaluate(prompt, { temperature: 0 })) {
        answer.push(token);
        if (answer.length === most) break;
      }
      answers.push(answer);
    }
    return { answers, tokens: texts.map((text) => model.tokenize(text)) };
  } finally {
    await model.dispose();
  }
}

process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  const result = await run(JSON.parse(line) as LlamaTask).catch((error: unknown) => ({ error: String(error) }));
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
process.exit(0);
