/**
 * Cancelling and pacing, over real connections: an abort ends an answer within 100 ms whatever it waits for, the server
 * sees its connection closed, and a reader that does not read stops the server from writing.
 */
import type { ModelBackend } from '#actors/inference/backend';
import { SkepError } from '#protocols/wire/error';
import { VirtualClock } from '#runtime/testing/virtual-clock';
import { anthropic } from '#test/support/providers/anthropic';
import { eventually } from '#test/support/eventually';
import { openai } from '#test/support/providers/openai';
import {
  type ProviderServer,
  type Reply,
  endless,
  plain,
  providerServer,
  silence,
  stream,
} from '#test/support/providers/server';
import { type BackendSetting, type Speaker, eventsOf, textOf, work } from '#test/support/providers/speaker';
import t from 'tap';

/** Milliseconds within which an abort has to be through, and how often a busy machine may fail that. */
const ABORT_MS = 100;
const TRIES = 5;

/** Reads until `ready`, aborts, and gives the code of the failure and how long it took. */
async function abortOf(
  backend: ModelBackend,
  ready: () => boolean,
): Promise<{ readonly code: string; readonly tookMs: number; readonly abortedMs: number }> {
  const controller = new AbortController();
  const reading = eventsOf(backend, work({ timeLeftMs: 600_000 }), controller.signal).then(
    () => 'answered',
    (error: unknown) => (error instanceof SkepError ? error.code : String(error)),
  );
  await eventually('the request is under way', ready);
  const abortedMs = performance.now();
  controller.abort();
  const code = await reading;
  return { code, tookMs: performance.now() - abortedMs, abortedMs };
}

/** When the server saw the connection of a request closed. */
async function closeOf({ seen }: ProviderServer, at: number): Promise<number> {
  await eventually('the server sees the connection closed', () => seen[at]?.closedMs !== undefined);
  return seen[at]?.closedMs ?? Number.POSITIVE_INFINITY;
}

