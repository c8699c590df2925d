/**
 * The rules of the tree, held against the tree; and each rule held against a small tree in memory that breaks it, so
 * that a rule which has gone blind is noticed.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { directionBreaches } from './direction.js';
import { formBreaches, longFiles } from './form.js';
import { libraryBreaches } from './libraries.js';
import { purityBreaches } from './purity.js';
import { type Breach, type Source, describe, readSources, root } from './sources.js';

const sources = await readSources();

/** A tree of one file, opened by a comment as every file is. */
function tree(path: string, code: string): readonly Source[] {
  return [{ path, text: `// A file.\n${code}\n` }];
}

/** What a rule says about code that breaks it. */
function said(rule: (sources: readonly Source[]) => readonly Breach[], path: string, code: string): string {
  return describe(rule(tree(path, code))).join('\n');
}

t.test('the rules look at a tree, not at an empty folder', async (t) => {
  t.ok(sources.length > 20, `saw ${sources.length} sources`);
  for (const folder of ['protocols', 'runtime', 'cluster', 'actors', 'cli', 'config', 'test']) {
    t.ok(
      sources.some(({ path }) => path.startsWith(`${folder}/`)),
      `saw sources in ${folder}/`,
    );
  }
});

t.test('imports flow one way, and cross folders through # imports', async (t) => {
  t.same(describe(directionBreaches(sources)), []);
});

