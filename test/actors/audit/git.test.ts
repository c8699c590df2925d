/** A git that is missing, hangs, complains or is no longer listened to. */
import t from 'tap';
import { gitOutput, gitText, gitTokens } from '#actors/audit/git';
import { SampleRepository } from './sample-repository.js';

t.test('a machine without git is told so', async (t) => {
  const path = process.env['PATH'];
  process.env['PATH'] = t.testdir();
  t.teardown(() => {
    process.env['PATH'] = path;
  });
  await t.rejects(gitText('/', ['--version']), { code: 'GIT_FAILED', message: /not found; install it/ });
});

t.test('a command that waits for ever is ended at its limit', async (t) => {
  const sample = new SampleRepository(t.testdir());
  const silent = async function* (): AsyncGenerator<string> {
    yield await new Promise<string>(() => undefined);
  };
  const hanging = gitText(sample.root, ['cat-file', '--batch'], { input: silent(), timeoutMs: 100 });
  await t.rejects(hanging, { code: 'GIT_FAILED', message: /its limit is 100 ms/ });
});

t.test('a failing command gives its exit code and what it said', async (t) => {
  const sample = new SampleRepository(t.testdir());
  await t.rejects(gitText(sample.root, ['cat-file', '-p', 'nothing']), {
    code: 'GIT_FAILED',
    facts: { command: 'git cat-file -p nothing', exitCode: 128, complaint: /Not a valid object name/ },
  });
});

t.test('a source that fails midway fails the command that reads it', async (t) => {
  const sample = new SampleRepository(t.testdir());
  const reason = new Error('the source broke');
  const broken = async function* (): AsyncGenerator<string> {
    yield 'HEAD\n';
    throw reason;
  };
  await t.rejects(gitText(sample.root, ['cat-file', '--batch-check'], { input: broken() }), reason);
});

t.test('a reader that stops early ends both processes of a pair', async (t) => {
  const sample = new SampleRepository(t.testdir());
  sample.write('a.txt', 'x');
  const head = sample.commit('one');
  let closed = false;
  const endless = async function* (): AsyncGenerator<string> {
    try {
      for (;;) yield `${head}\n`.repeat(1000);
    } finally {
      closed = true;
    }
  };
  for await (const chunk of gitOutput(sample.root, ['cat-file', '--batch-check'], { input: endless() })) {
    t.ok(chunk.toString().startsWith(head));
    break;
  }
  t.ok(closed);
});

t.test('tokens come whole, however the output is cut into chunks', async (t) => {
  const sample = new SampleRepository(t.testdir());
  const names = Array.from({ length: 3000 }, (_, index) => `füller-${'ü'.repeat(40)}-${index}`);
  for (const name of names) sample.write(name, '');
  sample.git('add', '-A');
  const tokens: string[] = [];
  for await (const batch of gitTokens(sample.root, ['ls-files', '-z'], '\0')) tokens.push(...batch);
  t.same(new Set(tokens), new Set(names));
  t.equal(tokens.length, names.length);
});

t.test('an abort in the middle ends the command with the reason', async (t) => {
  const sample = new SampleRepository(t.testdir());
  const controller = new AbortController();
  const reason = new Error('the lease ended');
  const slow = async function* (): AsyncGenerator<string> {
    yield 'HEAD\n';
    controller.abort(reason);
    yield await new Promise<string>(() => undefined);
  };
  const { signal } = controller;
  await t.rejects(gitText(sample.root, ['cat-file', '--batch'], { input: slow(), signal }), reason);
});
