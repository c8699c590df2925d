/**
 * `${VAR}` in the file: the rules one by one, then through a whole load.
 */
import fc from 'fast-check';
import t from 'tap';
import { expand, type Variables } from '#config/interpolate';
import { failure, load } from './support.js';

const set: Readonly<Record<string, string>> = { A: 'alpha', EMPTY: '', REF: '${A}', _x1: 'under' };
const variables: Variables = (name) => (Object.hasOwn(set, name) ? set[name] : undefined);

const expansions: readonly (readonly [text: string, result: string])[] = [
  ['plain', 'plain'],
  ['', ''],
  ['${A}', 'alpha'],
  ['x${A}y${_x1}z', 'xalphayunderz'],
  ['${EMPTY}', ''],
  ['${EMPTY:-d}', 'd'],
  ['${NONE:-d}', 'd'],
  ['${NONE:-}', ''],
  ['${A:-${NONE}}', 'alpha'],
  ['${NONE:-${EMPTY:-${A}!}}', 'alpha!'],
  ['${NONE:-a:-b}', 'a:-b'],
  ['$${A}', '${A}'],
  ['$$${A}', '$${A}'],
  ['${A}$${A}', 'alpha${A}'],
  ['$A $ } {', '$A $ } {'],
  ['${REF}', '${A}'],
  ['${NONE:-$${A}}', '${A}'],
];

for (const [text, result] of expansions) {
  t.test(`${JSON.stringify(text)} becomes ${JSON.stringify(result)}`, async (t) => {
    t.match(expand(text, variables), { ok: true, text: result });
  });
}

const refusals: readonly (readonly [text: string, words: RegExp])[] = [
  ['${NONE}', /variable NONE is not set.*\$\{NONE:-default\}/],
  ['${NONE:-${OTHER}}', /variable OTHER is not set/],
  ['a${A', /without a closing/],
  ['${NONE:-${A}', /without a closing/],
  ['${}', /variable name/],
  ['${a b}', /variable name/],
  ['${1A}', /variable name/],
  ['${A-x}', /variable name/],
  ['${__proto__}', /variable __proto__ is not set/],
  [`${'${N:-'.repeat(20)}${'}'.repeat(20)}`, /more than 8 defaults/],
];

for (const [text, words] of refusals) {
  t.test(`${JSON.stringify(text.slice(0, 20))} is refused`, async (t) => {
    const expansion = expand(text, variables);
    t.match(expansion.ok ? expansion.text : expansion.message, words);
    t.notOk(expansion.ok);
  });
}

t.test('a text that names a large variable very often is refused before it fills the memory', async (t) => {
  const expansion = expand('${BIG}'.repeat(100_000), () => 'x'.repeat(1000));
  t.match(expansion, { ok: false, message: /more than 65536/ });
});

t.test('a text without references is itself, and an escaped one is the reference as text', async () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const plain = text.replaceAll('${', '');
      const expansion = expand(plain, () => undefined);
      return expansion.ok && expansion.text === plain;
    }),
  );
});

t.test('values are expanded everywhere in the file and coerced to the type of the option', async (t) => {
  const files = {
    'skep.yaml':
      'node:\n  executors: ${CORES}\n  labels:\n    zone: z-${ZONE:-none}\n    cost: $${cheap}\nlog:\n  level: ${LEVEL}\n',
    '.env': 'LEVEL=debug\nCORES=2\n',
  };
  const { config } = await load(t, files, { env: { CORES: '3' } });
  t.match(config, { node: { executors: 3, labels: { zone: 'z-none', cost: '${cheap}' } }, log: { level: 'debug' } });
});

t.test('a text in quotes is no number unless a variable went into it', async (t) => {
  const { problems } = await failure(t, { 'skep.yaml': 'node: {executors: "3"}' });
  t.match(problems, [{ path: 'node.executors', message: /given "3"; allowed: a whole number from 1 to 256/ }]);
});

t.test('a missing variable is told with its path, its place and its name', async (t) => {
  const { message, problems } = await failure(t, {
    'skep.yaml': 'cluster:\n  name: ${TEAM}\nnode:\n  labels:\n    zone: ${ZONE}\n',
  });
  t.match(problems, [
    { path: 'cluster.name', origin: 'skep.yaml:2:9', message: /variable TEAM is not set/ },
    { path: 'node.labels', origin: 'skep.yaml:5:5', message: /at "zone": variable ZONE is not set/ },
  ]);
  t.match(message, /^2 problems:\n {2}cluster\.name \(skep\.yaml:2:9\): variable TEAM/);
});

t.test('a refused value that variables went into is shown as it stands in the file', async (t) => {
  const files = { 'skep.yaml': 'log: {level: "${HIDDEN}"}\nnode: {labels: {"a": "${LONG}"}}' };
  const { message, problems } = await failure(t, files, { env: { HIDDEN: 'hunter2', LONG: 'hunter2'.repeat(99) } });
  t.match(problems, [{ path: 'node.labels.a' }, { path: 'log.level', message: 'given "${HIDDEN}", once expanded' }]);
  t.notMatch(message, /hunter2/);
});
