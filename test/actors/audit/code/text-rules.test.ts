/** The rules that need only the text: debt markers, encoding, licence headers, and the comments they stand on. */
import t from 'tap';
import { commentsOf } from '#actors/audit/code/comments';
import { findDebtMarkers } from '#actors/audit/code/debt-markers';
import { findEncoding } from '#actors/audit/code/encoding';
import { judgeLicences, readLicence } from '#actors/audit/code/licence-headers';
import { parseFile } from '#actors/audit/code/parse';
import { brief, commentTexts, sample } from './sample.js';

const todo = 'TO' + 'DO';
const fixme = 'FIX' + 'ME';
const spdx = 'SPDX-License' + '-Identifier';

t.test('comments are told from strings in every language', async (t) => {
  for (const [path, text, comments] of [
    ['a.ts', 'const a = "// no"; // yes\n/* and\nthis */ const r = /[/*]/;', ['// yes', '/* and\nthis */']],
    ['a.py', 's = "# no"  # yes\nt = """\n# no\n"""\n', ['# yes']],
    ['a.go', "s := `// no`\n// yes\nr := '\"' // two", ['// yes', '// two']],
    ['a.rs', "fn f<'a>(x: &'a str) {} // yes", ['// yes']],
    ['a.sh', 'echo $# "# no" a#b # yes\n', ['# yes']],
    ['a.yaml', "key: 'it' # yes\nurl: http://x/#no\n", ['# yes']],
    ['a.sql', "select '-- no' -- yes\n/* two */", ['-- yes', '/* two */']],
    ['a.html', '<p># no</p><!-- yes -->', ['<!-- yes -->']],
    ['a.c', "char c = '\"'; // yes\n/* open", ['// yes', '/* open']],
    ['a.toml', 'a = "#no" # yes\r\nb = 1', ['# yes']],
    ['broken.js', 'const = "// no"; // yes', ['// yes']],
    ['a.json', '{"a": "// no"}', []],
    ['a.unknown', '# no idea', []],
  ] as const) {
    t.strictSame(commentTexts(sample(path, text)), comments, path);
  }
});

function debtIn(path: string, text: string): readonly string[] {
  const file = sample(path, text);
  return brief(findDebtMarkers(file, commentsOf(file, parseFile(file).tree)));
}

t.test('a marker counts in a comment only, and the finding does not quote the comment', async (t) => {
  t.strictSame(debtIn('a.ts', `// ${todo}: x\nconst a = '${todo}';\n/*\n * ${fixme} y\n */\n// HACK XXX\n`), [
    'debt/todo low 1',
    'debt/fixme low 4',
    'debt/hack low 6',
    'debt/xxx low 6',
  ]);
  t.strictSame(debtIn('a.py', `# ${todo}(me)\nx = "${todo}"\n`), ['debt/todo low 1']);
  t.strictSame(debtIn('a.ts', `// ${todo}S mktemp.XXXXXX ${todo}-list auto${todo} todo\n`), []);
  const file = sample('a.ts', `// ${todo} pass hunter2`);
  t.equal(findDebtMarkers(file, commentsOf(file, undefined))[0]?.message, `${todo} comment.`);
});

t.test('line endings are mixed only when a file has two kinds', async (t) => {
  t.strictSame(brief(findEncoding(sample('a.ts', 'a\r\nb\n'))), ['encoding/mixed-line-endings low 0']);
  t.strictSame(findEncoding(sample('a.ts', 'a\r\nb\nc\rd'))[0]?.facts, { crlf: 1, lf: 1, cr: 1 });
  t.strictSame(findEncoding(sample('a.ts', 'a\r\nb\r\n')), []);
  t.strictSame(findEncoding(sample('a.ts', 'a\nb')), []);
});

t.test('a bidirectional control is found in code, comments and strings, once a line', async (t) => {
  const text = 'const a = "\u202e x \u2066";\n/* \u2067 */\n';
  t.strictSame(brief(findEncoding(sample('a.ts', text))), [
    'encoding/bidi-control medium 1',
    'encoding/bidi-control medium 2',
  ]);
  t.strictSame(brief(findEncoding(sample('a.md', text.split('\n', 1)[0] ?? ''))), ['encoding/bidi-control low 1']);
  t.strictSame(findEncoding(sample('a.ts', 'const a = "\\u202e";')), [], 'an escape is visible');
});

t.test('a zero-width character is found within a name, not within a text', async (t) => {
  t.strictSame(brief(findEncoding(sample('a.ts', 'const is\u200bAdmin = true;'))), ['encoding/zero-width medium 1']);
  t.strictSame(findEncoding(sample('a.ts', 'const s = "می\u200cخواهم"; // \u200b a\u200db')), []);
  t.strictSame(findEncoding(sample('a.md', 'می\u200cخواهم')), []);
});

t.test('a licence header is read from the top of a source file', async (t) => {
  const read = (path: string, text: string): string | undefined => readLicence(sample(path, text)).licence?.spdx;
  t.equal(read('a.ts', `// ${spdx}: MIT\n`), 'MIT');
  t.equal(
    read('a.c', `/* ${spdx}: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */`),
    '(GPL-2.0-only WITH Linux-syscall-note) OR MIT',
  );
  t.equal(read('a.py', `# ${spdx}: MIT\n# ${spdx}: Apache-2.0\n`), 'Apache-2.0 AND MIT');
  t.equal(read('a.vue', `<!-- ${spdx}: MIT -->`), 'MIT');
  t.equal(read('a.ts', `// Write ${spdx}: <expression> here`), '', 'a description is no header');
  t.equal(read('a.ts', 'const a = 1;'), '');
  t.equal(read('a.json', '{}'), undefined, 'data needs none');
  t.equal(read('a.ts', ' \n'), undefined, 'an empty file needs none');
  t.equal(read('a.ts', '// @generated\nconst a = 1;'), undefined, 'a generated file needs none');
  t.strictSame(brief(readLicence(sample('a.ts', `// ${spdx}: The Best Licence\n`)).findings), [
    'licence-headers/invalid low 0',
  ]);
});

t.test('files without a header are findings only where most files have one', async (t) => {
  const files = (...licences: readonly string[]): readonly string[] =>
    judgeLicences(licences.map((spdx, at) => ({ path: `f${at}`, spdx }))).map(({ path, rule }) => `${path} ${rule}`);
  t.strictSame(files('MIT', 'MIT', ''), ['f2 licence-headers/missing']);
  t.strictSame(files('MIT', ''), []);
  t.strictSame(files('', '', 'MIT'), []);
  t.strictSame(files('MIT', 'MIT', 'MIT', 'GPL-3.0-only'), ['f3 licence-headers/conflict']);
  t.strictSame(files('MIT', 'Apache-2.0'), [], 'no licence is the usual one');
  t.strictSame(files(), []);
});
