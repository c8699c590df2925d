/**
 * Holds `docs/configuration.md` and `examples/skep.yaml` against the schema. UPDATE_DOCS=1 rewrites the page.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { renderDocument } from '#config/document';
import { leaves } from '#config/leaves';
import { type Preset, presetNames, presets } from '#config/presets';
import { loadConfig } from '#config';
import { host } from './support.js';

const root = new URL('../../../', import.meta.url);
const pagePath = fileURLToPath(new URL('docs/configuration.md', root));
const examplePath = fileURLToPath(new URL('examples/skep.yaml', root));

if (process.env['UPDATE_DOCS'] === '1') {
  const page = await readFile(pagePath, 'utf8');
  await writeFile(pagePath, renderDocument(page, await readFile(examplePath, 'utf8')));
}
const page = await readFile(pagePath, 'utf8');
const example = await readFile(examplePath, 'utf8');

t.test('the page is what the schema writes; run with UPDATE_DOCS=1 when it is not', async (t) => {
  t.equal(renderDocument(page, example), page);
});

t.test('the page has one row for each option, with its default and its variable, and no other row', async (t) => {
  const rows = [...page.matchAll(/^\| `([a-z][A-Za-z.]*\.[A-Za-z]+)` \| (.*?) \| .* \| (`SKEP_.*?) \| .* \|$/gm)];
  t.ok(rows.length > 30, 'the rows were found');
  t.same(
    rows.map((row) => row[1]),
    leaves.map((leaf) => leaf.path),
  );
  for (const [index, leaf] of leaves.entries()) {
    const [, path, standard = '', variables = ''] = rows[index] ?? [];
    const snake = leaf.path.replace(/\./g, '_').replace(/[A-Z]/g, '_$&').toUpperCase();
    t.ok(variables.startsWith(`\`SKEP_${snake}\``), `${path}: ${variables}`);
    if (leaf.facts.default !== undefined) t.equal(standard, `\`${String(leaf.facts.default)}\``);
    else if (leaf.facts.computed !== undefined) t.equal(standard, leaf.facts.computed.words);
    else t.equal(standard === 'none', leaf.optional, `${path}: only an optional option has no default`);
  }
});

t.test('a page without the markers is refused rather than left stale', async (t) => {
  t.throws(() => renderDocument('# Configuration', example), /begin example/);
});

t.test('every option that must have a value gets one from a default, a formula or each preset', async (t) => {
  for (const leaf of leaves.filter(({ optional }) => !optional)) {
    const inPresets = presetNames.every((name) => {
      const preset: Preset = presets[name];
      return preset.values[leaf.path] !== undefined;
    });
    t.ok(leaf.facts.default !== undefined || leaf.facts.computed !== undefined || inPresets, leaf.path);
  }
});

t.test('no two options share a variable, and no option takes the variables of the file and the preset', async (t) => {
  const variables = ['SKEP_CONFIG', 'SKEP_PRESET', ...leaves.flatMap((leaf) => leaf.variables)];
  t.equal(new Set(variables).size, variables.length);
});

t.test('examples/skep.yaml loads once its secret is in the environment, and says so before', async (t) => {
  const cwd = t.testdir({});
  await t.rejects(loadConfig({ cwd, env: {}, host, configPath: examplePath }), {
    code: 'BAD_CONFIG',
    message: /^nats\.password \(.*skep\.yaml:\d+:\d+\): variable NATS_PASSWORD is not set/,
  });
  const env = { NATS_PASSWORD: 'p4ss' };
  const { config } = await loadConfig({ cwd, env, host, configPath: examplePath });
  t.match(config, {
    cluster: { name: 'builders' },
    node: { name: 'builder-1', labels: { zone: 'cellar' } },
    nats: { url: 'nats://127.0.0.1:4222', user: 'skep', password: 'p4ss' },
    mailbox: { capacity: 20000, highWater: 10000 },
    audit: { failOn: 'high' },
  });
  const other = await loadConfig({ cwd, env: { ...env, NATS_HOST: 'broker' }, host, configPath: examplePath });
  t.equal(other.config.nats.url, 'nats://broker:4222');
});
