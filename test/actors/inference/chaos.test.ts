/**
 * Everything at once: a thousand requests of twenty agents, with cancels, deadlines, readers that vanish and come back, a
 * swap, and a backend that goes down five times. Each request ends by an answer or an error with a code, and nothing is left behind.
 * SKEP_ROUNDS runs more seeds.
 */
import { ScriptedBackend, scriptedEntry } from '#actors/inference/scripted';
import { executorAddress } from '#protocols/wire/address';
import { type ErrorCode, SkepError } from '#protocols/wire/error';
import type { AnswerPart } from '#protocols/wire/inference';
import t from 'tap';
import { modelUnderTest, readAll, words } from './support.js';

const REQUESTS = 1_000;
const AGENTS = 20;
const ARRIVE_MS = 14_000;
const entry = { queueRequests: 120, queueTokens: 8_000, maxTokens: 40 };
const rounds = Number(process.env['SKEP_ROUNDS'] ?? 1);

t.setTimeout(120_000 + rounds * 60_000);

/** What may come in place of an answer. */
const expected: ReadonlySet<ErrorCode> = new Set([
  'CALL_CANCELLED',
  'CALL_TIMEOUT',
  'MODEL_FAILED',
  'MODEL_UNAVAILABLE',
  'MODEL_BUSY',
  'CONTEXT_OVERFLOW',
  'ANSWER_GONE',
  'BUDGET_SPENT',
]);

for (let seed = 1; seed <= rounds; seed += 1) {
  t.test(`seed ${seed}: every request ends, and no slot, sequence, answer or stream is left`, async (t) => {
    t.setTimeout(120_000);
    const { system, clock, model, backends, stats } = await modelUnderTest({
      seed,
      entry,
      open: async ({ name }, opened, time) =>
        new ScriptedBackend({
          clock: time,
          name,
          slots: 6,
          contextTokens: 120,
          prefillMs: 0.2,
          stepMs: 3,
          stepTokens: 2,
          embedMs: 5,
          abortMs: opened.length,
          restartMs: 400,
          answer: ({ id }) => (id.endsWith('7') ? { text: words(12), fails: 'MODEL_FAILED' } : words(30)),
        }),
      args: {
        serving: { graceMs: 3_000, keptMs: 2_000, coalesceMs: 4 },
        budget: { accounts: { 'agent 3': { tokensPerMinute: 2_000 } } },
      },
    });
    const { random } = system;
    const sleep = (ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve));
    const outcomes = new Map<string, number>();
    const count = (outcome: string): void => void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    const countError = (error: unknown): void => {
      if (!(error instanceof SkepError) || !expected.has(error.code)) throw error;
      count(error.code);
    };

    const asking = async (n: number, agent: string): Promise<void> => {
      const kind = random.below(10);
      const controller = new AbortController();
      const deadlineMs = kind === 1 ? 1 + random.below(600) : undefined;
      const id = kind >= 6 ? `answer ${n}` : undefined;
      const request = {
        prompt: words(1 + random.below(kind === 2 ? 130 : 60)),
        agent,
        priority: random.below(5),
        ...(deadlineMs === undefined ? {} : { deadlineMs }),
        ...(id === undefined ? {} : { id }),
      };
      if (kind === 0) void sleep(random.below(500)).then(() => controller.abort());
      if (kind === 9 && id !== undefined) void sleep(random.below(500)).then(() => model.cast('cancel', { id }));
      const most = kind === 7 || kind === 8 ? 1 + random.below(4) : Number.POSITIVE_INFINITY;
      const first = await readAll(model.call('ask', request, { signal: controller.signal }), most);
      if (first.error !== undefined) return countError(first.error);
      if (first.end !== undefined) return checked(first.parts);
      if (kind === 8 && random.below(2) === 0) return count('left');
      await sleep(random.below(1_000));
      const from = first.parts.length;
      const second = await readAll(model.call('resume', { id: id ?? '', from }));
      if (second.error !== undefined) return countError(second.error);
      return checked([...first.parts, ...second.parts]);
    };

    const checked = (parts: readonly AnswerPart[]): void => {
      const gap = parts.some(({ seq }, at) => seq !== at);
      const text = parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
      const last = parts.at(-1);
      // A long prompt leaves less of the context than the answer would have.
      const whole = last?.type === 'end' && last.finish === 'length' ? words(last.usage.output) : words(30);
      if (gap || text !== whole) throw new Error(`a gap or a repetition: ${JSON.stringify(parts)}`);
      count('answered');
    };

    const embedding = async (n: number, agent: string): Promise<void> => {
      try {
        await model.call('embed', { texts: [`text ${n}`], agent, deadlineMs: 1 + random.below(300) });
        count('embedded');
      } catch (error) {
        countError(error);
      }
    };

    const one = async (n: number): Promise<void> => {
      await sleep(random.below(ARRIVE_MS));
      const agent = `agent ${random.below(3) === 0 ? 0 : random.below(AGENTS)}`;
      await (random.below(6) === 0 ? embedding(n, agent) : asking(n, agent));
    };
    for (let down = 1; down <= 5; down += 1)
      clock.after((down * ARRIVE_MS) / 6, () => backends.at(-1)?.goDown(`number ${down}`));
    const swapped = sleep(ARRIVE_MS / 2.2).then(() => model.call('swap', scriptedEntry({ ...entry, name: 'newer' })));
    await system.run(Promise.all(Array.from({ length: REQUESTS }, (_, n) => one(n))));

    t.match(await system.run(swapped), { name: 'newer' });
    const told = [...outcomes].map(([what, times]) => `${what} ${times}`);
    t.comment(told.toSorted((a, b) => (a < b ? -1 : 1)).join(', '));
    t.equal(
      [...outcomes.values()].reduce((sum, times) => sum + times, 0),
      REQUESTS,
    );
    t.ok((outcomes.get('answered') ?? 0) > REQUESTS / 5, 'most of what was left alone was answered');
    for (const code of ['MODEL_FAILED', 'CALL_TIMEOUT', 'CALL_CANCELLED'] as const) t.ok(outcomes.has(code), code);

    await system.advance(60_000);
    t.match(await stats(), {
      running: 0,
      waiting: 0,
      waitingTokens: 0,
      embedsWaiting: 0,
      reading: 0,
      answers: 0,
      answersKept: 0,
      askers: 0,
      freeSlots: 6,
    });
    for (const backend of backends) {
      t.equal(backend.active, 0, 'sequences');
      t.ok(backend.mostActive <= 6);
    }
    t.match(await model.call('health'), { live: true, ready: true, saturated: false });
    const inspection = await system.call(executorAddress(system.node, system.incarnation, 0), 'inspect', {
      address: model.address,
    });
    t.match(inspection, { streams: 0, mailbox: 0, watching: 0 });
    t.equal(
      system.reports().reduce((sum, { pendingCalls }) => sum + pendingCalls, 0),
      0,
    );
  });
}
