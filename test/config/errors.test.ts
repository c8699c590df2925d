/**
 * Each class of bad value, and each way in which a file can be bad: the message names the place, what was given and
 * what is allowed.
 */
import t from 'tap';
import { parseYaml } from '#config/yaml';
import { failure, type Files, load } from './support.js';

/** A bad value in the file, and the one problem that it must give. */
const badValues: readonly (readonly [name: string, yaml: string, path: string, words: RegExp])[] = [
  [
    'a number too large',
    'node: {executors: 257}',
    'node.executors',
    /given 257; allowed: a whole number from 1 to 256/,
  ],
  ['a number too small', 'node: {executors: 0}', 'node.executors', /given 0; allowed/],
  ['a fraction', 'audit: {retries: 1.5}', 'audit.retries', /given 1\.5; allowed: a whole number from 0 to 100/],
  ['not a number', 'audit: {leaseMs: .nan}', 'audit.leaseMs', /given NaN; allowed: .* \(ms\)/],
  ['an infinite number', 'audit: {leaseMs: .inf}', 'audit.leaseMs', /given Infinity/],
  ['a text for a number', 'calls: {timeoutMs: soon}', 'calls.timeoutMs', /given "soon"/],
  ['a number for a text', 'cluster: {name: 12}', 'cluster.name', /given 12; .*put it in quotes/],
  [
    'a choice that is none',
    'log: {level: loud}',
    'log.level',
    /given "loud"; allowed: one of trace, debug, info, warn, error, silent/,
  ],
  ['a name of other letters', 'cluster: {name: a.b}', 'cluster.name', /given "a\.b"; allowed: 1 to 64 letters/],
  ['a name too long', `cluster: {name: ${'n'.repeat(65)}}`, 'cluster.name', /allowed: 1 to 64/],
  ['an empty text', 'audit: {out: ""}', 'audit.out', /given an empty text/],
  ['no value', 'audit:\n  out:\n', 'audit.out', /given no value/],
  ['a list', 'audit: {out: [a]}', 'audit.out', /given a list/],
  ['a mapping', 'audit: {out: {a: b}}', 'audit.out', /given a mapping/],
  ['a control character', 'audit: {out: "a\\nb"}', 'audit.out', /given "a\\u\{a\}b"/],
  ['a label that is a number', 'node: {labels: {rack: 7}}', 'node.labels.rack', /given 7; .*quotes/],
  ['a label of other letters', 'node: {labels: {"a b": x}}', 'node.labels.a b', /given "x"; allowed: a mapping/],
  ['labels that are text', 'node: {labels: zone}', 'node.labels', /given "zone"; allowed: a mapping/],
  ['a label __proto__', 'node: {labels: {__proto__: x}}', 'node.labels', /"__proto__" is not allowed/],
  [
    'a URL of another scheme',
    'nats: {url: "http://h:1"}',
    'nats.url',
    /given "http:\/\/h:1"; allowed: a URL such as nats:/,
  ],
  ['a URL without scheme', 'nats: {url: "localhost:4222"}', 'nats.url', /given "localhost:4222"/],
  ['a URL with a path', 'nats: {url: "nats://h:1/x"}', 'nats.url', /allowed: a URL/],
  ['two URLs', 'nats: {url: "nats://a:1,nats://b:2"}', 'nats.url', /allowed: a URL/],
  ['a section that is text', 'log: loud', 'log', /a mapping is expected here, with the keys level, format/],
  ['a section that is a list', 'nats: {tls: [a]}', 'nats.tls', /with the keys caFile, certFile, keyFile/],
  ['a misspelt key', 'log: {levle: info}', 'log.levle', /unknown key; did you mean level\?/],
  ['a misspelt section', 'memebrship: {timeoutMs: 1}', 'memebrship', /did you mean membership\?/],
  ['a key of another section', 'heartbeatMs: 100', 'heartbeatMs', /did you mean membership\.heartbeatMs\?/],
  ['a key that is nothing', 'log: {colour: red}', 'log.colour', /unknown key; allowed here: level, format/],
  ['a dotted key', 'log.level: info', 'log.level', /did you mean log\.level\?/],
  ['a key __proto__', '__proto__: {log: {level: info}}', '__proto__', /unknown key/],
  ['a key constructor', 'log: {constructor: x}', 'log.constructor', /unknown key/],
  ['a merge key', '<<: {log: {level: info}}', '<<', /unknown key/],
];

for (const [name, yaml, path, words] of badValues) {
  t.test(`${name} is refused with its place and what is allowed`, async (t) => {
    const { problems } = await failure(t, { 'skep.yaml': yaml });
    t.equal(problems.length, 1);
    t.equal(problems[0]?.path, path);
    t.match(problems[0]?.message, words);
    t.match(problems[0]?.origin, /^skep\.yaml:[12]:\d+$/);
  });
}

