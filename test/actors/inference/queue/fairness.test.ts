/**
 * Fairness in a simulated service: one agent floods, nineteen ask for one answer after the other. Four slots, a token a
 * millisecond in each. The queue is held against one that serves in order of arrival, so that the figures mean something.
 */
import type { Queued } from '#actors/inference/queue/request';
import { type QueueOptions, RequestQueue } from '#actors/inference/queue/request-queue';
import { nextChance, chanceOf } from '#protocols/chance';
import t from 'tap';

const SLOTS = 4;
const LIGHT = 19;
const UNTIL_MS = 300_000;

interface Outcome {
  /** Tokens served by agent. */
  readonly served: ReadonlyMap<string, number>;
  /** Waits of the light agents in milliseconds. */
  readonly waits: readonly number[];
}

/** What serves, and how it is told of what was served. */
interface Service {
  push(request: Queued, nowMs: number): void;
  take(nowMs: number): Queued | undefined;
}

function fair(): Service {
  const options: QueueOptions = { requests: 100_000, tokens: 100_000_000, quantum: 256 };
  const queue = new RequestQueue(options);
  return {
    push: (request, nowMs) => void queue.push(request, nowMs),
    take: (nowMs) => {
      const taken = queue.take(nowMs);
      if (taken !== undefined) queue.settle(taken, taken.request.weight);
      return taken?.request;
    },
  };
}

function inOrder(): Service {
  const waiting: Queued[] = [];
  return { push: (request) => void waiting.push(request), take: () => waiting.shift() };
}

/** Runs the service; every light agent has one request at a time, the flood always 200 that wait. */
function simulate(service: Service, floods: boolean): Outcome {
  let chance = 7;
  let made = 0;
  const draw = (limit: number): number => chanceOf((chance = nextChance(chance)), limit);
  const served = new Map<string, number>();
  const waits: number[] = [];
  const ask = (agent: string, nowMs: number): void => {
    // What a request really takes is its weight; what its agent is charged at first is a guess.
    const weight = 100 + draw(300);
    const deadlineMs = Number.POSITIVE_INFINITY;
    const cost = Math.max(1, weight - 50 + draw(100));
    service.push({ id: String((made += 1)), agent, band: 2, arrivedMs: nowMs, deadlineMs, weight, cost }, nowMs);
  };
  const slots: { freeMs: number; request: Queued | undefined }[] = Array.from({ length: SLOTS }, () => {
    return { freeMs: 0, request: undefined };
  });
  for (let light = 0; light < LIGHT; light += 1) ask(`light ${light}`, 0);
  if (floods) for (let n = 0; n < 200; n += 1) ask('flood', 0);
  for (let nowMs = 0; nowMs < UNTIL_MS; ) {
    const slot = slots.toSorted((a, b) => a.freeMs - b.freeMs)[0] as (typeof slots)[number];
    nowMs = Math.max(nowMs, slot.freeMs);
    if (slot.request !== undefined) {
      const { agent, weight } = slot.request;
      served.set(agent, (served.get(agent) ?? 0) + weight);
      ask(agent, nowMs);
    }
    slot.request = service.take(nowMs);
    if (slot.request !== undefined && slot.request.agent !== 'flood') waits.push(nowMs - slot.request.arrivedMs);
    slot.freeMs = nowMs + (slot.request?.weight ?? 10);
  }
  return { served, waits };
}

/** Jain's index: 1 when all have the same, 1/n when one has all (Jain, Chiu and Hawe, DEC-TR-301, 1984). */
function jain(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  const squares = values.reduce((total, value) => total + value * value, 0);
  return (sum * sum) / (values.length * squares);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

t.test('beside a flood all agents get the same tokens, and light ones wait no more than twice as long', async (t) => {
  const alone = simulate(fair(), false);
  const flooded = simulate(fair(), true);
  const index = jain([...flooded.served.values()]);
  const ratio = median(flooded.waits) / median(alone.waits);
  t.comment(
    `Jain ${index.toFixed(4)}, median wait ${median(alone.waits)} ms alone, ${ratio.toFixed(2)} times that beside the flood`,
  );
  t.equal(flooded.served.size, LIGHT + 1);
  t.ok(index >= 0.9, `Jain's index ${index}`);
  t.ok(ratio <= 2, `median wait ${ratio} times`);
});

t.test('in order of arrival the flood would take nearly all: the figures tell the two apart', async (t) => {
  const alone = simulate(inOrder(), false);
  const flooded = simulate(inOrder(), true);
  t.comment(
    `Jain ${jain([...flooded.served.values()]).toFixed(4)}, ${(median(flooded.waits) / median(alone.waits)).toFixed(1)} times`,
  );
  t.ok(jain([...flooded.served.values()]) < 0.5);
  t.ok(median(flooded.waits) / median(alone.waits) > 5);
});
