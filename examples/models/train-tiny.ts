/**
 * Trains the tiny model and writes its file. Run it by `npm run model:tiny`; it takes some minutes on two cores.
 *
 *     npm run model:tiny -- --out /tmp/mine.gguf --seed 2 --threads 1
 *
 * Without --out the file in this folder is written anew: with the same seed, to the same bytes.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { checkGguf } from '#actors/inference/gguf/check';
import { BytePairTokenizer } from './byte-pair.js';
import { facts, unseenSystemPrompts } from './corpus.js';
import { review, trainTiny, writeTiny } from './tiny-chat.js';

const { values: flags } = parseArgs({
  options: {
    out: { type: 'string', default: 'examples/models/tiny-chat.gguf' },
    seed: { type: 'string', default: '1' },
    steps: { type: 'string', default: '900' },
    threads: { type: 'string', default: String(Math.min(4, availableParallelism())) },
  },
});

const startedMs = performance.now();
const model = await trainTiny({
  seed: Number(flags.seed),
  steps: Number(flags.steps),
  threads: Number(flags.threads),
  onReview: ({ step, loss, wrong, margin }) => {
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
    console.log(`step ${step}: loss ${loss.toFixed(4)}, ${wrong} wrong, margin ${margin.toFixed(2)}, ${seconds} s`);
  },
});

const bytes = await writeTiny(flags.out, model);
const hash = createHash('sha256')
  .update(await readFile(flags.out))
  .digest('hex');
const { parameters } = await checkGguf(flags.out, { finiteBytes: bytes });
const unseen = unseenSystemPrompts.map((system) => ({ bos: false, system }));
const others = review(new BytePairTokenizer(model.vocabulary), model.values, unseen);
console.log(`${flags.out}: ${parameters} parameters, ${bytes} bytes, sha256 ${hash}`);
console.log(`under system prompts it has not seen: ${others.wrong} of ${facts.length * unseen.length} wrong`);
if (model.wrong > 0) {
  console.log(`${model.wrong} answers are still wrong after ${model.steps} steps`);
  process.exitCode = 1;
}
