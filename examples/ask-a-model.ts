/**
 * An actor that asks a model. Run it with `node dist/examples/ask-a-model.js examples/models/tiny-chat.gguf`.
 *
 * The registry of models loads the file as a child of its own, and says which actor answers. The librarian asks that actor
 * and tells each piece of the answer to whoever listens, as it comes; other messages to her have their turn between
 * two pieces.
 */
import { resolve } from 'node:path';
import { askModel, modelActor, modelEntry, modelRegistry, MODELS_NAME } from '#actors/inference/index';
import { ActorSystem, defineActor, SkepError } from '#runtime';

/** Answers questions by a model of her node. */
const librarian = defineActor({
  name: 'librarian',
  init: () => ({ answered: 0 }),
  calls: {
    async *answer(state, message: { readonly question: string }, ctx) {
      const registry = await ctx.lookup(modelRegistry, MODELS_NAME);
      if (registry === undefined) throw new SkepError('UNKNOWN_MODEL', 'no models are loaded on this node');
      const parts = askModel(
        async (want, options) => ctx.ref(modelActor, (await registry.call('use', want, options)).address),
        {},
        { messages: [{ role: 'user', content: message.question }], maxTokens: 64 },
      );
      for await (const part of parts) if (part.type === 'text') yield part.text;
      state.answered += 1;
    },
    answered: (state) => state.answered,
  },
});

const [, , file = 'examples/models/tiny-chat.gguf', question = 'What is an actor?'] = process.argv;
const entry = modelEntry.parse({ name: 'tiny', backend: 'llama', path: resolve(file) });
const system = await ActorSystem.create({ definitions: [librarian, modelActor, modelRegistry] });
try {
  await system.spawn(
    modelRegistry,
    { models: [entry], defaultModel: null, load: 'start', memoryBytes: null, switchAfterMs: 10_000 },
    { name: MODELS_NAME },
  );
  const ref = await system.spawn(librarian, undefined);
  console.log(`> ${question}`);
  for await (const text of ref.call('answer', { question })) process.stdout.write(text);
  console.log(`\n\nanswered: ${await ref.call('answered')}`);
} finally {
  await system.shutdown();
}
