/**
 * A program that loses an executor again and again while many actors live, and says after each round what it holds. Needs
 * --expose-gc. Arguments: rounds, actors. Prints one line of JSON per round.
 */
import { readdirSync } from 'node:fs';
import { type ActorRef, ActorSystem, SkepError } from '#runtime';
import { bystander, brood, harmful } from '#test/testdata/actors/harmful';

/** What a round found. */
export interface Round {
  readonly round: number;
  readonly how: 'exit' | 'spin';
  /** Milliseconds from the fatal call until every actor answered at its address. */
  readonly backMs: number;
  /** Calls in flight at the time of death, by how they ended. */
  readonly ended: Readonly<Record<string, number>>;
  /** Calls to the other executor that were answered meanwhile, and the longest of them in milliseconds. */
  readonly witnessed: number;
  readonly witnessMaxMs: number;
  /** Errors of calls to the other executor. */
  readonly witnessErrors: readonly string[];
  readonly holds: Readonly<Record<string, number>>;
}

const [rounds = 5, actors = 10_000] = process.argv.slice(2).map(Number);
const IN_FLIGHT = 200;
/** The deadline of the calls in flight; none may run into it. */
const DEADLINE_MS = 120_000;

const system = await ActorSystem.create({
  executors: 2,
  modules: [new URL('./actors/harmful.js', import.meta.url).href],
  log: { level: 'silent', format: 'json' },
  scheduling: { stallMs: 3_000 },
  threadIntensity: { maxRestarts: 1_000_000, withinMs: 60_000 },
  defaults: { supervision: { maxRestarts: 1_000_000, withinMs: 60_000 } },
});
const mother = await system.spawn(brood, undefined, { executor: 2 });
const witness = await system.spawn(bystander, undefined, { executor: 2 });
const onSystem = await system.spawn(harmful, undefined, { executor: 'system' });
const fatal = await system.spawn(harmful, undefined, { executor: 1 });
await mother.call('hatch', { count: actors, executor: 1 }, { timeoutMs: DEADLINE_MS });

/** Calls the witness again and again until told to stop. */
function watch(ref: ActorRef<typeof bystander>) {
  const seen = { answers: 0, maxMs: 0, errors: [] as string[] };
  let over = false;
  const run = (async () => {
    while (!over) {
      const beganMs = performance.now();
      await ref.call('add', 1, { timeoutMs: DEADLINE_MS }).catch((error: unknown) => seen.errors.push(String(error)));
      seen.answers += 1;
      seen.maxMs = Math.max(seen.maxMs, performance.now() - beganMs);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  })();
  return { seen, stop: () => ((over = true), run) };
}

/** How a call ended. */
function endOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'reply',
    (error: unknown) => (error instanceof SkepError ? error.code : String(error)),
  );
}

async function holdings(): Promise<Round['holds']> {
  const heaps = {
    heap2: await mother.call('heapUsed', undefined),
    heap0: await onSystem.call('heapUsed', undefined),
  };
  (globalThis as { readonly gc?: () => void }).gc?.();
  const { heapUsed, rss, external, arrayBuffers } = process.memoryUsage();
  const resources = process.getActiveResourcesInfo();
  return {
    heap: heapUsed,
    ...heaps,
    external,
    arrayBuffers,
    rss,
    files: readdirSync('/proc/self/fd').length,
    threads: readdirSync('/proc/self/task').length,
    resources: resources.length,
    ports: resources.filter((name) => name === 'MessagePort').length,
  };
}

for (let round = 1; round <= rounds; round += 1) {
  const how = round % 5 === 2 ? 'spin' : 'exit';
  const { seen, stop } = watch(witness);
  const victims = await mother.call('some', IN_FLIGHT);
  const options = { timeoutMs: DEADLINE_MS };
  const inFlight = victims.map((address) => endOf(system.ref(bystander, address).call('hang', undefined, options)));
  const beganMs = performance.now();
  inFlight.push(endOf(fatal.call(how, undefined, options)));
  const ended: Record<string, number> = {};
  for (const code of await Promise.all(inFlight)) ended[code] = (ended[code] ?? 0) + 1;
  while ((await mother.call('census', 5_000, { timeoutMs: DEADLINE_MS })) < actors);
  while ((await endOf(fatal.call('ping'))) !== 'reply');
  const backMs = performance.now() - beganMs;
  await stop();
  const result: Round = {
    round,
    how,
    backMs,
    ended,
    witnessed: seen.answers,
    witnessMaxMs: seen.maxMs,
    witnessErrors: seen.errors,
    holds: await holdings(),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
await system.shutdown();
