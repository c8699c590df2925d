/**
 * Processes that die, at any moment and of any cause: each request ends by an answer or a typed error, the model comes
 * back, and nothing is left behind.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { type LlamaBackend, liftQuarantine } from '#actors/inference/llama/backend';
import { identify, Quarantine, quarantine } from '#actors/inference/llama/quarantine';
import { SkepError } from '#protocols/wire/error';
import { seededRandom } from '#runtime/clock/random';
import { eventually } from '#test/support/eventually';
import { ask, openTiny, tinyModel } from './tiny.js';

const proven = { prompt: 'warm', maxTokens: 40, temperature: 1, seed: 1 };

function pidOf(model: LlamaBackend): number {
  if (model.pid === undefined) throw new Error('it has no process');
  return model.pid;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Folders that a process keeps its states in. */
function foldersOf(pid: number): readonly string[] {
  const parents = ['/dev/shm', tmpdir()].filter((path) => existsSync(path));
  return parents.flatMap((path) => readdirSync(path).filter((name) => name.startsWith(`skep-llama-${pid}-`)));
}

let model: LlamaBackend;

t.before(async () => {
  model = await openTiny({ sequences: 4 }, { patience: { silentMs: 6_000, stalledMs: 60_000, startMs: 180_000 } });
});
t.teardown(() => model.close());

for (const signal of ['SIGKILL', 'SIGABRT', 'SIGSEGV'] as const) {
  t.test(`after ${signal} under load each request has ended, and the model answers again`, async (t) => {
    await ask(model, proven);
    const reasons: Error[] = [];
    model.onDown((reason) => void reasons.push(reason));
    const pid = pidOf(model);
    const asks = Array.from({ length: 12 }, (_, seed) =>
      ask(model, { prompt: `p ${seed}`, maxTokens: 1_000, temperature: 1, seed }).then(
        () => 'answered',
        (error: unknown) => (error instanceof SkepError ? error.code : String(error)),
      ),
    );
    await eventually('all sequences answer', async () => (await model.counters()).running === 4);
    process.kill(pid, signal);
    const outcomes = await Promise.all(asks);
    t.same(
      [...new Set(outcomes)].filter((outcome) => outcome !== 'answered'),
      ['MODEL_FAILED'],
    );
    t.equal(reasons.length, 1);
    t.match(reasons[0]?.message, new RegExp(signal));
    const back = await ask(model, proven);
    t.equal(back.end.type, 'end');
    t.not(pidOf(model), pid);
    t.same(foldersOf(pid), [], 'its folder is gone');
  });
}

t.test('a process that is silent is killed, and what it had ends with it', async (t) => {
  const pid = pidOf(model);
  const asked = ask(model, { ...proven, maxTokens: 2_000 });
  process.kill(pid, 'SIGSTOP');
  await t.rejects(asked, { code: 'MODEL_FAILED', message: /silent/ });
  t.equal((await ask(model, proven)).end.type, 'end');
});

t.test('closing ends the process and its folder, and what runs is told', async (t) => {
  const closed = await openTiny();
  const pid = pidOf(closed);
  const running = ask(closed, { ...proven, maxTokens: 2_000 });
  running.catch(() => undefined);
  await closed.close();
  await t.rejects(running, { code: 'CALL_CANCELLED' });
  await eventually('the process is gone', () => !isAlive(pid));
  t.same(foldersOf(pid), []);
});

t.test('kill -9 of the node leaves no process and no folder behind', async (t) => {
  const main = fileURLToPath(new URL('./open-and-wait.js', import.meta.url));
  const node = spawn(process.execPath, [main, await tinyModel()], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: node.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  const pid = Number(line);
  t.ok(isAlive(pid));
  t.equal(foldersOf(pid).length, 1);
  node.kill('SIGKILL');
  await eventually('the child is gone', () => !isAlive(pid));
  await eventually('its folder, too', () => foldersOf(pid).length === 0);
});

t.test('a file that ends its process twice is in quarantine until it is another file', async (t) => {
  const quarantine = new Quarantine();
  const file = { path: '/a.gguf', key: '/a.gguf\n1\n2\nx' };
  quarantine.check(file);
  t.notOk(quarantine.note(file, 'SIGABRT'));
  quarantine.clear(file);
  t.notOk(quarantine.note(file, 'SIGABRT'));
  t.ok(quarantine.note(file, 'SIGSEGV'));
  t.throws(() => quarantine.check(file), { code: 'MODEL_QUARANTINED', message: /SIGSEGV/ });
  quarantine.check({ path: '/a.gguf', key: '/a.gguf\n1\n3\ny' });
  quarantine.lift('/a.gguf');
  quarantine.check(file);
});

t.test(
  'a file in quarantine is not loaded, and is again when the quarantine is lifted or the file replaced',
  async (t) => {
    const path = join(await mkdtemp(join(tmpdir(), 'skep-quarantine-')), 'model.gguf');
    await writeFile(path, await readFile(await tinyModel()));
    const file = await identify(path);
    for (const reason of ['SIGABRT', 'SIGABRT']) quarantine.note(file, reason);
    await t.rejects(openTiny({ path }), { code: 'MODEL_QUARANTINED' });
    t.same(await identify(path), file);
    await writeFile(path, await readFile(await tinyModel()));
    t.not((await identify(path)).key, file.key, 'another time makes it another file');
    const written = await identify(path);
    for (const reason of ['SIGABRT', 'SIGABRT']) quarantine.note(written, reason);
    liftQuarantine(path);
    const lifted = await openTiny({ path });
    await lifted.close();
  },
);

t.test('damaged files end in a typed error or in a model, and never end the node', async (t) => {
  const whole = await readFile(await tinyModel());
  const folder = await mkdtemp(join(tmpdir(), 'skep-fuzz-'));
  const random = seededRandom(99);
  const outcomes = new Map<string, number>();
  const rounds = Number(process.env['SKEP_FUZZ'] ?? 4);
  for (let round = 0; round < rounds; round += 1) {
    const damaged = Buffer.from(whole);
    const headOnly = round % 2 === 0 ? 20_000 : damaged.length;
    for (let flip = 0; flip < 1 + (round % 4); flip += 1) {
      damaged[Math.floor(random.next() * headOnly)] = Math.floor(random.next() * 256);
    }
    const path = join(folder, `${round}.gguf`);
    await writeFile(path, damaged);
    const outcome = await tryModel(path);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  t.comment(JSON.stringify(Object.fromEntries(outcomes)));
  const expected = new Set(['answered', 'MODEL_FILE_BAD', 'MODEL_QUARANTINED', 'MODEL_FAILED', 'BAD_ANSWER']);
  t.same(
    [...outcomes.keys()].filter((outcome) => !expected.has(outcome)),
    [],
  );
});

async function tryModel(path: string): Promise<string> {
  try {
    const damaged = await openTiny({ path });
    try {
      await ask(damaged, { prompt: 'x y', maxTokens: 3 });
      return 'answered';
    } finally {
      await damaged.close();
    }
  } catch (error) {
    return error instanceof SkepError ? error.code : String(error);
  }
}
