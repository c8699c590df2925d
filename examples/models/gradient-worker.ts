/** A thread that computes gradients for the trainer: parameters and gradients are shared, lessons arrive as messages. */
import { parentPort, workerData } from 'node:worker_threads';
import type { LlamaShape } from '#actors/inference/gguf/llama-draft';
import { type Lesson, Network } from './network.js';

/** What a thread begins with. */
export interface GradientWorkerData {
  readonly shape: LlamaShape;
  readonly longest: number;
  readonly values: Float32Array;
  /** Gradients of each shard. */
  readonly shards: readonly Float32Array[];
}

const { shape, longest, values, shards } = workerData as GradientWorkerData;
const networks = shards.map((gradients) => new Network(shape, values, gradients, longest));

parentPort?.on('message', ({ shard, lessons }: { readonly shard: number; readonly lessons: readonly Lesson[] }) => {
  shards[shard]?.fill(0);
  const loss = lessons.reduce((sum, lesson) => sum + (networks[shard]?.learn(lesson) ?? 0), 0);
  parentPort?.postMessage({ shard, loss });
});
