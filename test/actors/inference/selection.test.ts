/** The choice between models: by the scores that are documented, and told with them. */
import fc from 'fast-check';
import t from 'tap';
import { type Candidate, modelTasks, type ModelTask, rankModels } from '#actors/inference/selection';

function candidate(name: string, more: Partial<Candidate> = {}): Candidate {
  return {
    name,
    role: 'chat',
    profile: 'balanced',
    presence: 'ready',
    requests: 0,
    slots: 4,
    contextTokens: 4_096,
    ...more,
  };
}

const first = (candidates: readonly Candidate[], wish: Parameters<typeof rankModels>[1]) =>
  rankModels(candidates, wish)[0].name;

t.test('a task takes its role and profile, and what is given goes before them', async (t) => {
  const models = [
    candidate('quick', { profile: 'fast' }),
    candidate('deep', { profile: 'quality' }),
    candidate('vectors', { role: 'embedding' }),
  ];
  t.equal(first(models, { task: 'classify' }), 'quick');
  t.equal(first(models, { task: 'code' }), 'deep');
  t.equal(first(models, { task: 'code', profile: 'fast' }), 'quick');
  t.equal(first(models, { task: 'embed' }), 'vectors');
  t.equal(first(models, { role: 'embedding' }), 'vectors');
});

t.test('a ready neighbour goes before the one asked for that is not loaded; the opposite end does not', async (t) => {
  const absent = candidate('deep', { profile: 'quality', presence: 'absent', requests: 0 });
  t.equal(first([absent, candidate('middle', { profile: 'balanced' })], { profile: 'quality' }), 'middle');
  t.equal(first([absent, candidate('quick', { profile: 'fast' })], { profile: 'quality' }), 'deep');
});

t.test('of two alike the less loaded, and of two alike in everything the earlier', async (t) => {
  t.equal(first([candidate('full', { requests: 8 }), candidate('free')], {}), 'free');
  t.equal(first([candidate('one'), candidate('two')], {}), 'one');
});

t.test('one that failed, or whose context is too small, is no candidate; without any the names are told', async (t) => {
  t.equal(first([candidate('bad', { presence: 'failed' }), candidate('good', { profile: 'fast' })], {}), 'good');
  t.equal(first([candidate('small', { contextTokens: 100 }), candidate('large')], { contextTokens: 200 }), 'large');
  t.throws(() => rankModels([candidate('small', { contextTokens: 100 })], { contextTokens: 200 }), {
    code: 'UNKNOWN_MODEL',
    message: /there are: small/,
  });
  t.throws(() => rankModels([], {}), { code: 'UNKNOWN_MODEL', message: /there are: none/ });
});

t.test('the score is the sum of the parts that are told, and falls with load alone', async (t) => {
  const tasks = Object.keys(modelTasks) as ModelTask[];
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          role: fc.constantFrom('chat' as const, 'embedding' as const),
          profile: fc.constantFrom('fast' as const, 'balanced' as const, 'quality' as const),
          presence: fc.constantFrom('ready' as const, 'loading' as const, 'absent' as const, 'failed' as const),
          requests: fc.nat(40),
          slots: fc.integer({ min: 1, max: 16 }),
        }),
        { minLength: 1, maxLength: 8 },
      ),
      fc.constantFrom(...tasks),
      (parts, task) => {
        const models = parts.map((part, index) => candidate(`m${index}`, part));
        if (!models.some(({ role, presence }) => role === modelTasks[task].role && presence !== 'failed')) return;
        const ranked = rankModels(models, { task });
        for (const [index, { name, score, profile, presence, load }] of ranked.entries()) {
          t.equal(score, profile + presence + load);
          t.ok(score <= (ranked[index - 1]?.score ?? Infinity));
          const busier = models.map((model) =>
            model.name === name ? { ...model, requests: model.requests + 1 } : model,
          );
          t.ok((rankModels(busier, { task }).find((one) => one.name === name)?.score ?? Infinity) <= score);
        }
      },
    ),
    { numRuns: 200 },
  );
});