const badRules: readonly (readonly [name: string, yaml: string, path: string, words: RegExp])[] = [
  [
    'a timeout of 2 heartbeats',
    'membership: {heartbeatMs: 1000}',
    'membership.timeoutMs',
    /given 2000; must be more than 2 x membership\.heartbeatMs \(1000\), so at least 2001 ms; membership\.heartbeatMs is from skep\.yaml:1:27/,
  ],
  [
    'a high water above the capacity',
    'mailbox: {capacity: 5, highWater: 6}',
    'mailbox.highWater',
    /at most mailbox\.capacity \(5\)/,
  ],
  ['a certificate without key', 'nats: {tls: {certFile: c}}', 'nats.tls.certFile', /set nats\.tls\.keyFile/],
  ['a key without certificate', 'nats: {tls: {keyFile: k}}', 'nats.tls.keyFile', /set nats\.tls\.certFile/],
  ['a password without user', 'nats: {password: p}', 'nats.password', /set nats\.user/],
];

for (const [name, yaml, path, words] of badRules) {
  t.test(`${name} breaks a rule between two options`, async (t) => {
    const { problems } = await failure(t, { 'skep.yaml': yaml });
    t.match(problems, [{ path, message: words }]);
    t.equal(problems.length, 1);
  });
}

t.test('one ms more than 2 heartbeats is allowed', async (t) => {
  const { config } = await load(t, {}, { flags: { 'membership.heartbeatMs': 1000, 'membership.timeoutMs': 2001 } });
  t.equal(config.membership.timeoutMs, 2001);
});

t.test('all problems of all layers are told together, each with its own origin', async (t) => {
  const { problems, message } = await failure(
    t,
    { 'skep.yaml': 'log:\n  level: loud\n  levle: x\nnats: {tls: {keyFile: k}}\n', '.env': 'SKEP_AUDIT_RETRIES=-1\n' },
    {
      env: { SKEP_NODE_EXECUTORS: 'many', SKEP_MEMBERSHP_TIMEOUT_MS: '1', SKEP_SERVICE_HOST: '10.0.0.1' },
      flags: { 'log.format': 'yaml', 'log.fromat': 'json', 'node.name': undefined },
      flagNames: { 'log.format': '--log-format' },
      preset: 'lam',
    },
  );
  const told = problems.map(({ path, origin }) => `${path} ${origin}`).sort();
  t.same(told, [
    ' SKEP_MEMBERSHP_TIMEOUT_MS',
    'audit.retries SKEP_AUDIT_RETRIES in .env',
    'log.format --log-format',
    'log.fromat --log.fromat',
    'log.level skep.yaml:2:10',
    'log.levle skep.yaml:3:3',
    'nats.tls.keyFile skep.yaml:4:23',
    'node.executors SKEP_NODE_EXECUTORS',
    'preset --preset',
  ]);
  t.match(message, /did you mean SKEP_MEMBERSHIP_TIMEOUT_MS\?/);
  t.match(message, /did you mean log\.format\?/);
  t.match(message, /given "lam"; allowed: one of local, lan; did you mean lan\?/);
});

const badFiles: readonly (readonly [name: string, yaml: string, words: RegExp, place: string])[] = [
  ['a bracket that is not closed', 'log: [a\n', /indentation is wrong or a bracket/, ':2:1'],
  ['a tab as indentation', 'log:\n\tlevel: info\n', /tab/, ':2:1'],
  ['a second colon', 'log:\n  level: a: b\n', /second ": "/, ':2:10'],
  ['a duplicate key', 'log:\n  level: info\n  level: warn\n', /stands twice/, ':3:3'],
  ['two documents', 'log: {}\n---\nlog: {}\n', /second YAML document/, ':2:1'],
  ['a tag', 'log: {level: !secret x}\n', /a tag/, ':1:14'],
  ['a key that is a number', '1: x\n', /a key must be text/, ':1:1'],
  ['a key that is null', '~: x\n', /a key must be text/, ':1:1'],
  ['a key that is a list', '? [a]\n: x\n', /a key must be text/, ':1:3'],
  ['a bare text', 'hello\n', /a mapping is expected here, with the keys cluster, node/, ':1:1'],
  ['an alias without anchor', 'log: *x\n', /without its anchor/, ':1:'],
  ['an alias to what contains it', 'node: &n {labels: *n}\n', /alias to what contains it/, ':1:19'],
  ['brackets without end', '['.repeat(20_000), /malformed YAML/, ':1:'],
  ['mappings without end', `${'{a: '.repeat(40)}1${'}'.repeat(40)}`, /nested deeper|unknown key/, ':1:'],
];

for (const [name, yaml, words, place] of badFiles) {
  t.test(`a file with ${name} is refused with line and column`, async (t) => {
    const { problems } = await failure(t, { 'skep.yaml': yaml });
    t.equal(problems.length, 1);
    t.match(problems[0]?.message, words);
    t.ok(problems[0]?.origin.startsWith(`skep.yaml${place}`), `told at ${problems[0]?.origin}`);
  });
}

