/**
 * Which layer wins: every pair of layers as a table, then random options at random layers.
 */
import fc from 'fast-check';
import t from 'tap';
import { unreachable } from '#protocols/wire/error';
import { modelEntry } from '#protocols/wire/model-entry';
import { type Leaf, leafByPath, leaves } from '#config/leaves';
import type { Origin } from '#config';
import { failure, load } from './support.js';

/** The layers, low to high. */
const layerNames = ['default', 'preset', 'file', 'dotenv', 'env', 'flag'] as const;
type LayerName = (typeof layerNames)[number];

/** The layers that a test sets itself. */
const setLayers = ['file', 'dotenv', 'env', 'flag'] as const;
type SetLayer = (typeof setLayers)[number];

/** Values by layer for one option, as the words of that layer. */
type ByLayer = ReadonlyMap<SetLayer, unknown>;

/** The text of a value in the environment. */
function words(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A YAML text (JSON is YAML) that sets options by dotted path. */
function yamlOf(values: ReadonlyMap<string, unknown>): string {
  const root: Record<string, unknown> = {};
  for (const [path, value] of values) {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    let section = root;
    for (const key of keys) {
      const inner: Record<string, unknown> = (section[key] as Record<string, unknown> | undefined) ?? {};
      section[key] = inner;
      section = inner;
    }
    section[last] = value;
  }
  return JSON.stringify(root);
}

/** Loads with one option set at some layers, and companions that its section needs set in the file. */
async function loadAt(t: Tap, leaf: Leaf, values: ByLayer, companions: ReadonlyMap<string, unknown> = new Map()) {
  const variable = leaf.variables.at(-1) ?? '';
  const inFile = new Map(companions);
  if (values.has('file')) inFile.set(leaf.path, values.get('file'));
  // .env takes single quotes around any text without a single quote or a line break.
  const dotenv = values.has('dotenv') ? `${variable}='${words(values.get('dotenv'))}'\n` : '';
  return load(
    t,
    { 'skep.yaml': yamlOf(inFile), '.env': dotenv },
    {
      env: values.has('env') ? { [variable]: words(values.get('env')) } : {},
      flags: values.has('flag') ? { [leaf.path]: words(values.get('flag')) } : {},
    },
  );
}

type Tap = Parameters<typeof load>[0];

function valueAt(config: unknown, keys: readonly string[]): unknown {
  return keys.reduce<unknown>((value, key) => Object.getOwnPropertyDescriptor(value, key)?.value, config);
}

function leafAt(path: string): Leaf {
  const leaf = leafByPath.get(path);
  if (leaf === undefined) throw new Error(`no option ${path}`);
  return leaf;
}

/** Values of `membership.timeoutMs` and `audit.retries` by layer; `retries` has a default, `timeoutMs` a preset. */
const retries: Readonly<Record<SetLayer, number>> = { file: 11, dotenv: 12, env: 13, flag: 14 };
const timeouts: Readonly<Record<SetLayer, number>> = { file: 3001, dotenv: 3002, env: 3003, flag: 3004 };

for (const [lowIndex, low] of layerNames.entries()) {
  for (const high of layerNames.slice(lowIndex + 1)) {
    if (low === 'default' && high === 'preset') continue;
    t.test(`${high} wins over ${low}`, async (t) => {
      const usesPreset = low === 'preset';
      const leaf = leafAt(usesPreset ? 'membership.timeoutMs' : 'audit.retries');
      const byLayer = usesPreset ? timeouts : retries;
      const isSet = (name: LayerName): name is SetLayer => name !== 'default' && name !== 'preset';
      const values = new Map([low, high].filter(isSet).map((name) => [name, byLayer[name]] as const));
      const loaded = await loadAt(t, leaf, values);
      t.equal(valueAt(loaded.config, leaf.keys), isSet(high) ? byLayer[high] : undefined);
      t.equal(loaded.origins.get(leaf.path)?.kind, high);

      const without = await loadAt(t, leaf, new Map([...values].filter(([name]) => name !== high)));
      t.equal(without.origins.get(leaf.path)?.kind, low, 'without the higher layer the lower one counts');
      t.not(valueAt(without.config, leaf.keys), valueAt(loaded.config, leaf.keys));
    });
  }
}

t.test('without any layer the defaults count, computed from the machine', async (t) => {
  const { config, origins, files } = await load(t);
  t.match(config, {
    cluster: { name: 'default' },
    node: { name: 'node-build-7', dataDir: '.skep', executors: 7 },
    membership: { heartbeatMs: 250, timeoutMs: 2000 },
    mailbox: { capacity: 10_000, highWater: 5_000 },
    calls: { timeoutMs: 5000 },
    supervision: { maxRestarts: 3, withinMs: 5000 },
    log: { level: 'info', format: 'auto' },
    audit: { out: 'skep-report', maxFileBytes: 2097152, shardBytes: 262144, shardFiles: 32, verify: 'high' },
  });
  t.notOk('url' in config.nats);
  t.same(files, []);
  t.same(origins.get('node.executors'), { kind: 'default' });
  t.same(origins.get('membership.heartbeatMs'), { kind: 'preset', name: 'local' });
  t.throws(() => Object.assign(config.node, { name: 'other' }), TypeError, 'the configuration is frozen');
});

t.test('a machine with one core and a host name of other letters still gets an executor and a name', async (t) => {
  const { config } = await load(t, {}, { host: { hostname: 'bü ro.local', cores: 1 } });
  t.equal(config.node.executors, 1);
  t.equal(config.node.name, 'node-b-ro');
  const many = await load(t, {}, { host: { hostname: '', cores: 1000 } });
  t.equal(many.config.node.executors, 256);
  t.equal(many.config.node.name, 'node-local');
});

t.test('each origin points at the place to edit', async (t) => {
  const loaded = await load(
    t,
    { 'skep.yml': 'log:\n  level: warn\nnode:\n  labels:\n    zone: a\n', '.env': 'SKEP_AUDIT_OUT=there\n' },
    { env: { SKEP_NATS_SERVER: '/bin/server' }, flags: { 'node.name': 'n1' }, flagNames: { 'node.name': '--name' } },
  );
  const expected: readonly (readonly [string, Origin])[] = [
    ['log.level', { kind: 'file', file: 'skep.yml', line: 2, column: 10 }],
    ['node.labels', { kind: 'file', file: 'skep.yml', line: 5, column: 5 }],
    ['audit.out', { kind: 'dotenv', file: '.env', variable: 'SKEP_AUDIT_OUT' }],
    ['nats.serverPath', { kind: 'env', variable: 'SKEP_NATS_SERVER' }],
    ['node.name', { kind: 'flag', flag: '--name' }],
    ['nats.token', { kind: 'default' }],
  ];
  for (const [path, origin] of expected) t.same(loaded.origins.get(path), origin, path);
  t.same(loaded.files, ['skep.yml', '.env']);
});

t.test('the long name of the server variable wins over its alias in one layer, not over a higher layer', async (t) => {
  const both = { SKEP_NATS_SERVER: 'short', SKEP_NATS_SERVER_PATH: 'long' };
  t.equal((await load(t, {}, { env: both })).config.nats.serverPath, 'long');
  const files = { '.env': 'SKEP_NATS_SERVER_PATH=long\n' };
  t.equal((await load(t, files, { env: { SKEP_NATS_SERVER: 'short' } })).config.nats.serverPath, 'short');
});

t.test('an empty variable counts as not set and hides no lower layer', async (t) => {
  const loaded = await load(t, { '.env': 'SKEP_LOG_LEVEL=warn\n' }, { env: { SKEP_LOG_LEVEL: '' } });
  t.equal(loaded.config.log.level, 'warn');
});

t.test('.env is not read when it is switched off, and never reaches process.env', async (t) => {
  const files = { '.env': 'SKEP_LOG_LEVEL=warn\nSKEP_TEST_ONLY_HERE=1\n' };
  t.equal((await load(t, files, { dotenv: false })).config.log.level, 'info');
  const before = { ...process.env };
  t.equal((await load(t, files)).config.log.level, 'warn');
  t.same({ ...process.env }, before);
});

t.test('a higher layer replaces all labels', async (t) => {
  const files = { 'skep.yaml': 'node: {labels: {zone: a, rack: "1"}}' };
  const loaded = await load(t, files, { env: { SKEP_NODE_LABELS: '{"zone":"b"}' } });
  t.same(loaded.config.node.labels, { zone: 'b' });
});

t.test('the preset and the file are chosen by argument, then environment, then .env', async (t) => {
  const files = {
    'a.yaml': 'cluster: {name: a}',
    'b.yaml': 'cluster: {name: b}',
    'c.yaml': 'cluster: {name: c}',
    '.env': 'SKEP_CONFIG=c.yaml\nSKEP_PRESET=lan\n',
  };
  const lowest = await load(t, files);
  t.match(lowest.config, { cluster: { name: 'c' }, membership: { heartbeatMs: 1000, timeoutMs: 6000 } });
  t.same(lowest.origins.get('membership.timeoutMs'), { kind: 'preset', name: 'lan' });
  const env = { SKEP_CONFIG: 'b.yaml', SKEP_PRESET: 'local' };
  const middle = await load(t, files, { env });
  t.match(middle.config, { cluster: { name: 'b' }, membership: { heartbeatMs: 250 } });
  const highest = await load(t, files, { env, configPath: 'a.yaml', preset: 'lan' });
  t.match(highest.config, { cluster: { name: 'a' }, membership: { heartbeatMs: 1000 } });
  t.same(highest.files, ['a.yaml', '.env']);
});

t.test('a bad value that a higher layer replaces does no harm, until it counts', async (t) => {
  const files = { 'skep.yaml': 'log: {level: "${NOT_SET_ANYWHERE}"}\naudit: {retries: many}' };
  const env = { SKEP_LOG_LEVEL: 'warn', SKEP_AUDIT_RETRIES: '1' };
  t.match((await load(t, files, { env })).config, { log: { level: 'warn' }, audit: { retries: 1 } });
  t.equal((await failure(t, files)).problems.length, 2);
});

/** Any allowed value of an option, beside the companions that keep the rules between options. */
function anyValue(leaf: Leaf): fc.Arbitrary<unknown> {
  const { type } = leaf;
  switch (type.kind) {
    case 'whole': {
      const [min, max] = ranges.get(leaf.path) ?? [type.min, type.max];
      return fc.integer({ min, max });
    }
    case 'choice':
      return fc.constantFrom(...type.choices);
    case 'boolean':
      return fc.boolean();
    case 'record':
      return fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9.-]{0,8}$/), fc.stringMatching(/^[a-zA-Z ]{0,8}$/));
    case 'list':
      return fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}$/), { maxLength: 3 }).map((names) =>
        // With every default, as it comes out again.
        names.map((name) => modelEntry.parse({ name, backend: 'llama', path: `${name}.gguf` })),
      );
    case 'text':
      if (leaf.path === 'telemetry.endpoint') return fc.integer({ min: 1, max: 9 }).map((n) => `http://h${n}:4318`);
      return leaf.path === 'nats.url'
        ? fc.stringMatching(/^(nats|tls):\/\/([a-z]{1,5}:[a-z0-9]{1,5}@)?[a-z]{1,9}(:[1-9][0-9]{0,3})?$/)
        : fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
    default:
      return unreachable(type);
  }
}