t.test('an import against the direction is reported in every form it can take', async (t) => {
  const forms = [
    "import { join } from '#cluster/join';",
    "import type { Join } from '#cluster/join';",
    "export { join } from '#cluster/join';",
    "export * from '#cluster';",
    "const join = await import('#cluster/join');",
    "type Join = import('#cluster/join').Join;",
  ];
  for (const form of forms) {
    t.match(
      said(directionBreaches, 'runtime/actor/cell.ts', form),
      /cell\.ts:2: .*runtime\/ may not import cluster\//,
      form,
    );
  }
  t.match(said(directionBreaches, 'config/a.ts', "import '#runtime';"), /config\/ may not import runtime\//);
  t.match(said(directionBreaches, 'actors/a.ts', "import '#config';"), /actors\/ may not import config\//);
  t.match(said(directionBreaches, 'cli/a.ts', "import '#test/tidy/form';"), /cli\/ may not import test\//);
});

t.test('a crossing by a relative path and a # import of the own folder are reported', async (t) => {
  t.match(said(directionBreaches, 'cluster/a/b.ts', "import '../../runtime/index.js';"), /leaves cluster\//);
  t.match(
    said(directionBreaches, 'runtime/b.ts', "import '#runtime/clock/clock';"),
    /within runtime\/ imports are relative/,
  );
  t.match(said(directionBreaches, 'cluster/b.ts', "import '#runtime/clock/clock.js';"), /has no extension/);
});

t.test('what the direction allows is not reported', async (t) => {
  t.equal(said(directionBreaches, 'actors/a/b.ts', "import '#cluster';\nimport '../c.js';\nimport 'node:fs';"), '');
  t.equal(
    said(directionBreaches, 'runtime/a.ts', "// import '#cluster';\nexport const text = \"import '#cluster'\";"),
    '',
  );
});

t.test('protocols touch no clock, no chance and no IO', async (t) => {
  t.same(describe(purityBreaches(sources)), []);
});

t.test('a clock, chance, IO or a library in protocols is reported', async (t) => {
  const impure = [
    ['const at = Date.now();', 'Date'],
    ['const at = new Date();', 'Date'],
    ['const n = Math.random();', 'Math.random'],
    ['setTimeout(() => undefined, 1);', 'setTimeout'],
    ['const { env } = process;', 'process'],
    ['export const log = { console };', 'console'],
    ['const f = globalThis.fetch;', 'globalThis'],
    ["import { readFile } from 'node:fs';", 'node:fs'],
    ["import type { Logger } from 'pino';", 'pino'],
    ["import { clock } from '#runtime/clock/clock';", '#runtime/clock/clock'],
  ] as const;
  for (const [code, named] of impure) {
    t.match(said(purityBreaches, 'protocols/raft/step.ts', code), new RegExp(`step.ts:2: .*${named}`), code);
  }
  const pure =
    "import { z } from 'zod';\nimport './b.js';\nexport interface A { readonly Date: number; process(): void }\nMath.max(1);";
  t.equal(said(purityBreaches, 'protocols/a.ts', pure), '');
  t.equal(said(purityBreaches, 'runtime/a.ts', 'Date.now();'), '');
});

t.test('one file knows each foreign library', async (t) => {
  t.same(describe(libraryBreaches(sources)), []);
});

t.test('a library outside its home is reported, for types too', async (t) => {
  const strays = [
    ['cluster/transport/lanes.ts', "import type { NatsConnection } from 'nats';", 'nats'],
    ['runtime/mailbox/mailbox.ts', "import { pack } from 'msgpackr';", 'msgpackr'],
    ['runtime/mailbox/mailbox.ts', "import { Piscina } from 'piscina';", 'piscina'],
    ['cluster/spawn/api.ts', "import * as comlink from 'comlink';", 'comlink'],
    ['actors/audit/a.ts', "import { pino } from 'pino';", 'pino'],
    ['actors/audit/code/imports.ts', "import { parseSync } from 'oxc-parser';", 'oxc-parser'],
    [
      'actors/audit/report/html.ts',
      "import { Models } from '@cyclonedx/cyclonedx-library/Models';",
      '@cyclonedx/cyclonedx-library',
    ],
    ['actors/audit/report/html.ts', "import { lintSource } from '@secretlint/core';", '@secretlint/core'],
    ['actors/swarm/a.ts', "import { parse } from 'yaml';", 'yaml'],
    ['actors/swarm/a.ts', "import { Command } from 'commander';", 'commander'],
  ] as const;
  for (const [path, code, library] of strays) {
    t.match(said(libraryBreaches, path, code), new RegExp(`${path}:2: imports ${library}, which only `), code);
  }
  t.equal(said(libraryBreaches, 'cluster/transport/nats.ts', "import { connect } from 'nats';"), '');
  t.equal(said(libraryBreaches, 'test/cluster/nats.test.ts', "import { connect } from 'nats';"), '');
});

t.test('a second file that knows a library is reported', async (t) => {
  const two = [
    ...tree('runtime/executor/a.ts', "import 'piscina';"),
    ...tree('runtime/executor/b.ts', "import 'piscina';"),
  ];
  t.match(describe(libraryBreaches(two)), [
    'runtime/executor/b.ts: imports piscina, which runtime/executor/a.ts knows already; one file is enough',
  ]);
  const unlisted = [...tree('actors/a.ts', "import 'left-pad/x';"), ...tree('actors/b.ts', "import 'left-pad';")];
  t.equal(libraryBreaches(unlisted).length, 1);
});

t.test('files open with a comment, fit a mind, and lie in folders with a name', async (t) => {
  t.same(describe(formBreaches(sources)), []);
  const long = longFiles(sources);
  if (long.length > 0) t.comment(`longer than most files should be:\n${long.join('\n')}`);
});

t.test('a file without a comment, a giant and a folder called utils are reported', async (t) => {
  t.match(describe(formBreaches([{ path: 'runtime/a.ts', text: 'export const a = 1;\n' }])), [
    /does not open with a comment/,
  ]);
  t.match(describe(formBreaches(tree('runtime/a.ts', 'const a = 1;\n'.repeat(400)))), [/has 401 lines/]);
  t.match(describe(formBreaches(tree('runtime/utils/a.ts', ''))), [/named for nothing/]);
  t.same(formBreaches([{ path: 'cli/main.ts', text: '#!/usr/bin/env node\n/** The command. */\n' }]), []);
});

t.test('package.json maps each folder that others may import', async (t) => {
  const { imports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { readonly imports: object };
  for (const folder of ['protocols', 'runtime', 'cluster', 'actors', 'config', 'cli']) {
    t.ok(Object.hasOwn(imports, `#${folder}/*`), `#${folder}/* is mapped`);
  }
});
