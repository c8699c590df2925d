/**
 * Training: each step draws lessons, adds up their gradients and changes the parameters. The lessons of a step are always
 * divided into the same shards, whose gradients are added in the order of their numbers; threads only decide where a
 * shard is computed. So the same seed gives the same parameters, bit for bit, with any number of threads.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { LlamaShape } from '#actors/inference/gguf/llama-draft';
import { Adam } from './adam.js';
import type { GradientWorkerData } from './gradient-worker.js';
import { type Lesson, Network } from './network.js';
import { countOf, drawParameters } from './parameters.js';

const shardCount = 4;

/** How to train. */
export interface TrainingOptions {
  readonly shape: LlamaShape;
  /** Of the first parameters. */
  readonly seed: number;
  /** Threads that compute, this one not counted; 0: all is computed here. */
  readonly threads: number;
  /** Tokens of a lesson at most. */
  readonly longest: number;
  /** Steps after which the rate has fallen to a tenth. */
  readonly steps: number;
  /** Rate of the steps after the first 20, in which it rises; it falls from there. Default 0.004. */
  readonly rate?: number;
  /** Lessons of a step for each of the four shards; default 1. */
  readonly lessons?: number;
}

/** A network in training. */
export class Trainer {
  readonly #options: TrainingOptions;
  readonly #values: Float32Array;
  readonly #shards: readonly Float32Array[];
  readonly #sum: Float32Array;
  readonly #adam: Adam;
  readonly #networks: readonly Network[];
  readonly #workers: readonly Worker[];
  #step = 0;

  constructor(options: TrainingOptions) {
    const { shape, longest, threads, seed } = options;
    const count = countOf(shape);
    this.#options = options;
    this.#values = sharedFloats(count);
    this.#shards = Array.from({ length: shardCount }, () => sharedFloats(count));
    this.#sum = new Float32Array(count);
    this.#adam = new Adam(count);
    drawParameters(shape, this.#values, seed);
    const workerData: GradientWorkerData = { shape, longest, values: this.#values, shards: this.#shards };
    this.#workers = Array.from(
      { length: Math.min(threads, shardCount) },
      () => new Worker(new URL('./gradient-worker.js', import.meta.url), { workerData }),
    );
    this.#networks =
      this.#workers.length > 0 ? [] : this.#shards.map((shard) => new Network(shape, this.#values, shard, longest));
  }

  /** The parameters as they are now. */
  get values(): Float32Array {
    return this.#values;
  }

  /** One step over lessons that `draw` gives. Gives the mean loss of a predicted token, in nats. */
  async step(draw: () => Lesson): Promise<number> {
    const perShard = this.#options.lessons ?? 1;
    const lessons = this.#shards.map(() => Array.from({ length: perShard }, draw));
    const losses = await this.#gradients(lessons);
    const predicted = lessons.flat().reduce((sum, { counted }) => sum + counted.filter(Boolean).length, 0);
    for (let at = 0; at < this.#sum.length; at += 1) {
      let sum = 0;
      for (const shard of this.#shards) sum += shard[at] as number;
      this.#sum[at] = sum / predicted;
    }
    this.#adam.step(this.#values, this.#sum, this.#rate());
    this.#step += 1;
    return losses.reduce((sum, loss) => sum + loss, 0) / predicted;
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  async #gradients(lessons: readonly (readonly Lesson[])[]): Promise<readonly number[]> {
    if (this.#workers.length === 0) {
      return lessons.map((part, shard) => {
        this.#shards[shard]?.fill(0);
        return part.reduce((sum, lesson) => sum + (this.#networks[shard]?.learn(lesson) ?? 0), 0);
      });
    }
    const losses = lessons.map(() => 0);
    await Promise.all(
      this.#workers.map(async (worker, index) => {
        for (let shard = index; shard < lessons.length; shard += this.#workers.length) {
          const answered = once(worker, 'message');
          worker.postMessage({ shard, lessons: lessons[shard] });
          const [{ loss }] = (await answered) as [{ readonly loss: number }];
          losses[shard] = loss;
        }
      }),
    );
    return losses;
  }

  /** Rises over 20 steps, then falls in a line to a tenth. */
  #rate(): number {
    const { rate = 0.004, steps } = this.#options;
    const rising = Math.min(1, (this.#step + 1) / 20);
    return rate * rising * (1 - 0.9 * Math.min(1, this.#step / steps));
  }
}

function sharedFloats(length: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(4 * length));
}
