/** The catalogue of rules is held against the sources: every rule that they name is in it, and none in it is unused. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { describeRule, ruleIds, severityOf } from '#actors/audit/rules';
import { secretKinds } from '#actors/audit/secrets';

const sources = join(import.meta.dirname, '../../../../actors/audit');
const families = [...new Set(ruleIds.map((id) => id.split('/')[0]))].filter((family) => family !== 'secrets');
const named = new RegExp(`'((?:${families.join('|')})/[a-z0-9-]+)'`, 'g');

async function sourceTexts(): Promise<readonly (readonly [path: string, text: string])[]> {
  const paths = (await readdir(sources, { recursive: true })).filter(
    (path) => path.endsWith('.ts') && path !== 'rules.ts',
  );
  return Promise.all(paths.map(async (path) => [path, await readFile(join(sources, path), 'utf8')] as const));
}

t.test('every rule that a source names is in the catalogue, and every rule of the catalogue is named', async (t) => {
  const known = new Set<string>(ruleIds);
  const used = new Set<string>();
  const texts = await sourceTexts();
  t.ok(texts.length > 20, `${texts.length} sources were read`);
  for (const [path, text] of texts) {
    for (const [, id = ''] of text.matchAll(named)) {
      if (/^(?:imports|internal)\/[a-z-]+$/.test(id) && text.includes(`from '${id}'`)) continue;
      t.ok(known.has(id), `${id} in ${path}`);
      used.add(id);
    }
  }
  t.strictSame(
    ruleIds.filter((id) => !used.has(id) && !id.startsWith('secrets/')),
    [],
  );
});

t.test('every rule says what it is, why it matters and what to do', async (t) => {
  for (const id of ruleIds) {
    const rule = describeRule(id);
    t.equal(rule.id, id);
    t.equal(rule.severity, severityOf(id));
    t.match(rule.title, /^[A-Z].{5,60}[^.]$|^(?:require|dangerously|document)/, `${id}: ${rule.title}`);
    t.match(rule.help, /^.{20,}\.$/, id);
    t.equal(rule.cwe === undefined, rule.securitySeverity === undefined, `${id}: a weakness has a score`);
    if (rule.cwe !== undefined) t.match(rule.cwe, /^CWE-\d+$/);
    if (rule.severity === 'high') t.ok((rule.securitySeverity ?? 0) >= 7, `${id} is high`);
  }
  t.strictSame(ruleIds, [...ruleIds].sort());
});

t.test('every kind of secret has its own title and the weakness of its family', async (t) => {
  t.ok(secretKinds.size > 5);
  for (const { rule, title, severity } of secretKinds.values()) {
    t.match(describeRule(rule), { id: rule, title, severity, cwe: 'CWE-798' });
  }
});

t.test('a rule of a newer node is described by its name', async (t) => {
  t.match(describeRule('secrets/new-kind'), { severity: 'high', title: 'Secret: new kind', cwe: 'CWE-798' });
  t.match(describeRule('future/new-rule'), { severity: 'low', title: 'future: new rule' });
  t.match(describeRule('odd'), { id: 'odd', title: 'odd' });
});
