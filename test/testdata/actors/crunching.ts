/** Offloaded functions of all manners, and an actor that offloads them. */
import { threadId } from 'node:worker_threads';
import { defineActor, defineOffload, type OffloadTask, SkepError } from '#runtime';

const here = import.meta.url;

/** Computes for a while, then says on which thread. */
export const compute = defineOffload(here, 'compute', (forMs: number): number => {
  const end = performance.now() + forMs;
  while (performance.now() < end);
  return threadId;
});

export const double = defineOffload(here, 'double', async (bytes: Uint8Array): Promise<Uint8Array> => {
  await Promise.resolve();
  return bytes.map((byte) => byte * 2);
});

export const fails = defineOffload(here, 'fails', (how: 'skep' | 'node' | 'text' | 'circle'): never => {
  const cause = Object.assign(new TypeError('the bottom'), { code: 'ENOENT' });
  if (how === 'skep') throw new SkepError('PATH_UNREADABLE', 'no such picture', { path: '/x' }, cause);
  if (how === 'node') throw new Error('on top', { cause });
  // oxlint-disable-next-line typescript/only-throw-error -- that is the case
  if (how === 'text') throw 'just text';
  const circle = new Error('round');
  circle.cause = circle;
  throw circle;
});

export const forEver = defineOffload(here, 'forEver', (_: null): never => {
  for (;;);
});

export const exits = defineOffload(here, 'exits', (_: null): never => process.exit(3));

export const functions = defineOffload(here, 'functions', (_: null) => () => 1);

/** Is exported under another name than it says. */
export const misnamed = defineOffload(here, 'somethingElse', (_: null) => 1);

const tasks: Readonly<Record<string, OffloadTask<never>>> = {
  compute,
  double,
  fails,
  forEver,
  exits,
  functions,
  misnamed,
};

/** Offloads what it is told to, and answers others meanwhile. */
export const cruncher = defineActor({
  name: 'cruncher',
  init: () => null,
  calls: {
    offload: (
      _state,
      message: { readonly task: string; readonly args: unknown; readonly timeoutMs?: number },
      ctx,
    ): Promise<unknown> => {
      const { timeoutMs } = message;
      const task = tasks[message.task] as OffloadTask<unknown>;
      return ctx.offload(task, message.args, timeoutMs === undefined ? {} : { timeoutMs });
    },
    /** The code of how an offload ends that is aborted once it runs. */
    abort: async (_state, _message: undefined, ctx): Promise<string> => {
      const controller = new AbortController();
      const work = ctx.offload(forEver, null, { signal: controller.signal });
      const end = work.catch((error: unknown) => (error as SkepError).code);
      // What came later is done, so this runs.
      await ctx.offload(compute, 0);
      controller.abort();
      return end;
    },
    /** Offers `count` pieces of work at once, and gives the codes of those that were refused. */
    many: async (_state, count: number, ctx): Promise<readonly string[]> => {
      const work = Array.from({ length: count }, () => ctx.offload(compute, 20));
      const ends = await Promise.allSettled(work);
      return ends.flatMap((end) => (end.status === 'rejected' ? [(end.reason as SkepError).code] : []));
    },
    /** What is left here of a buffer that was handed over, and what came back. */
    transfer: async (_state, bytes: number, ctx): Promise<readonly number[]> => {
      const buffer = new Uint8Array(bytes).fill(3);
      const result = await ctx.offload(double, buffer, { transfer: [buffer.buffer] });
      return [buffer.length, result.length, result.at(-1) ?? 0];
    },
    uncopied: (_state, _message: undefined, ctx) => ctx.offload(functions, (() => 1) as unknown as null),
    plain: (_state, _message: undefined, ctx) => ctx.offload((() => 1) as unknown as OffloadTask, null),
    cause: async (_state, how: 'skep' | 'node' | 'text' | 'circle', ctx) => {
      const error = await ctx.offload(fails, how).catch((thrown: unknown) => thrown as SkepError);
      const cause = error.cause as (Error & { code?: string }) | undefined;
      const bottom = cause?.cause as (Error & { code?: string }) | undefined;
      return {
        code: error.code,
        message: error.message,
        facts: error.facts,
        cause: cause === undefined ? null : { name: cause.name, message: cause.message, code: cause.code ?? '' },
        bottom: bottom === undefined ? null : { name: bottom.name, message: bottom.message, code: bottom.code ?? '' },
      };
    },
    ping: (_state, _message: undefined, ctx) => ({ thread: threadId, executor: ctx.executor }),
  },
});
