/** The scripted backend keeps the contract of `backend.ts`: tests that stand on it stand on what real ones promise. */
import type { Work, WorkEvent } from '#actors/inference/backend';
import { ScriptedBackend, scriptedEntry, type ScriptedOptions, scriptedTokens } from '#actors/inference/scripted';
import { VirtualClock } from '#runtime/testing/virtual-clock';
import t from 'tap';

function backendWith(options: Omit<ScriptedOptions, 'clock'> = {}) {
  const clock = new VirtualClock();
  return { clock, backend: new ScriptedBackend({ clock, ...options }) };
}

const work = (facts: Partial<Work> = {}): Work => ({
  id: 'w',
  prompt: 'one two three',
  maxTokens: 100,
  timeLeftMs: 1_000,
  ...facts,
});
const never = new AbortController().signal;
const settle = () => new Promise((resolve) => setImmediate(resolve));

async function read(events: AsyncIterable<WorkEvent>): Promise<WorkEvent[]> {
  const all: WorkEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

t.test('text in tokens, then the end; cut at maxTokens and at a stop sequence', async (t) => {
  const { backend } = backendWith();
  t.match(await read(backend.generate(work(), never)), [
    { type: 'text', text: 'one', tokens: 1 },
    { type: 'text', text: ' two', tokens: 1 },
    { type: 'text', text: ' three', tokens: 1 },
    { type: 'end', finish: 'stop', usage: { input: 3, cached: 0, output: 3 } },
  ]);
  t.match((await read(backend.generate(work({ maxTokens: 2 }), never))).at(-1), { finish: 'length' });
  const stopped = await read(backend.generate(work({ stop: ['three'] }), never));
  t.match(stopped.at(-1), { finish: 'stop', usage: { output: 3 } });
  t.equal(backend.active, 0);
});

t.test('an abort ends what it does at the time, and frees its sequence', async (t) => {
  const { clock, backend } = backendWith({ answer: () => ({ text: 'a', hangs: true }), abortMs: 50 });
  const controller = new AbortController();
  const reading = read(backend.generate(work(), controller.signal));
  await settle();
  t.equal(backend.active, 1);
  controller.abort();
  clock.advance(50);
  await t.rejects(reading, { code: 'CALL_CANCELLED' });
  t.equal(backend.active, 0);
});

t.test(
  'going down fails all that is under way and tells its listener once; nothing works until it is up',
  async (t) => {
    const { clock, backend } = backendWith({ stepMs: 10, restartMs: 100 });
    const reasons: string[] = [];
    backend.onDown(({ message }) => void reasons.push(message));
    const reading = read(backend.generate(work(), never));
    await settle();
    backend.goDown('test');
    backend.goDown('again');
    await t.rejects(reading, { code: 'MODEL_FAILED' });
    t.same(reasons, ['test']);
    await t.rejects(backend.countPrompt({ prompt: 'x' }), { code: 'MODEL_FAILED' });
    await t.rejects(backend.embed(['x'], never), { code: 'MODEL_FAILED' });
    clock.advance(100);
    t.equal(await backend.countPrompt({ prompt: 'x y' }), 2);
    await backend.close();
    backend.comeUp();
    await t.rejects(backend.tokenize('x'), { code: 'MODEL_FAILED' }, 'closed is for good');
  },
);

t.test('more answers than slots are refused: whoever asks for them has a defect', async (t) => {
  const { backend } = backendWith({ slots: 1, answer: () => ({ hangs: true }) });
  const controller = new AbortController();
  const first = read(backend.generate(work(), controller.signal));
  await settle();
  await t.rejects(read(backend.generate(work(), never)), { code: 'INTERNAL' });
  controller.abort();
  await t.rejects(first, { code: 'CALL_CANCELLED' });
});

t.test('vectors have length one and are the same for the same text', async (t) => {
  const { backend } = backendWith({ dimensions: 16 });
  const { vectors, tokens } = await backend.embed(['one two', 'other', 'one two'], never);
  t.same(vectors[0], vectors[2]);
  t.notSame(vectors[0], vectors[1]);
  t.ok(Math.abs(Math.hypot(...(vectors[0] ?? [])) - 1) < 1e-9);
  t.equal(tokens, 5);
});

t.test('tokens add up to the text, and entries pass the schema', async (t) => {
  t.equal(scriptedTokens('a longer-than-eight-letters word  ').length, 7);
  t.same(scriptedTokens(''), []);
  t.match(scriptedEntry({ name: 'other', queueRequests: 3 }), { name: 'other', queueRequests: 3, maxTokens: 1_024 });
});
