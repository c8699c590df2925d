/**
 * Printing, and above all what is never printed: no secret may appear in the table, the JSON or a message.
 */
import fc from 'fast-check';
import t from 'tap';
import { editDistance, nearest } from '#config/suggest';
import { leafByPath, leaves } from '#config/leaves';
import { MASK, maskUrl, printable } from '#config/mask';
import { printConfig } from '#config';
import { failure, load } from './support.js';

const plain = { json: false, colour: false };

t.test('the table has a row for each option, aligned, with value and origin', async (t) => {
  const files = { 'skep.yaml': 'node:\n  labels: {zone: "a b"}\n' };
  const loaded = await load(t, files, { env: { SKEP_LOG_LEVEL: 'warn' }, flags: { 'node.name': 'n1' } });
  const lines = printConfig(loaded, plain).split('\n');
  t.equal(lines.pop(), '');
  t.equal(lines.length, leaves.length + 1);
  const columns = [lines[0]?.indexOf('value') ?? -1, lines[0]?.indexOf('origin') ?? -1] as const;
  const rows = new Map(
    lines.slice(1).map((line) => {
      const cells = [line.slice(0, columns[0]), line.slice(...columns), line.slice(columns[1])];
      const [path = '', value = '', origin = ''] = cells.map((cell) => cell.trimEnd());
      return [path, [value, origin]];
    }),
  );
  t.same([...rows.keys()], [...leafByPath.keys()]);
  t.same(rows.get('log.level'), ['warn', 'SKEP_LOG_LEVEL']);
  t.same(rows.get('node.name'), ['n1', '--node.name']);
  t.same(rows.get('node.labels'), ['{"zone":"a b"}', 'skep.yaml:2:11']);
  t.same(rows.get('membership.heartbeatMs'), ['250', 'preset local']);
  t.same(rows.get('audit.retries'), ['3', 'default']);
  t.same(rows.get('audit.baseline'), ['-', 'not set']);
});

