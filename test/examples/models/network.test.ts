/** The network that is trained: its gradients, its forward pass beside a plain one, and that it learns the same each time. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import t from 'tap';
import { type LlamaShape, llamaMetadata, llamaTensors } from '#actors/inference/gguf/llama-draft';
import { writeGguf } from '#actors/inference/gguf/write';
import { type Lesson, Network } from '#examples/models/network';
import { countOf, drawParameters, spansOf } from '#examples/models/parameters';
import { PlainLlama } from '#examples/models/plain-llama';
import { tinyShape, tinyVocabulary } from '#examples/models/tiny-chat';
import { Trainer } from '#examples/models/trainer';
import { sampleFolder } from '#test/actors/inference/gguf/sample-model';

const shape: LlamaShape = {
  embedding: 16,
  blocks: 2,
  heads: 4,
  headsKv: 2,
  feedForward: 20,
  vocabulary: 23,
  contextTokens: 64,
};
const lesson: Lesson = {
  tokens: [3, 22, 7, 7, 0, 15, 3, 9, 1],
  counted: [false, false, true, true, false, true, true, true, true],
};

t.test('the gradient of each tensor is the slope of the loss', async (t) => {
  const values = new Float64Array(countOf(shape));
  drawParameters(shape, values, 5);
  // Norms other than one, so that their part in the gradients shows.
  for (const { from, to, norm } of spansOf(shape))
    if (norm) for (let at = from; at < to; at += 1) values[at] = 0.6 + 0.05 * (at % 13);
  const gradients = new Float64Array(values.length);
  const network = new Network(shape, values, gradients, 16);
  network.learn(lesson);
  for (const { name, from, to } of spansOf(shape)) {
    let largest = 0;
    for (let each = 0; each < 12; each += 1) {
      const at = from + Math.floor(((to - from) * (each + 0.5)) / 12);
      const value = values[at] ?? 0;
      const step = 1e-5;
      values[at] = value + step;
      const above = network.loss(lesson);
      values[at] = value - step;
      const below = network.loss(lesson);
      values[at] = value;
      const slope = (above - below) / (2 * step);
      const gradient = gradients[at] ?? Number.NaN;
      largest = Math.max(largest, Math.abs(gradient));
      if (!(Math.abs(slope - gradient) < 1e-6 * Math.max(1, Math.abs(slope))))
        t.fail(`${name}[${at - from}]: ${gradient}, slope ${slope}`);
    }
    t.ok(largest > 1e-6, `${name} has a gradient`);
  }
});

t.test('gradients add up over lessons', async (t) => {
  const values = new Float64Array(countOf(shape));
  drawParameters(shape, values, 5);
  const once = new Float64Array(values.length);
  const twice = new Float64Array(values.length);
  new Network(shape, values, once, 16).learn(lesson);
  const network = new Network(shape, values, twice, 16);
  t.equal(network.learn(lesson), network.learn(lesson), 'nothing is left from a lesson before');
  t.ok(twice.every((gradient, at) => Math.abs(gradient - 2 * (once[at] ?? 0)) < 1e-9));
});

t.test('the network and the plain pass over its file give the same logits', async (t) => {
  const path = join(sampleFolder(t), 'model.gguf');
  const form = { ...shape, vocabulary: 512 };
  const values = new Float32Array(countOf(form));
  drawParameters(form, values, 9);
  const spans = spansOf(form);
  await writeGguf(path, {
    metadata: llamaMetadata('untrained', form, tinyVocabulary()),
    tensors: llamaTensors(form).map(({ name, dims }, index) => ({
      name,
      dims,
      type: 'F32' as const,
      data: values.subarray(spans[index]?.from, spans[index]?.to),
    })),
  });
  const plain = await PlainLlama.load(path);
  const network = new Network(form, values, new Float32Array(values.length), 40);
  const tokens = Array.from({ length: 33 }, (_, at) => (at * 97) % 512);
  for (const length of [1, 2, 7, 33]) {
    const one = network.next(tokens.slice(0, length));
    const other = plain.logits(tokens.slice(0, length));
    const apart = Math.max(...one.map((logit, id) => Math.abs(logit - (other[id] ?? Number.NaN))));
    t.ok(apart < 1e-4, `${length} tokens: ${apart} apart`);
  }
});

t.test(
  'training makes the loss smaller, and the same seed gives the same bytes with any number of threads',
  async (t) => {
    const train = async (threads: number): Promise<{ readonly hash: string; readonly losses: readonly number[] }> => {
      const trainer = new Trainer({ shape: tinyShape, seed: 3, threads, longest: 16, steps: 100 });
      try {
        const losses: number[] = [];
        for (let step = 0; step < 12; step += 1) losses.push(await trainer.step(() => lesson));
        return { hash: createHash('sha256').update(trainer.values).digest('hex'), losses };
      } finally {
        await trainer.close();
      }
    };
    const here = await train(0);
    t.ok(
      (here.losses.at(-1) ?? Infinity) < (here.losses[0] ?? 0) / 2,
      `from ${here.losses[0]} to ${here.losses.at(-1)}`,
    );
    t.strictSame(await train(2), here);
    // On every machine and by every engine: no function is used whose last bits they may choose.
    t.equal(here.hash, '0fa23169d46cf27ca1696beab7f1b8a4a8f457c0f0bd72d73ba75dd4a73d856c');
  },
);
