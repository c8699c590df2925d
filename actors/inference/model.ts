/**
 * The model actor: what askers are promised, in front of any backend. It is started from plain data, so that it can be
 * spawned by name on any node, and it outlives its backend: one that goes down is waited for, and what it held fails with
 * a code. `docs/inference/queue.md` says what is promised, with the formulas.
 *
 *     calls   ask, resume (streams of parts)   embed, tokenize, count   health, info, stats, replica   swap
 *     casts   cancel, drain
 *
 * `ask` and `resume` are interleaved: each of them waits for tokens, and none may hold up the others. The other calls that
 * wait for the backend answer later by a token, for the same reason.
 */
import { z } from 'zod';
import {
  type AskRequest,
  askRequest,
  type EmbedRequest,
  embedRequest,
  type ResumeRequest,
  resumeRequest,
  tokenizeRequest,
} from '#protocols/wire/inference';
import { type ActorContext, defineActor, type Info, type ReplyToken } from '#runtime';
import { budgetSettings } from './budget.js';
import { type ModelEntry, modelEntry } from './entry.js';
import { openBackend } from './open-backend.js';
import { askerOf } from './serving/asker.js';
import { coded } from './serving/coded.js';
import type { OpenModel } from './serving/loading.js';
import { Serving } from './serving/serving.js';
import { servingSettings } from './serving/settings.js';

/** What a model actor is made of. */
export const modelArgs = z.strictObject({
  entry: modelEntry,
  /** Who may spend how many tokens; default: anybody any number. */
  budget: budgetSettings.optional(),
  /** Bounds and times; see the fields. */
  serving: servingSettings.partial().optional(),
});

/** Arguments of a model actor, with defaults left out or filled in. */
export type ModelArgs = z.output<typeof modelArgs>;

/** What `count` counts: a request as far as it makes a prompt. */
export type CountRequest = Pick<AskRequest, 'messages' | 'prompt' | 'tools' | 'schema'>;

const countRequest = z
  .strictObject(askRequest.shape)
  .pick({ messages: true, prompt: true, tools: true, schema: true })
  .refine(({ messages, prompt }) => (messages === undefined) !== (prompt === undefined), {
    message: 'expected exactly one of messages and prompt',
    path: ['messages'],
  });

/** What a model actor holds: nothing of it is plain data, and nothing is kept when it restarts. */
export interface ModelState {
  readonly serving: Serving;
  stopped: boolean;
}

const PUBLISH = 'publish';

/**
 * A model actor whose backends are opened by `open`. Applications use {@link modelActor}; a test that wants a backend of
 * its own, such as that of `scripted.ts`, registers the definition that this gives in its place.
 */
export function defineModel(open: OpenModel) {
  return defineActor({
    name: 'skep.model',
    description: 'Serves one model: queue, fairness, budgets, streams that can be taken up again, vectors, swaps.',
    init: (args: ModelArgs, ctx): ModelState => {
      const settings = servingSettings.parse(args.serving ?? {});
      const serving = new Serving(args.entry, args.budget, settings, {
        clock: ctx.clock,
        open,
        monitor: (address) => ctx.monitor(address),
        demonitor: (address) => ctx.demonitor(address),
        warn: (text, facts) => ctx.log.warn(text, facts),
      });
      serving.start();
      if (settings.publishMs > 0) ctx.every(settings.publishMs, PUBLISH);
      return { serving, stopped: false };
    },
    interleaved: ['ask', 'resume'],
    calls: {
      /** Parts of an answer; the last is of type `end`, or the stream fails with a code. */
      async *ask(state, request: AskRequest, ctx) {
        yield* state.serving.ask(request, askerOf(ctx));
      },
      /** Parts of an answer that was asked for with an id, from part `from` on. */
      async *resume(state, request: ResumeRequest, ctx) {
        yield* state.serving.resume(request, askerOf(ctx));
      },
      embed: (state, request: EmbedRequest, ctx) => later(state, ctx, state.serving.embed(request, askerOf(ctx))),
      tokenize: (state, { text }: { readonly text: string }, ctx) => {
        const tokens = state.serving.question(async (backend) => [...(await backend.tokenize(text))]);
        return later(state, ctx, tokens);
      },
      /** Tokens that the prompt of a request has, with template and tools. */
      count: (state, request: CountRequest, ctx) =>
        later(
          state,
          ctx,
          state.serving.question(async (backend) => ({ tokens: await backend.countPrompt(request) })),
        ),
      health: (state) => state.serving.health(),
      info: (state) => state.serving.describe(),
      stats: (state) => state.serving.stats(),
      /** What a router wants to know. */
      replica: (state, _message: undefined, ctx) => state.serving.report(ctx.self),
      /** Puts another entry in the place of this one without a gap; replies when it answers. */
      swap: (state, entry: ModelEntry, ctx) => later(state, ctx, state.serving.swap(entry)),
    },
    casts: {
      /** Ends an answer by its id. */
      cancel: (state, { id }: { readonly id: string }) => state.serving.cancel(id),
      /** Takes nothing more in, ends what is under way and gives the memory back. */
      drain: (state) => void state.serving.drain(),
    },
    info: (state, info: Info, ctx) => {
      if (info.type === 'down') state.serving.down(info.address);
      if (info.type === 'timer' && info.key === PUBLISH) publish(state, ctx);
    },
    metrics: (state) => state.serving.metrics(),
    terminate: async (state) => {
      state.stopped = true;
      await state.serving.close();
    },
    schemas: {
      args: modelArgs,
      calls: {
        ask: askRequest,
        resume: resumeRequest,
        embed: embedRequest,
        tokenize: tokenizeRequest,
        count: countRequest,
        swap: modelEntry,
      },
      casts: { cancel: z.strictObject({ id: z.string().min(1).max(128) }) },
    },
  });
}

/** The model actor. */
export const modelActor = defineModel(openBackend);

/** Answers the call in hand when `work` is done; the actor goes on meanwhile. */
function later<T>(state: ModelState, ctx: ActorContext, work: Promise<T>): ReplyToken<T> {
  const token = ctx.defer<T>();
  work.then(
    (value) => {
      if (!state.stopped) ctx.reply(token, value);
    },
    (thrown: unknown) => {
      if (!state.stopped) ctx.fail(token, coded(thrown, 'INTERNAL'));
    },
  );
  return token;
}

function publish({ serving }: ModelState, ctx: ActorContext): void {
  ctx.publish(`inference.replica.${serving.describe().name}`, serving.report(ctx.self));
}
