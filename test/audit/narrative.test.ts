/**
 * `skep audit --model`: the digest, the findings and the exit code are those without a model, whether the model answers,
 * fails or is not there; and the report says who wrote its summary.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { failureOf, startAudit } from '#test/support/audit';
import { makeRepository } from '#test/support/repository';
import { withModelServer } from '#test/support/model-server';

t.test('the same digest with a model, without one, and with one that is not there', async (t) => {
  const server = await withModelServer(t);
  const cwd = t.testdir({ repository: {} });
  const repository = join(cwd, 'repository');
  makeRepository(repository, { files: 6, functions: 3, commits: 2, seed: 7 });
  const entry = { name: 'writer', backend: 'openai', model: 'm', url: server.url };
  const env = { SKEP_INFERENCE_MODELS: JSON.stringify([entry]) };
  const audit = (name: string, ...args: readonly string[]) =>
    startAudit(repository, join(cwd, name), ['--executors', '1', ...args], undefined, env).done;

  const without = await audit('without');
  t.equal(without.code, 0, failureOf(without));
  t.match(without.summary['narrative'], { source: { type: 'counts', reason: 'no model was named' } });
  t.same(server.requests, [], 'nobody was asked');

  const words = { headline: 'All is well in the hive.', risks: [], next: ['Go on.'] };
  server.answer = (request) => {
    request.send(JSON.stringify(words));
    request.end();
  };
  const written = await audit('written', '--model', 'writer');
  t.equal(written.code, 0, failureOf(written));
  t.match(written.summary['narrative'], {
    ...words,
    source: { type: 'model', model: 'writer', usage: { input: 11, output: 1 } },
  });
  t.match(
    readFileSync(join(cwd, 'written', 'report.md'), 'utf8'),
    /All is well in the hive[^]*Written by the model writer/,
  );
  const asked = JSON.stringify(server.requests[0]?.body);
  t.match(asked, /json_schema/);
  t.ok(asked.length < 60_000, `${asked.length} characters`);

  const failed = await audit('failed', '--model', join(cwd, 'none.gguf'));
  t.match(failed.summary['narrative'], { source: { type: 'counts', reason: /^PATH_UNREADABLE/ } });
  t.match(failed.stderr, /the summary is made from the counts: .*none\.gguf/);
  t.notMatch(JSON.stringify(failed.summary), cwd, 'no path of this machine is in the report');

  for (const other of [written, failed]) {
    t.equal(other.code, 0, failureOf(other));
    t.equal(other.summary.digest, without.summary.digest);
    t.same(other.summary['counts'], without.summary['counts']);
  }
});