for (const api of [openai, anthropic]) {
  const waits: readonly (readonly [what: string, reply: (api: Speaker) => Reply, setting?: BackendSetting])[] = [
    ['before the first byte', () => silence],
    ['between two parts', (speaker) => stream(speaker.beginning(['half']), { then: 'stall' })],
    ['while parts come without end', (speaker) => endless(speaker.piece('more '))],
    [
      'between two attempts',
      (speaker) => plain(500, speaker.error(500, 'broken')),
      { options: { retry: { retries: 3, baseMs: 60_000, capMs: 60_000 }, random: { next: () => 0.9 } } },
    ],
  ];
  for (const [what, reply, setting] of waits) {
    t.test(`${api.name}: an abort ${what} ends the answer, and its connection`, async (t) => {
      const server = await providerServer(t, reply(api));
      const backend = await api.open(server.origin, setting);
      let quickestMs = Number.POSITIVE_INFINITY;
      for (let at = 0; at < TRIES && quickestMs >= ABORT_MS; at += 1) {
        const { code, tookMs, abortedMs } = await abortOf(backend, () => server.seen.length > at);
        t.equal(code, 'CALL_CANCELLED');
        t.equal(server.seen.length, at + 1, 'it is not tried again');
        const closedMs = what === 'between two attempts' ? abortedMs : await closeOf(server, at);
        quickestMs = Math.min(quickestMs, Math.max(tookMs, closedMs - abortedMs));
      }
      t.ok(quickestMs < ABORT_MS, `${quickestMs.toFixed(1)} ms until it was over on both sides`);
    });
  }

  t.test(`${api.name}: an abort before the start sends nothing`, async (t) => {
    const server = await providerServer(t, stream(api.answer(['a'])));
    await t.rejects(eventsOf(await api.open(server.origin), work(), AbortSignal.abort()), { code: 'CALL_CANCELLED' });
    t.equal(server.seen.length, 0);
  });

  t.test(`${api.name}: a reader that leaves closes the connection, also while nobody waits for a part`, async (t) => {
    const server = await providerServer(t, endless(api.piece('more ')));
    for await (const event of (await api.open(server.origin)).generate(work(), new AbortController().signal)) {
      if (event.type === 'text') break;
    }
    await eventually('the server sees the connection closed', () => server.seen[0]?.closedMs !== undefined);

    const controller = new AbortController();
    const answer = (await api.open(server.origin)).generate(work(), controller.signal)[Symbol.asyncIterator]();
    await answer.next();
    controller.abort();
    await eventually('the server sees the connection closed', () => server.seen[1]?.closedMs !== undefined);
    await t.rejects(answer.next(), { code: 'CALL_CANCELLED' });
  });

  t.test(`${api.name}: a reader that does not read stops the server from writing`, async (t) => {
    const part = api.piece('x'.repeat(10_000));
    const server = await providerServer(t, endless(part));
    const controller = new AbortController();
    const answer = (await api.open(server.origin)).generate(work(), controller.signal)[Symbol.asyncIterator]();
    await answer.next();
    // What fits into the buffers of both sides is written; then it stands still.
    let before = -1;
    await eventually('the server has stopped writing', () => {
      const now = server.seen[0]?.sentBytes ?? 0;
      const stands = now === before;
      before = now;
      return stands;
    });
    const stood = before;
    for (let part = 0; part < 2_000; part += 1) await answer.next();
    await eventually('it goes on once there is room', () => (server.seen[0]?.sentBytes ?? 0) > stood);
    t.ok(stood < 16 * 1024 * 1024, `${stood} bytes were ahead of the reader`);
    controller.abort();
  });

  t.test(`${api.name}: no more requests than connections are out; the next goes when one is through`, async (t) => {
    const held: (() => void)[] = [];
    const server = await providerServer(t, async (response, seen) => {
      await new Promise<void>((resolve) => held.push(resolve));
      await stream(api.answer([`answer`]))(response, seen);
    });
    const backend = await api.open(server.origin, { connections: 2 });
    t.equal(backend.info.slots, 2);
    const answers = [1, 2, 3].map(() => eventsOf(backend));
    await eventually('two are out', () => held.length === 2);
    t.equal(server.seen.length, 2);
    held[0]?.();
    await eventually('the third is out', () => held.length === 3);
    for (const release of held) release();
    t.same((await Promise.all(answers)).map(textOf), ['answer', 'answer', 'answer']);
    t.ok(server.open() <= 2, `${server.open()} connections are kept`);
  });

  t.test(`${api.name}: a reader that stops at the end without saying so holds no connection`, async (t) => {
    const server = await providerServer(t, stream(api.answer(['a'])));
    const backend = await api.open(server.origin, { connections: 1 });
    const answer = backend.generate(work(), new AbortController().signal)[Symbol.asyncIterator]();
    for (let step = await answer.next(); step.done !== true && step.value.type !== 'end'; ) step = await answer.next();
    t.equal(textOf(await eventsOf(backend)), 'a');
  });

  t.test(`${api.name}: a reader that is cancelled and never comes back holds nothing`, async (t) => {
    const server = await providerServer(t, endless(api.piece('more ')), stream(api.answer(['a'])));
    const clock = new VirtualClock();
    const backend = await api.open(server.origin, { connections: 1, options: { clock } });
    const controller = new AbortController();
    await backend.generate(work(), controller.signal)[Symbol.asyncIterator]().next();
    controller.abort();
    t.equal(clock.pending, 0, 'no timer is left');
    t.equal(textOf(await eventsOf(backend)), 'a', 'the connection is free');
  });

  t.test(`${api.name}: closing ends what runs`, async (t) => {
    const server = await providerServer(t, silence);
    const backend = await api.open(server.origin, { connections: 1 });
    const failed = [1, 2].map(() => t.rejects(eventsOf(backend), { code: 'MODEL_UNAVAILABLE' }));
    await eventually('one is out', () => server.seen.length === 1);
    await backend.close();
    await Promise.all(failed);
    await eventually('no connection is left', () => server.open() === 0);
    t.equal(server.seen.length, 1, 'the one that waited was never sent');
  });
}
