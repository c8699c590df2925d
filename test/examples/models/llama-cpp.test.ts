/** The tiny model answers the same by llama.cpp as by the plain pass of the trainer, where node-llama-cpp is installed. */
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { promptTokens } from '#examples/models/conversation';
import { facts, systemPrompts } from '#examples/models/corpus';
import { PlainLlama } from '#examples/models/plain-llama';
import { settings } from '#examples/models/tiny-chat';
import { Llama } from '#test/actors/inference/gguf/llama';

const path = fileURLToPath(new URL('../../../../examples/models/tiny-chat.gguf', import.meta.url));
const llama = await Llama.start();
t.teardown(() => llama?.close());
const skip = llama === undefined && 'node-llama-cpp is not installed';

t.test('llama.cpp gives every answer word for word, and cuts texts into the same tokens', { skip }, async (t) => {
  const plain = await PlainLlama.load(path);
  const { tokenizer } = plain;
  const asked = settings.flatMap((setting) => facts.map((fact) => ({ ...fact, setting })));
  const prompts = asked.map(({ setting, question }) => promptTokens(tokenizer, setting, question));
  const texts = [...facts.flatMap(({ question, answer }) => [question, answer]), ...systemPrompts, 'käse 42 🐝\n\n  x'];
  const result = await llama?.run({ path, prompts, most: 100, texts });
  if (result === undefined || !('answers' in result)) throw new Error(`llama.cpp said ${JSON.stringify(result)}`);
  result.answers.forEach((tokens, index) => {
    const { answer = '', setting } = asked[index] ?? {};
    t.equal(tokenizer.decode(tokens), answer, JSON.stringify(setting));
  });
  texts.forEach((text, index) => t.same(result.tokens[index], tokenizer.encode(text), text));
  const prompt = prompts[0] ?? [];
  t.same(result.answers[0], plain.answer(prompt), 'the plain pass gives the same tokens');
});
