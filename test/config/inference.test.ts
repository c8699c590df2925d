/**
 * Models in a configuration: a list of entries, from a file or a variable, whose mistakes are told by the field, and in
 * which no message and no print shows a key.
 */
import t from 'tap';
import { printConfig } from '#config';
import { failure, load } from './support.js';

const tiny = `
inference:
  models:
    - name: tiny
      backend: llama
      path: models/tiny.gguf
`;

t.test('a list of models from the file gets its defaults', async (t) => {
  const { config, origins } = await load(t, { 'skep.yaml': tiny });
  t.match(config.inference.models, [
    { name: 'tiny', backend: 'llama', path: 'models/tiny.gguf', sequences: 4, threads: 1, isolation: 'process' },
  ]);
  t.match(origins.get('inference.models'), { kind: 'file', file: 'skep.yaml' });
  t.same([config.inference.load, config.inference.switchAfterMs], ['start', 10_000]);
  t.throws(() => (config.inference.models as unknown[]).push({}), 'it is frozen');
});

t.test('variables go into the fields of an entry, wherever they stand', async (t) => {
  const file = tiny.replace('models/tiny.gguf', '${MODELS:-/srv}/tiny.gguf');
  t.match((await load(t, { 'skep.yaml': file })).config.inference.models, [{ path: '/srv/tiny.gguf' }]);
  const { config } = await load(t, { 'skep.yaml': file }, { env: { MODELS: '/data' } });
  t.match(config.inference.models, [{ path: '/data/tiny.gguf' }]);
});

t.test('SKEP_INFERENCE_MODELS is a JSON list, and replaces that of the file whole', async (t) => {
  const env = {
    SKEP_INFERENCE_MODELS: JSON.stringify([
      { name: 'gpt', backend: 'openai', model: 'gpt-x', url: 'http://127.0.0.1:8080/v1', key: { env: 'MY_KEY' } },
    ]),
  };
  const loaded = await load(t, { 'skep.yaml': tiny }, { env });
  t.equal(loaded.config.inference.models?.length, 1);
  t.match(loaded.config.inference.models, [{ name: 'gpt', key: { env: 'MY_KEY' }, connections: 8 }]);
  t.match(printConfig(loaded, { json: true, colour: false }), /"env": "MY_KEY"/, 'the source of a key is no secret');
});

const cases: readonly (readonly [what: string, entry: string, path: string, says: RegExp])[] = [
  ['a missing path', '{ name: a, backend: llama }', 'inference.models.0.path', /given no value; expected string/],
  ['an unknown backend', '{ name: a, backend: lama }', 'inference.models.0.backend', /given "lama"; expected .*llama/],
  ['no entry at all', 'tiny', 'inference.models.0', /given a text; expected a model/],
  ['an unknown field', '{ name: a, backend: llama, path: y, pth: x }', 'inference.models.0', /unknown key "pth"/],
  [
    'a number out of range',
    '{ name: a, backend: llama, path: x, sequences: 0 }',
    'inference.models.0.sequences',
    /given 0; .*>=1/,
  ],
  [
    'a name with a dot',
    '{ name: q2.5, backend: llama, path: x }',
    'inference.models.0.name',
    /given "q2\.5"; expected 1 to 128/,
  ],
  [
    'gpu',
    '{ name: a, backend: llama, path: x, gpu: all }',
    'inference.models.0.gpu',
    /given "all"; expected auto, off/,
  ],
];
for (const [what, entry, path, says] of cases) {
  t.test(`a mistake in an entry names the field: ${what}`, async (t) => {
    const { problems } = await failure(t, { 'skep.yaml': `inference:\n  models:\n    - ${entry}\n` });
    t.match(problems, [{ path, message: says, origin: /^skep\.yaml:/ }]);
    t.equal(problems.length, 1);
  });
}

t.test('two models of one name: the second is told', async (t) => {
  const two = `${tiny}    - { name: tiny, backend: llama, path: y }\n`;
  const { problems } = await failure(t, { 'skep.yaml': two });
  t.match(problems, [{ path: 'inference.models.1.name', message: /given "tiny"; expected a name that no other/ }]);
});

t.test('a key that was pasted where its source belongs is refused and never shown', async (t) => {
  const secret = 'sk-ant-0123456789abcdef';
  const wrong = [
    `{ name: a, backend: anthropic, model: m, key: ${secret} }`,
    `{ name: a, backend: anthropic, model: m, key: { value: ${secret} } }`,
    `{ name: a, backend: anthropic, model: m, apiKey: ${secret} }`,
    `{ name: a, backend: openai, model: m, url: "http://me:${secret}@host/v1" }`,
    `{ name: a, backend: openai, model: m, url: "http://host/v1?key=${secret}" }`,
    `{ name: a, backend: openai, model: m, url: "${secret}" }`,
  ];
  for (const entry of wrong) {
    const { message, problems } = await failure(t, { 'skep.yaml': `inference:\n  models:\n    - ${entry}\n` });
    t.notMatch(message + JSON.stringify(problems), secret, entry);
  }
});
