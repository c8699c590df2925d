/** Estimates of tokens: near what tokenizers give, and nearer after usage was seen. */
import { TokenEstimator, promptWeight, textWeight } from '#actors/inference/providers/estimate';
import fc from 'fast-check';
import t from 'tap';

t.test('the first estimate is near the counts of a byte-pair encoding', async (t) => {
  // Counts of cl100k_base, as OpenAI's cookbook prints them for the first, and the tokenizer page for the others.
  const near = (text: string, least: number, most: number): void => {
    const weight = textWeight(text);
    t.ok(weight >= least && weight <= most, `${JSON.stringify(text)} weighs ${weight}, expected ${least} to ${most}`);
  };
  near('tiktoken is great!', 4, 8);
  near('The quick brown fox jumps over the lazy dog.', 8, 12);
  near('お誕生日おめでとう', 6, 12);
  near('{"a":[1,2,3]}', 4, 11);
});

t.test('usage corrects it: after twenty answers it is within a tenth of a tokenizer twice as fine', async (t) => {
  const estimator = new TokenEstimator();
  for (let answer = 0; answer < 20; answer += 1) estimator.observe(200, 400);
  t.ok(Math.abs(estimator.tokens(200) - 400) <= 40, `${estimator.tokens(200)} for 400`);
});

t.test('it follows a change, and forgets what was before', async (t) => {
  const estimator = new TokenEstimator();
  for (let answer = 0; answer < 50; answer += 1) estimator.observe(1_000, 3_000);
  for (let answer = 0; answer < 50; answer += 1) estimator.observe(1_000, 1_000);
  t.ok(Math.abs(estimator.ratio - 1) < 0.05, String(estimator.ratio));
});

t.test('any observations: the ratio stays within its bounds, and more text is never fewer tokens', async () => {
  const seen = fc.array(fc.tuple(fc.nat(10_000), fc.nat(1_000_000)), { maxLength: 30 });
  fc.assert(
    fc.property(seen, fc.string(), fc.string(), (pairs, text, more) => {
      const estimator = new TokenEstimator();
      for (const [weight, tokens] of pairs) estimator.observe(weight, tokens);
      const grows = estimator.tokens(textWeight(text)) <= estimator.tokens(textWeight(text + more));
      return estimator.ratio >= 0.25 && estimator.ratio <= 4 && grows;
    }),
  );
});

t.test('all of a prompt counts: messages, calls, tools, schema', async (t) => {
  const text = 'Some words of a user.';
  const user = { role: 'user' as const, content: text };
  const base = promptWeight({ messages: [user] });
  t.ok(base > textWeight(text));
  t.ok(promptWeight({ messages: [user, user] }) > base + textWeight(text));
  const toolCalls = [{ id: 'c1', name: 'find', arguments: { words: 'many words' } }];
  t.ok(promptWeight({ messages: [user, { role: 'assistant', content: '', toolCalls }] }) > base + 10);
  const parameters = { type: 'object' };
  t.ok(promptWeight({ messages: [user], tools: [{ name: 'find', parameters }] }) > base + 5);
  t.ok(promptWeight({ messages: [user], schema: { type: 'array', items: { type: 'string' } } }) > base + 5);
});