t.test('aliases that multiply are refused before they are expanded', async (t) => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  for (const [above, name] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh', 'hi'].map((pair) => pair.split(''))) {
    bomb.push(`${name}: &${name} [${Array.from({ length: 9 }, () => `*${above}`).join(', ')}]`);
  }
  const { problems } = await failure(t, { 'skep.yaml': bomb.join('\n') });
  t.match(problems, [{ message: /aliases that expand too far/ }]);
});

t.test('an alias that does not multiply gives the value of its anchor, placed at the alias', async (t) => {
  const files = { 'skep.yaml': 'calls: {timeoutMs: &t 700}\nsupervision:\n  withinMs: *t\n' };
  const { config, origins } = await load(t, files);
  t.equal(config.supervision.withinMs, 700);
  t.same(origins.get('supervision.withinMs'), { kind: 'file', file: 'skep.yaml', line: 3, column: 13 });
});

t.test('every duplicate key is told, and no message of the parser quotes the text', async (t) => {
  const parsed = parseYaml('a: 1\na: 2\nb: 1\nb: "hunter2\\q"\n');
  t.notOk(parsed.ok);
  t.match(parsed.ok ? [] : parsed.faults.map((fault) => fault.at.line), [2, 4]);
  t.notMatch(JSON.stringify(parsed), /hunter2/);
});

t.test('an empty file, comments alone, an empty section and a byte order mark are fine', async (t) => {
  for (const text of ['', '# nothing\n', 'log:\n  # level: info\n', '\ufefflog: {level: info}\n', '---\n']) {
    const { config, files } = await load(t, { 'skep.yaml': text });
    t.equal(config.log.level, 'info');
    t.same(files, ['skep.yaml']);
  }
});

t.test('a file that was named but is missing is refused; a missing default file is not', async (t) => {
  const { problems } = await failure(t, {}, { configPath: 'none.yaml' });
  t.match(problems, [{ path: '', origin: 'none.yaml', message: /does not exist \(named by --config\)/ }]);
  const byVariable = await failure(t, {}, { env: { SKEP_CONFIG: 'none.yaml' } });
  t.match(byVariable.problems, [{ message: /named by SKEP_CONFIG/ }]);
  t.same((await load(t)).files, []);
});

const unreadable: readonly (readonly [name: string, files: Files, configPath: string | undefined, words: RegExp])[] = [
  ['a directory by default', { 'skep.yaml': {} }, undefined, /is a directory/],
  ['a directory by name', { there: {} }, 'there', /is a directory/],
  ['an empty name', {}, '', /is a directory/],
  ['a path through a file', { file: 'x' }, 'file/skep.yaml', /cannot be read \(ENOTDIR\)/],
  ['a file of more than 1 MiB', { 'skep.yaml': `#${'x'.repeat(1_048_576)}` }, undefined, /larger than 1048576 bytes/],
  ['a directory as .env', { '.env': {} }, undefined, /is a directory/],
];

for (const [name, files, configPath, words] of unreadable) {
  t.test(`${name} is refused`, async (t) => {
    const { problems } = await failure(t, files, configPath === undefined ? {} : { configPath });
    t.equal(problems.length, 1);
    t.match(problems[0]?.message, words);
  });
}

t.test('a file of exactly 1 MiB is read', async (t) => {
  const { files } = await load(t, { 'skep.yaml': `#${'x'.repeat(1_048_575)}` });
  t.same(files, ['skep.yaml']);
});

t.test('bytes that are no UTF-8 and a link in a circle are refused', async (t) => {
  const latin = await failure(t, { 'skep.yaml': Buffer.from([0x23, 0xe9, 0x0a]) });
  t.match(latin.problems, [{ message: /not UTF-8/ }]);
  const circle = await failure(t, { 'skep.yaml': t.fixture('symlink', 'skep.yaml') });
  t.match(circle.problems, [{ message: /cannot be read \(ELOOP\)/ }]);
});

t.test('skep.yaml and skep.yml side by side are refused', async (t) => {
  const { problems } = await failure(t, { 'skep.yaml': '', 'skep.yml': '' });
  t.match(problems, [{ origin: 'skep.yaml', message: /skep\.yml is there as well/ }]);
});

t.test('words of the environment that are no value of the type are refused as given', async (t) => {
  const env = {
    SKEP_NODE_EXECUTORS: '0x10',
    SKEP_AUDIT_RETRIES: '1e2',
    SKEP_NODE_LABELS: '{"zone":',
    SKEP_CLUSTER_NAME: 'a b',
  };
  const { problems } = await failure(t, {}, { env });
  t.match(
    problems.map(({ message }) => message),
    [/given "a b"/, /given "0x10"/, /given "\{"zone":"; .*a JSON object/, /given "1e2"/],
  );
  const proto = await failure(t, {}, { env: { SKEP_NODE_LABELS: '{"__proto__":"x"}' } });
  t.match(proto.problems, [{ path: 'node.labels', message: /__proto__/ }]);
});