/** Narrower ranges where a rule holds an option against another one. */
const ranges: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['node.stallMs', [50, 86_400_000]],
  ['membership.heartbeatMs', [10, 999]],
  ['membership.timeoutMs', [501, 600_000]],
  ['mailbox.highWater', [1, 10_000]],
]);

/** What else must be set for an option to be allowed at all. */
const companions: ReadonlyMap<string, ReadonlyMap<string, unknown>> = new Map([
  ['nats.password', new Map([['nats.user', 'someone']])],
  ['nats.tls.certFile', new Map([['nats.tls.keyFile', 'key.pem']])],
  ['nats.tls.keyFile', new Map([['nats.tls.certFile', 'cert.pem']])],
]);

const setting = fc.constantFrom(...leaves).chain((leaf) =>
  fc
    .tuple(fc.subarray([...setLayers], { minLength: 1 }), fc.array(anyValue(leaf), { minLength: 4, maxLength: 4 }))
    .map(([layers, values]) => ({
      leaf,
      values: new Map(layers.map((name, index) => [name, values[index]] as const)),
    })),
);

t.test('an option set at any layers has the value of the highest', async (t) => {
  await fc.assert(
    fc.asyncProperty(setting, async ({ leaf, values }) => {
      const highest = setLayers.findLast((name) => values.has(name));
      const loaded = await loadAt(t, leaf, values, companions.get(leaf.path));
      const found = valueAt(loaded.config, leaf.keys);
      if (JSON.stringify(found) !== JSON.stringify(highest && values.get(highest))) {
        throw new Error(`${leaf.path} is ${JSON.stringify(found)}`);
      }
      return loaded.origins.get(leaf.path)?.kind === highest;
    }),
    { numRuns: 150 },
  );
});
