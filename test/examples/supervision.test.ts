/** The example of supervision, run as a person runs it: its story is told in order, and it ends by itself. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';

t.test('examples/supervision shows crashes, strategies and the tree, and ends with exit code 0', async (t) => {
  const program = fileURLToPath(new URL('../../examples/supervision.js', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [program], { encoding: 'utf8', timeout: 60_000 });
  t.equal(status, 0, stderr);
  t.equal(stderr, '');
  const text = stdout.replaceAll(/ main-street@\w+\/0\/\d+/g, '');
  const chapters = text.trimEnd().split('\n\n');
  t.same(chapters, [
    ['The shop opens:', ...['database', 'cache', 'search', 'till-1', 'till-2'].map((id) => `  ${id} starts`)].join(
      '\n',
    ),
    [
      'The cache crashes. What was built on it goes with it; the database stays:',
      '  cache ends (crash)',
      '  search ends (shutdown)',
      '  cache starts again (life 2)',
      '  search starts again (life 2)',
    ].join('\n'),
    ['A till crashes, and nobody else notices:', '  till-1 ends (crash)', '  till-1 starts again (life 2)'].join('\n'),
    [
      'The other till overspends. Its supervisor resumes it, and it keeps its count:',
      '  till-2 has served 2 times',
    ].join('\n'),
    [
      'The tree:',
      'main-street',
      '└─ skep.guardian',
      '   └─ shop',
      '      ├─ storage rest-for-one',
      '      │  ├─ database (part)',
      '      │  ├─ cache (part) restarted 1 time',
      '      │  └─ search (part) restarted 1 time',
      '      └─ tills',
      '         ├─ till-1 (part) restarted 1 time',
      '         └─ till-2 (part)',
    ].join('\n'),
    [
      'The shop closes, newest first:',
      ...['till-2', 'till-1', 'search', 'cache', 'database'].map((id) => `  ${id} ends (shutdown)`),
    ].join('\n'),
  ]);
});
