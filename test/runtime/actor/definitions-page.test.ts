/**
 * docs/definitions.md and the file that its examples are from: the blocks are the regions of that file (UPDATE_DOCS=1
 * rewrites them), the compiler checks the file, and what the page says of the examples is tried here.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { account, counter, dispenser, door, heater, library, thermostat } from '../../testdata/actors/definitions.js';
import { DefinitionRegistry } from '#runtime/actor/registry';
import { migrated } from '#runtime/actor/migration';
import { jsonSchemas } from '#runtime/actor/schemas';
import { inlineSystem, settle } from '../support.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const pagePath = join(root, 'docs/definitions.md');

/** The regions of the examples' file, with the import that a reader would write. */
async function regions(): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(join(root, 'test/testdata/actors/definitions.ts'), 'utf8');
  const found = text.matchAll(/^\/\/ #region (\w+)\n([^]*?)^\/\/ #endregion$/gm);
  return new Map([...found].map(([, name = '', body = '']) => [name, `${importsOf(body)}\n\n${body}`]));
}

function importsOf(body: string): string {
  const names = ['defineActor', 'type ReplyToken', 'SkepError'];
  const used = names.filter((name) => body.includes(name.replace('type ', '')));
  const zod = body.includes('z.object') ? "import { z } from 'zod';\n" : '';
  return `${zod}import { ${used.join(', ')} } from 'skep';`;
}

t.test('the examples of docs/definitions.md are the regions of the file that is compiled', async (t) => {
  const examples = await regions();
  const page = await readFile(pagePath, 'utf8');
  const named = [...page.matchAll(/^<!-- example: (\w+) -->$/gm)].map((match) => match[1]);
  t.same(named, [...examples.keys()], 'each region is on the page, once, in its order');
  const wanted = page.replaceAll(
    /^<!-- example: (\w+) -->\n(?:\n```ts\n[^]*?^```\n)?/gm,
    (_, name: string) => `<!-- example: ${name} -->\n\n\`\`\`ts\n${examples.get(name) ?? ''}\`\`\`\n`,
  );
  if (process.env['UPDATE_DOCS'] === '1') await writeFile(pagePath, wanted);
  t.equal(await readFile(pagePath, 'utf8'), wanted, 'UPDATE_DOCS=1 npm test -- actor/definitions-page');
});

const definitions = [counter, heater, door, library, dispenser, account, thermostat];

t.test('the counter and the heater do what the page says', async (t) => {
  const { system, clock } = await inlineSystem(t, { definitions });
  const ref = await system.spawn(counter, { start: 1 });
  t.equal(await ref.call('add', { amount: 2 }), 3);
  const items: number[] = [];
  for await (const item of ref.call('countdown', { step: 2 })) items.push(item);
  t.same(items, [3, 1]);
  const warm = await system.spawn(heater, { periodMs: 100 });
  for (let n = 1; n <= 3; n += 1) {
    clock.advance(100);
    t.equal(await warm.call('measured'), n);
  }
});

t.test('the door opens, lets pass who waited, locks itself, and bars itself after three wrong codes', async (t) => {
  const { system, clock } = await inlineSystem(t, { definitions });
  const ref = await system.spawn(door, { code: 'x' });
  ref.cast('pass', { who: 'ada' });
  t.equal(await ref.call('unlock', { code: 'x' }), true);
  t.equal(await ref.call('phase'), 'open');
  t.match((await system.list()).at(-1), { definition: 'door', mailbox: 0 }, 'who waited has passed');
  await t.rejects(ref.call('unlock', { code: 'x' }), { code: 'NO_SUCH_HANDLER', facts: { phase: 'open' } });
  clock.advance(10_000);
  t.equal(await ref.call('phase'), 'locked');
  for (let n = 0; n < 3; n += 1) t.equal(await ref.call('unlock', { code: 'y' }), false);
  t.equal(await ref.call('phase'), 'barred');
});

t.test('the library answers what came before its books, and the dispenser who waited', async (t) => {
  const { system, clock } = await inlineSystem(t, { definitions });
  const books = await system.spawn(library, undefined);
  const found = books.call('find', 'Emma');
  books.cast('loaded', ['Emma']);
  t.equal(await found, true);
  const ref = await system.spawn(dispenser, undefined);
  const late = t.rejects(ref.call('take', undefined, { timeoutMs: 10 }), { code: 'CALL_TIMEOUT' });
  const patient: Promise<string> = ref.call('take');
  await settle();
  clock.advance(10);
  await late;
  ref.cast('put', 'tea');
  t.equal(await patient, 'tea');
  ref.cast('put', 'milk');
  t.equal(await ref.call('take'), 'milk');
  const last = t.rejects(ref.call('take'), { message: 'sold out' });
  ref.cast('close');
  await last;
});

t.test('the account migrates from both of its older versions', async (t) => {
  const { version } = account;
  t.same(migrated(version, account, { owner: 'ada', euros: 7 }, 1), { owner: 'ada', cents: 700, currency: 'EUR' });
  t.same(migrated(version, account, { owner: 'ada', cents: 7 }, 2), { owner: 'ada', cents: 7, currency: 'EUR' });
  t.throws(() => migrated(version, account, {}, 0), /no migration from version 0/);
});

t.test('describe gives schemas as JSON Schema of what may be sent, and the handlers of each phase', async (t) => {
  t.match(jsonSchemas(thermostat.schemas), {
    args: { type: 'object', properties: { celsius: { type: 'number', default: 20 } }, required: undefined },
    calls: { set: { properties: { celsius: { minimum: 5, maximum: 30, description: 'the wanted temperature' } } } },
    casts: {},
  });
  const registry = new DefinitionRegistry();
  registry.add(door);
  t.same(registry.list()[0]?.phases, [
    { name: 'locked', calls: ['unlock'], casts: ['pass'] },
    { name: 'open', calls: [], casts: ['pass'] },
    { name: 'barred', calls: [], casts: [] },
  ]);
  t.same(registry.list()[0]?.calls, [
    { name: 'phase', stream: false },
    { name: 'unlock', stream: false },
  ]);
});
