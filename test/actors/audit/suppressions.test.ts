/** Inline suppressions: what they take out, and that none works without a reason. */
import t from 'tap';
import type { Finding } from '#actors/audit/finding';
import { applySuppressions, readSuppressions } from '#actors/audit/suppressions';
import { commentsOf } from '#actors/audit/code/comments';
import { parseFile } from '#actors/audit/code/parse';
import { brief, sample } from './code/sample.js';

const word = (kind: string): string => `skep-ignore-${kind}`;

function read(text: string, path = 'a.ts'): ReturnType<typeof readSuppressions> {
  const file = sample(path, text);
  return readSuppressions(file, commentsOf(file, parseFile(file).tree));
}

function finding(rule: string, line: number, path = 'a.ts'): Finding {
  return { rule, severity: 'high', path, line, column: 1, endLine: line, message: 'm' };
}

t.test('a comment names rules or prefixes, a place and a reason', async (t) => {
  for (const [text, rules, line] of [
    [`\n// ${word('next-line')} dangerous/eval -- the input is ours\nx`, ['dangerous/eval'], 3],
    [`x // ${word('line')} secrets, debt/todo -- sample`, ['secrets', 'debt/todo'], 1],
    [`/* ${word('file')} duplication -- made by a table */`, ['duplication'], 0],
    [`/*\n * ${word('next-line')} debt -- two -- dashes */\nx`, ['debt'], 3],
  ] as const) {
    t.strictSame(read(text), { suppressions: [{ rules, line }], findings: [] }, text);
  }
  t.strictSame(read(`# ${word('line')} secrets -- a sample`, 'a.py').suppressions, [{ rules: ['secrets'], line: 1 }]);
  t.strictSame(read(`<!-- ${word('file')} secrets -- samples -->`, 'a.md').suppressions, [
    { rules: ['secrets'], line: 0 },
  ]);
});

t.test('without a reason or without rules the comment is a finding and has no effect', async (t) => {
  for (const text of [
    `// ${word('next-line')} dangerous/eval\nx`,
    `// ${word('next-line')} dangerous/eval --\nx`,
    `// ${word('line')} -- because`,
    `// ${word('line')} every * rule -- because`,
    `/* ${word('file')} secrets -- */`,
  ]) {
    const { suppressions, findings } = read(text);
    t.strictSame(suppressions, [], text);
    t.strictSame(brief(findings), ['suppression/no-reason low 1'], text);
  }
});

t.test('the words in a string or in a description suppress nothing', async (t) => {
  t.strictSame(read(`// ${word('line')} <rule> -- <reason>`), { suppressions: [], findings: [] });
  t.strictSame(read(`const a = '${word('file')} secrets -- no';`), { suppressions: [], findings: [] });
});

t.test('exactly the findings named at the place are taken out, and counted', async (t) => {
  const all = [
    finding('dangerous/eval', 2),
    finding('dangerous/eval', 3),
    finding('dangerous/evaluation', 2),
    finding('debt/todo', 2),
    finding('dangerous/eval', 2, 'b.ts'),
    { ...finding('dangerous/eval', 2), commit: 'abc' },
    finding('suppression/no-reason', 2),
  ];
  const kept = (rules: readonly string[], line: number): readonly number[] => {
    const { findings, suppressed } = applySuppressions(all, [{ path: 'a.ts', suppressions: [{ rules, line }] }]);
    t.equal(suppressed, all.length - findings.length);
    return findings.map((each) => all.indexOf(each));
  };
  t.strictSame(kept(['dangerous/eval'], 2), [1, 2, 3, 4, 5, 6]);
  t.strictSame(kept(['dangerous'], 2), [1, 3, 4, 5, 6]);
  t.strictSame(kept(['dangerous', 'debt', 'suppression'], 0), [4, 5, 6]);
  t.strictSame(kept(['dang'], 0), [0, 1, 2, 3, 4, 5, 6], 'half a word is no prefix');
});
