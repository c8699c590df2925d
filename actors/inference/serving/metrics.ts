/**
 * What a model counts of its work. Names and buckets are those of vLLM with `skep_model_` in place of `vllm:`, so that
 * dashboards for the one read the other; what vLLM has no word for (why a request was refused, what waits in tokens) is
 * named in its manner.
 */
import type { FinishReason, TokenUsage } from '#protocols/wire/inference';
import type { Metric, MetricSample } from '#runtime';

/** Upper bounds of buckets in seconds, as vLLM has them. */
const FIRST_TOKEN_S = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2_560,
];
const BETWEEN_TOKENS_S = [
  0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80,
];
const REQUEST_S = [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1_920, 7_680];

/** A histogram with fixed buckets. */
class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  record(durationMs: number, times = 1): void {
    const seconds = Math.max(0, durationMs) / 1_000;
    const bucket = this.#bounds.findIndex((bound) => seconds <= bound);
    if (bucket >= 0) this.#counts[bucket] = (this.#counts[bucket] ?? 0) + times;
    this.#sum += seconds * times;
    this.#count += times;
  }

  samples(labels: Readonly<Record<string, string>>): readonly MetricSample[] {
    let below = 0;
    const buckets = this.#bounds.map((bound, at): MetricSample => {
      below += this.#counts[at] ?? 0;
      return { labels: { ...labels, le: String(bound) }, value: below, suffix: '_bucket' };
    });
    return [
      ...buckets,
      { labels: { ...labels, le: '+Inf' }, value: this.#count, suffix: '_bucket' },
      { labels, value: this.#sum, suffix: '_sum' },
      { labels, value: this.#count, suffix: '_count' },
    ];
  }
}

/** What is so at the moment. */
export interface Gauges {
  readonly running: number;
  readonly waiting: number;
  readonly waitingTokens: number;
  readonly embedsWaiting: number;
  readonly answersKept: number;
  readonly ready: boolean;
}

/** Counters since the actor began. Plain data. */
export interface Counts {
  readonly finished: Readonly<Record<string, number>>;
  /** Requests that were let in and failed, by code. */
  readonly failed: Readonly<Record<string, number>>;
  /** Requests that were not let in, by code. */
  readonly rejected: Readonly<Record<string, number>>;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly generatedTokens: number;
  readonly embeddedTexts: number;
  readonly embedBatches: number;
}

/** Counters and histograms of one model. */
export class ModelMetrics {
  readonly #finished = new Map<string, number>();
  readonly #failed = new Map<string, number>();
  readonly #rejected = new Map<string, number>();
  readonly #firstToken = new Histogram(FIRST_TOKEN_S);
  readonly #betweenTokens = new Histogram(BETWEEN_TOKENS_S);
  readonly #queue = new Histogram(REQUEST_S);
  readonly #whole = new Histogram(REQUEST_S);
  #promptTokens = 0;
  #cachedTokens = 0;
  #generatedTokens = 0;
  #embeddedTexts = 0;
  #embedBatches = 0;

  rejected(code: string): void {
    increase(this.#rejected, code);
  }

  failed(code: string): void {
    increase(this.#failed, code);
  }

  /** A request left the queue for a slot. */
  started(queueMs: number): void {
    this.#queue.record(queueMs);
  }

  firstToken(sinceArrivalMs: number): void {
    this.#firstToken.record(sinceArrivalMs);
  }

  /** So many tokens came, that long after those before. */
  tokens(count: number, sinceLastMs: number): void {
    if (count > 0) this.#betweenTokens.record(sinceLastMs / count, count);
  }

  finished(finish: FinishReason, usage: TokenUsage, sinceArrivalMs: number): void {
    increase(this.#finished, finish);
    this.#whole.record(sinceArrivalMs);
    this.#promptTokens += usage.input;
    this.#cachedTokens += usage.cached;
    this.#generatedTokens += usage.output;
  }

  embedded(texts: number, tokens: number): void {
    this.#embedBatches += 1;
    this.#embeddedTexts += texts;
    this.#promptTokens += tokens;
  }

  counts(): Counts {
    return {
      finished: Object.fromEntries(this.#finished),
      failed: Object.fromEntries(this.#failed),
      rejected: Object.fromEntries(this.#rejected),
      promptTokens: this.#promptTokens,
      cachedTokens: this.#cachedTokens,
      generatedTokens: this.#generatedTokens,
      embeddedTexts: this.#embeddedTexts,
      embedBatches: this.#embedBatches,
    };
  }

  /** All of it for Prometheus; `model` is the label `model_name`. */
  metrics(model: string, now: Gauges): readonly Metric[] {
    const labels = { model_name: model };
    const gauge = (name: string, help: string, value: number): Metric => {
      return { name: `skep_model_${name}`, type: 'gauge', help, samples: [{ labels, value }] };
    };
    const counter = (name: string, help: string, value: number): Metric => {
      return { name: `skep_model_${name}_total`, type: 'counter', help, samples: [{ labels, value }] };
    };
    const by = (name: string, help: string, label: string, counts: ReadonlyMap<string, number>): Metric => {
      const samples = [...counts].map(([key, value]): MetricSample => ({ labels: { ...labels, [label]: key }, value }));
      return { name: `skep_model_${name}_total`, type: 'counter', help, samples };
    };
    const histogram = (name: string, help: string, values: Histogram): Metric => {
      return { name: `skep_model_${name}`, type: 'histogram', help, samples: values.samples(labels) };
    };
    return [
      gauge('ready', 'Whether the model answers now.', now.ready ? 1 : 0),
      gauge('num_requests_running', 'Requests in slots.', now.running),
      gauge('num_requests_waiting', 'Requests that wait for a slot.', now.waiting),
      gauge('num_tokens_waiting', 'Tokens that wait, prompts and longest answers.', now.waitingTokens),
      gauge('num_embeds_waiting', 'Requests for vectors that wait.', now.embedsWaiting),
      gauge('num_answers_kept', 'Answers that are kept for readers that come back.', now.answersKept),
      histogram('time_to_first_token_seconds', 'From arrival to the first token.', this.#firstToken),
      histogram('inter_token_latency_seconds', 'Between two tokens.', this.#betweenTokens),
      histogram('request_queue_time_seconds', 'From arrival to a slot.', this.#queue),
      histogram('e2e_request_latency_seconds', 'From arrival to the end of the answer.', this.#whole),
      counter('prompt_tokens', 'Tokens of prompts.', this.#promptTokens),
      counter('generation_tokens', 'Tokens of answers.', this.#generatedTokens),
      counter('prefix_cache_queries', 'Tokens of prompts that were looked for in the cache.', this.#promptTokens),
      counter('prefix_cache_hits', 'Tokens of prompts that needed no computing.', this.#cachedTokens),
      counter('embedded_texts', 'Texts that became vectors.', this.#embeddedTexts),
      counter('embed_batches', 'Calls of the backend for vectors.', this.#embedBatches),
      by('request_success', 'Answers that were completed.', 'finished_reason', this.#finished),
      by('request_failure', 'Requests that were let in and failed.', 'code', this.#failed),
      by('admission_rejections', 'Requests that were not let in.', 'code', this.#rejected),
    ];
  }
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