t.test('colours change nothing but colours', async (t) => {
  const loaded = await load(t);
  const coloured = printConfig(loaded, { json: false, colour: true });
  t.match(coloured, /\u001b\[2m/);
  t.equal(coloured.replaceAll(/\u001b\[\d+m/g, ''), printConfig(loaded, plain));
});

t.test('the JSON gives value and origin of each option by path', async (t) => {
  const loaded = await load(t, {}, { env: { SKEP_NODE_LABELS: '{"zone":"a"}', SKEP_AUDIT_RETRIES: '7' } });
  const printed: Readonly<Record<string, unknown>> = JSON.parse(printConfig(loaded, { json: true, colour: true }));
  t.same(Object.keys(printed), [...leafByPath.keys()]);
  t.same(printed['node.labels'], { value: { zone: 'a' }, origin: { kind: 'env', variable: 'SKEP_NODE_LABELS' } });
  t.match(printed['audit.retries'], { value: 7 });
  t.same(printed['audit.failOn'], { value: null, origin: { kind: 'default' } });
});

t.test('secrets and passwords in URLs are printed as ****', async (t) => {
  const env = {
    SKEP_NATS_URL: 'nats://me:hunter2@host:4222',
    SKEP_NATS_USER: 'me',
    SKEP_NATS_PASSWORD: 'hunter2',
    SKEP_NATS_TOKEN: 'hunter2',
  };
  const loaded = await load(t, {}, { env });
  t.equal(loaded.config.nats.password, 'hunter2', 'the program itself has it');
  for (const json of [true, false]) {
    const printed = printConfig(loaded, { json, colour: false });
    t.notMatch(printed, /hunter2/);
    t.match(printed, /nats:\/\/me:\*\*\*\*@host:4222/);
  }
});

/** Texts that a secret may be mistyped into, at each option that may hold one. */
const mistyped: readonly (readonly [path: string, text: (secret: string) => string])[] = [
  ['nats.url', (secret) => `nats://me:${secret}@host:4222/path`],
  ['nats.url', (secret) => `nats//me:${secret}@host`],
  ['nats.url', (secret) => `http://me:${secret}@host`],
  ['nats.url', (secret) => `nats://me:x/${secret}@host@other`],
  ['nats.url', (secret) => `nats://host:4222?token=${secret}`],
  ['nats.url', (secret) => `nats://a:1@b,nats://me:${secret}@c`],
  ['nats.url', (secret) => `nats://me:${secret}`],
  ['nats.url', (secret) => `me:${secret}@host`],
  ['nats.url', (secret) => secret],
  ['nats.password', (secret) => `${secret}\u0000`],
  ['nats.token', (secret) => `${secret}\n`],
  ['nats.token', (secret) => secret.repeat(200)],
];

for (const [path, text] of mistyped) {
  t.test(`${path} given ${JSON.stringify(text('SECRET').slice(0, 40))} is refused without showing it`, async (t) => {
    const secret = 'Zq9hunterTwoZq9hunterTwo';
    const given = text(secret);
    const flags = { [path]: given, 'nats.user': 'me' };
    const asFlag = await failure(t, {}, { flags });
    t.equal(asFlag.problems[0]?.path, path);
    const yaml = JSON.stringify({ nats: { user: 'me', [path.split('.')[1] ?? '']: given } });
    const inFile = await failure(t, { 'skep.yaml': yaml });
    t.equal(inFile.problems[0]?.path, path);
    for (const told of [asFlag, inFile]) {
      t.notMatch(JSON.stringify(told), secret);
      t.match(told.message, MASK);
    }
  });
}

t.test('a secret of the wrong type, or under a misspelt key, is not shown', async (t) => {
  const typed = await failure(t, { 'skep.yaml': 'nats: {token: 731731731}' });
  t.match(typed.problems, [{ message: /given a number \(\*\*\*\*\); .*quotes/ }]);
  t.notMatch(typed.message, /731/);
  const misspelt = await failure(
    t,
    { 'skep.yaml': 'nats: {pasword: hunter2}\n' },
    { flags: { 'nats.tokn': 'hunter2' } },
  );
  t.equal(misspelt.problems.length, 2);
  t.notMatch(JSON.stringify(misspelt), /hunter2/);
});

const urls: readonly (readonly [url: string, shown: string])[] = [
  ['nats://host:4222', 'nats://host:4222'],
  ['tls://[::1]:4222', 'tls://[::1]:4222'],
  ['nats://user:secret@host', 'nats://user:****@host'],
  ['nats://token@host:1', 'nats://****@host:1'],
  ['nats://us er:secret@host', 'nats://****@host'],
  ['localhost:4222', 'localhost:4222'],
  ['admin:12345', '****'],
  ['', '****'],
];

for (const [url, shown] of urls) {
  t.test(`the URL ${JSON.stringify(url)} is shown as ${shown}`, async (t) => {
    t.equal(maskUrl(url), shown);
  });
}

t.test('whatever stands before the last @ of a URL, its password is not shown', async () => {
  const secret = fc.stringMatching(/^[!-~]{0,6}QQQQ[!-~]{0,6}$/);
  fc.assert(
    fc.property(
      fc.constantFrom('nats://', 'tls://', 'x://', ''),
      secret,
      fc.constantFrom('h', 'h:1', '', 'h/p', '[::1]'),
      (scheme, password, host) => {
        return !maskUrl(`${scheme}user:${password}@${host}`).includes('QQQQ');
      },
    ),
  );
});

t.test('characters that would steer a terminal are printed as their code', async (t) => {
  t.equal(printable('a\u001b[2J\u202eb'), 'a\\u{1b}[2J\\u{202e}b');
  t.equal(printable('x'.repeat(100)).length, 83);
});

t.test('the distance of two words counts the edits that people make', async (t) => {
  const distances = [
    ['', '', 0],
    ['level', 'level', 0],
    ['levle', 'level', 1],
    ['levl', 'level', 1],
    ['levvel', 'level', 1],
    ['lavel', 'level', 1],
    ['kitten', 'sitting', 3],
    ['abc', '', 3],
  ] as const;
  for (const [a, b, distance] of distances) {
    t.equal(editDistance(a, b), distance, `${a} ${b}`);
    t.equal(editDistance(b, a), distance, `${b} ${a}`);
  }
  t.equal(nearest('Levle', ['format', 'level']), 'level');
  t.equal(nearest('colour', ['format', 'level']), undefined);
  t.equal(nearest('x'.repeat(1_000_000), ['level']), undefined);
});
