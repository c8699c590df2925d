/**
 * Holds `docs/spawn-api.md` against the schemas of the requests: the endpoints, their fields, types and which of them are
 * required. The example in it is the file in `examples/` (UPDATE_DOCS=1 rewrites it), and is run against a real cluster.
 */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { z } from 'zod';
import { endpoints } from '#cluster/spawn/api';
import { type SpawnApiEndpoint, spawnApiRequests } from '#protocols/wire/spawn-api';
import { CLUSTER, withApi } from './support.js';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const pagePath = join(root, 'docs/spawn-api.md');
const examplePath = join(root, 'examples/spawn-client.mjs');

interface Field {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
}

interface JsonSchema {
  readonly type?: string;
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

function typeOf({ type, anyOf }: JsonSchema): string {
  return anyOf?.map(typeOf).join(' or ') ?? type ?? 'any';
}

function fieldsOfSchema(endpoint: SpawnApiEndpoint): readonly Field[] {
  const { properties = {}, required = [] } = z.toJSONSchema(spawnApiRequests[endpoint], { io: 'input' }) as JsonSchema;
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    type: typeOf(schema),
    required: required.includes(name),
  }));
}

function fieldsOfPage(page: string, endpoint: string): readonly Field[] {
  const heading = `### \`${endpoint}\`\n`;
  const rest = page.slice(page.indexOf(heading) + heading.length);
  const chapter = rest.slice(0, rest.search(/^##/m));
  return [...chapter.matchAll(/^\| `(\w+)` \| ([\w ]+) \| (yes|no) \|/gm)].map(
    ([, name = '', type = '', required]) => ({ name, type, required: required === 'yes' }),
  );
}

t.test('docs/spawn-api.md has every endpoint with its fields, their types and whether they are required', async (t) => {
  const page = await readFile(pagePath, 'utf8');
  t.same(
    [...page.matchAll(/^### `(\w+)`$/gm)].map((match) => match[1]),
    endpoints,
    'the endpoints, in order',
  );
  for (const endpoint of endpoints) t.same(fieldsOfPage(page, endpoint), fieldsOfSchema(endpoint), endpoint);
});

t.test('the example of the page is the file', async (t) => {
  const page = await readFile(pagePath, 'utf8');
  const [begin, end] = ['<!-- begin example -->\n', '<!-- end example -->'];
  const example = `\`\`\`js\n${await readFile(examplePath, 'utf8')}\`\`\`\n`;
  const wanted = page.slice(0, page.indexOf(begin) + begin.length) + example + page.slice(page.indexOf(end));
  if (process.env['UPDATE_DOCS'] === '1') await writeFile(pagePath, wanted);
  t.equal(await readFile(pagePath, 'utf8'), wanted, 'UPDATE_DOCS=1 npm test -- cluster/spawn/docs');
});

t.test('the example, unchanged, spawns an actor on a cluster and calls it', async (t) => {
  const { node, url } = await withApi(t);
  const { stdout } = await promisify(execFile)(process.execPath, [examplePath, CLUSTER], {
    env: { ...process.env, NATS_URL: url },
  });
  const { ref, reply } = JSON.parse(stdout) as { ref: string; reply: number };
  t.equal(reply, 42);
  t.equal(await node.system.lookupAddress('from-afar'), ref, 'the actor is there when the client has gone');
});
