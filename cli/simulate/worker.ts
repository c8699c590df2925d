/**
 * A thread that simulates: it does one piece of work after another. Runs never give way, so they have no place in the
 * thread that listens for Ctrl-C.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { toWireError, unreachable } from '#protocols/wire/error';
import { runSeeds } from '#runtime/simulation/campaign';
import type { Model } from '#runtime/simulation/model';
import { runSeed } from '#runtime/simulation/run';
import { shrink } from '#runtime/simulation/shrink';
import { Models } from './models.js';
import type { Kind, Reply, Request, ThreadData, Work } from './work.js';

const { modules } = workerData as ThreadData;
const loading = Models.of(modules);
// Told with the first piece of work.
loading.catch(() => {});

parentPort?.on('message', (request: Request) => {
  const send = (reply: Reply): void => parentPort?.postMessage(reply);
  answer(request).then(
    (done) => send({ type: 'done', answer: done }),
    (error: unknown) => send({ type: 'failed', error: toWireError(error) }),
  );
});

async function answer(request: Request): Promise<Work[Kind]['answer']> {
  const models = await loading;
  const model = await models.load(request.model);
  switch (request.kind) {
    case 'batch':
      return timed(() => runSeeds(model, request.ask.from, request.ask.count));
    case 'run':
      return timed(() => oneRun(model, request.ask));
    case 'shrink':
      return smaller(model, request.ask);
    case 'etcd':
      return [...(await models.etcdTrace(request.model))(request.ask.seed)];
    default:
      return unreachable(request);
  }
}

function oneRun(model: Model, { seed, plan, keep }: Work['run']['ask']): Omit<Work['run']['answer'], 'ms'> {
  const { lines, ...outcome } = runSeed(model, seed, { keep, ...(plan === undefined ? {} : { plan }) });
  return { ...outcome, lines: lines() };
}

function smaller(model: Model, { seed, plan, hash, runs }: Work['shrink']['ask']): Work['shrink']['answer'] {
  const failed = runSeed(model, seed, { plan });
  return failed.failure === undefined || failed.hash !== hash ? 'another run' : shrink(model, failed, { runs });
}

function timed<T extends object>(work: () => T): T & { readonly ms: number } {
  const startMs = performance.now();
  const done = work();
  return { ...done, ms: performance.now() - startMs };
}
