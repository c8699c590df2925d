/** Dangerous calls in JavaScript and TypeScript: pairs of a bad line and its harmless twin. */
import t from 'tap';
import { findDangerousCalls } from '#actors/audit/code/dangerous-calls';
import { brief, programOf, sample } from './sample.js';

function rulesIn(text: string, path = 'src/a.tsx'): readonly string[] {
  const file = sample(path, text);
  return brief(findDangerousCalls(file, programOf(file))).map((line) => line.split(' ').slice(0, 2).join(' '));
}

const ev = 'eval';
const bad: readonly (readonly [text: string, expected: string])[] = [
  [`${ev}(input)`, 'dangerous/eval high'],
  [`globalThis.${ev}('a' + input)`, 'dangerous/eval high'],
  [`window?.${ev}(input)`, 'dangerous/eval high'],
  [`${ev}('1 + 1')`, 'dangerous/eval low'],
  ['new Function("a", body)', 'dangerous/function-constructor high'],
  ['Function(body)()', 'dangerous/function-constructor high'],
  ['new Function("return this")', 'dangerous/function-constructor low'],
  ['setTimeout("run(" + id + ")", 10)', 'dangerous/timer-string high'],
  ['setInterval(`tick(${n})`, 10)', 'dangerous/timer-string high'],
  ['setTimeout("tick()", 10)', 'dangerous/timer-string low'],
  ["import { exec as run } from 'node:child_process'; run(`ls ${dir}`)", 'dangerous/shell-command high'],
  ["import * as cp from 'child_process'; cp.execSync('ls ' + dir)", 'dangerous/shell-command high'],
  ["import cp from 'child_process'; cp.exec(cmd)", 'dangerous/shell-command high'],
  ["const { exec } = require('child_process'); exec(cmd)", 'dangerous/shell-command high'],
  ["const cp = require('child_process'); const { exec: go } = cp; go(cmd)", 'dangerous/shell-command high'],
  ["require('child_process').exec(cmd)", 'dangerous/shell-command high'],
  ["const cp = await import('node:child_process'); cp.exec(cmd)", 'dangerous/shell-command high'],
  [
    "import util from 'util'; import { exec } from 'child_process'; const run = util.promisify(exec); run(cmd)",
    'dangerous/shell-command high',
  ],
  ["import { spawn } from 'child_process'; spawn(cmd, args, { shell: true })", 'dangerous/shell-command high'],
  ["import { spawn } from 'child_process'; spawn('git', [dir], { shell: '/bin/sh' })", 'dangerous/shell-command high'],
  [
    "import { spawn } from 'child_process'; spawn('git', [dir], { shell: isWindows })",
    'dangerous/shell-command medium',
  ],
  ["import vm from 'vm'; vm.runInNewContext(code)", 'dangerous/vm-code medium'],
  ["import { Script } from 'node:vm'; new Script(code)", 'dangerous/vm-code medium'],
  ['el.innerHTML = `<b>${name}</b>`', 'dangerous/html-assignment medium'],
  ['el.outerHTML += name', 'dangerous/html-assignment medium'],
  ['el["innerHTML"] = name', 'dangerous/html-assignment medium'],
  ['el.insertAdjacentHTML("beforeend", name)', 'dangerous/html-assignment medium'],
  ['document.write(name)', 'dangerous/document-write medium'],
  ['const x = <div dangerouslySetInnerHTML={{ __html: body }} />', 'dangerous/react-html medium'],
  ['const x = <div dangerouslySetInnerHTML={markup} />', 'dangerous/react-html medium'],
  ['createElement("p", { dangerouslySetInnerHTML: { __html: body } })', 'dangerous/react-html medium'],
  ['fetch(url, { agent: new Agent({ rejectUnauthorized: false }) })', 'dangerous/tls-unverified medium'],
  ['options.rejectUnauthorized = !1', 'dangerous/tls-unverified medium'],
  ["process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'", 'dangerous/tls-unverified medium'],
  ["process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = 0", 'dangerous/tls-unverified medium'],
  ["import { createHash } from 'crypto'; createHash('md5')", 'dangerous/weak-hash low'],
  ["import crypto from 'node:crypto'; crypto.createHash('SHA1')", 'dangerous/weak-hash low'],
  ["import crypto from 'crypto'; crypto.createCipher('aes192', password)", 'dangerous/weak-cipher medium'],
  ["import crypto from 'crypto'; crypto.createCipheriv('aes-128-ecb', key, null)", 'dangerous/weak-cipher medium'],
  ['const plugin = require(name)', 'dangerous/dynamic-require low'],
  ["import { unserialize } from 'node-serialize'; unserialize(body)", 'dangerous/deserialisation high'],
];

for (const [text, expected] of bad) {
  t.test(`${text} is ${expected}`, async (t) => {
    t.strictSame(rulesIn(text), [expected]);
  });
}

const good: readonly string[] = [
  '/a(b)/.exec(text)',
  'pattern.exec(input); db.exec(sql); exec(cmd)',
  "import { exec } from 'child_process'; function f(exec: any) { exec(cmd) }",
  "import { exec } from './own.js'; exec(cmd)",
  "import { exec } from 'child_process'; exec('ls -l')",
  "import { exec } from 'child_process'; const cmd = 'ls'; exec(`${cmd} -l`)",
  "import { execFile } from 'child_process'; execFile(program, [dir])",
  "import { spawn } from 'child_process'; spawn(program, args, { shell: false })",
  "import { spawn } from 'child_process'; spawn('npm', ['ci'], { shell: true })",
  `const ${ev} = (a: string) => a; ${ev}(input)`,
  `parser.${ev}(input)`,
  'class Function {} new Function(body)',
  'setTimeout(() => run(id), 10); setTimeout(run, 10)',
  'timers.setTimeout("x" + y)',
  "el.innerHTML = ''; el.textContent = name",
  'document.write("<p>")',
  'stream.write(name)',
  'const x = <div dangerouslySetInnerHTML={{ __html: "<b>" }} />',
  'function C({ dangerouslySetInnerHTML }) { return dangerouslySetInnerHTML }',
  'tls.connect({ rejectUnauthorized: true })',
  "import { createHash } from 'crypto'; createHash('sha256')",
  "import { createCipheriv } from 'crypto'; createCipheriv('aes-256-gcm', key, nonce)",
  "const a = require('./a'); const name = './b'; require(name)",
  'function load(require) { require(name) }',
  "import m from 'constructor'; m.name(a)",
];

for (const text of good) {
  t.test(`${text} is harmless`, async (t) => {
    t.strictSame(rulesIn(text), []);
  });
}

t.test('two names that stand for each other do not hang the resolution', async (t) => {
  t.strictSame(rulesIn('const a = b; const b = a; a(cmd); a.exec(cmd); el.innerHTML = a'), [
    'dangerous/html-assignment medium',
  ]);
});

t.test('a finding has the place of the call', async (t) => {
  const file = sample('a.js', `\n\n  ${ev}(\n    input,\n  );\n`);
  const [finding] = findDangerousCalls(file, programOf(file));
  t.match(finding, { path: 'a.js', line: 3, column: 3, endLine: 5 });
});
