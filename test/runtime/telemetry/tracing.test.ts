/** Trace contexts and spans, read from the in-memory twin: who is whose parent, what fails, and what makes no noise. */
import { ActorSystem, defineActor, type FinishedSpan, MemoryTracer, SkepError } from '#runtime';
import type { ActorAddress } from '#protocols/wire/address';
import { inlineSystem, settle } from '#test/runtime/support';
import t from 'tap';

const OUTSIDE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const TRACE_ID = OUTSIDE.slice(3, 35);

const leaf = defineActor({
  name: 'leaf',
  init: () => ({ seen: [] as (string | undefined)[] }),
  calls: {
    trace: (_state, _message: null, ctx) => ctx.traceparent ?? null,
    refuse: (): never => {
      throw new SkepError('BAD_MESSAGE', 'not this one');
    },
    crash: (): never => {
      throw new Error('told to crash');
    },
    async *count() {
      yield 1;
      yield 2;
    },
    seen: (state) => [...state.seen],
  },
  casts: { note: (state, _message: null, ctx) => void state.seen.push(ctx.traceparent) },
});

const root = defineActor({
  name: 'root',
  init: (args: { readonly leaf: ActorAddress }, ctx) => ({ leaf: ctx.ref(leaf, args.leaf) }),
  calls: {
    ask: async (state, _message: null) => {
      // The context holds after an await, too: it belongs to the message in hand.
      await Promise.resolve();
      state.leaf.cast('note', null);
      return state.leaf.call('trace', null);
    },
    refuse: (state) => state.leaf.call('refuse'),
    crash: (state) => state.leaf.call('crash'),
    count: async (state) => {
      const items: number[] = [];
      for await (const item of state.leaf.call('count')) items.push(item);
      return items;
    },
    child: async (_state, _message: null, ctx) => (await ctx.spawn(leaf, {})).address,
  },
  casts: { pass: (state) => void state.leaf.cast('note', null) },
});

async function family(t: Parameters<typeof inlineSystem>[0], tracer?: MemoryTracer) {
  const { system } = await inlineSystem(t, {
    definitions: [leaf, root],
    ...(tracer === undefined ? {} : { tracer }),
  });
  const leafRef = await system.spawn(leaf, {}, { restart: 'temporary' });
  const rootRef = await system.spawn(root, { leaf: leafRef.address });
  return { system, leafRef, rootRef };
}

/** Spans as "kind name" with the same of their parents. */
function tree(spans: readonly FinishedSpan[]): readonly string[] {
  const names = new Map(spans.map((span) => [span.spanId, `${span.kind} ${span.name}`]));
  return spans.map(
    (span) => `${span.kind} ${span.name} <- ${names.get(span.parentSpanId ?? '') ?? span.parentSpanId ?? 'none'}`,
  );
}

t.test('without tracing a trace context from outside goes through every message that it causes', async (t) => {
  const { system, leafRef, rootRef } = await family(t);
  t.equal(await rootRef.call('ask', null, { traceparent: OUTSIDE }), OUTSIDE, 'a call in a call');
  t.same(await leafRef.call('seen'), [OUTSIDE], 'a cast in a call');
  system.cast(rootRef.address, 'pass', null, { traceparent: OUTSIDE });
  await settle();
  t.same(await leafRef.call('seen'), [OUTSIDE, OUTSIDE], 'a cast in a cast');
  t.equal(await rootRef.call('ask', null), null, 'and ends with it');
  t.equal(await rootRef.call('ask', null, { traceparent: 'nonsense' }), null, 'a malformed context is as none');
});

t.test('a call that calls and casts is one trace, each span below the one that caused it', async (t) => {
  const tracer = new MemoryTracer();
  const { rootRef } = await family(t, tracer);
  const before = tracer.finished.length;
  await rootRef.call('ask', null, { traceparent: OUTSIDE });
  await settle();
  const spans = tracer.finished.slice(before);
  t.same(
    [...tree(spans)].sort(),
    [
      'client call ask <- 00f067aa0ba902b7',
      'client call trace <- server root/ask',
      'consumer process leaf <- server root/ask',
      'server leaf/trace <- client call trace',
      'server root/ask <- client call ask',
    ].sort(),
  );
  t.ok(spans.every(({ traceId, error }) => traceId === TRACE_ID && error === undefined));
  t.match(spans.find(({ kind }) => kind === 'consumer')?.attributes, {
    'skep.definition': 'leaf',
    'skep.message': 'note',
    'skep.node': 'a',
    'skep.executor': 0,
    'skep.actor': /^a@i1\/0\/\d+$/,
    'messaging.system.name': 'skep',
    'messaging.destination.name': 'leaf',
  });
  t.match(spans.find(({ name }) => name === 'root/ask')?.attributes, { 'rpc.method': 'root/ask' });
});

t.test('a refusal and a crash are recorded with their codes on both sides of the call', async (t) => {
  const tracer = new MemoryTracer();
  const { rootRef } = await family(t, tracer);
  const codes = (names: readonly string[]): unknown =>
    names.map((name) => tracer.finished.findLast((span) => span.name === name)?.error?.code);
  await t.rejects(rootRef.call('refuse'), { code: 'BAD_MESSAGE' });
  t.same(codes(['leaf/refuse', 'call refuse', 'root/refuse']), ['BAD_MESSAGE', 'BAD_MESSAGE', 'BAD_MESSAGE']);
  await t.rejects(rootRef.call('crash'), { code: 'ACTOR_CRASHED' });
  t.same(codes(['leaf/crash', 'call crash', 'root/crash']), ['ACTOR_CRASHED', 'ACTOR_CRASHED', 'ACTOR_CRASHED']);
  t.match(tracer.finished.findLast(({ name }) => name === 'leaf/crash')?.error?.message, /told to crash/);
});

t.test('a stream is one span on each side, from its call to its end', async (t) => {
  const tracer = new MemoryTracer();
  const { rootRef } = await family(t, tracer);
  t.same(await rootRef.call('count'), [1, 2]);
  await settle();
  t.equal(tracer.finished.filter(({ name }) => name === 'leaf/count').length, 1);
  t.match(
    tree(tracer.finished).filter((line) => line.includes('count')),
    [/server leaf\/count <- client call count/, /client call count <- server root\/count/],
  );
  t.ok(tracer.finished.every(({ error }) => error === undefined));
});

t.test('a spawn is a span in the trace of the handler that asked for it, and its init is inside', async (t) => {
  const tracer = new MemoryTracer();
  const { rootRef } = await family(t, tracer);
  await rootRef.call('child', null, { traceparent: OUTSIDE });
  const spans = tracer.finished.filter(({ traceId }) => traceId === TRACE_ID);
  t.ok(tree(spans).includes('internal spawn leaf <- server root/child'), tree(spans).join('\n'));
});

t.test('what is not sampled is passed on as not sampled, and nothing of it is kept', async (t) => {
  const tracer = new MemoryTracer();
  const { rootRef } = await family(t, tracer);
  const before = tracer.finished.length;
  const trace = await rootRef.call('ask', null, { traceparent: OUTSIDE.replace(/01$/, '00') });
  t.match(trace, new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-00$`));
  t.equal(tracer.finished.length, before);
});

t.test('what the runtime does for itself begins no traces', async (t) => {
  const tracer = new MemoryTracer();
  const { system } = await inlineSystem(t, { definitions: [leaf], tracer });
  await system.lookupAddress('nobody');
  await system.list();
  await system.reports();
  await system.deadLetters();
  t.same(tracer.finished, []);
});

t.test('a tracer with threads is refused, because it cannot be there', async (t) => {
  await t.rejects(ActorSystem.create({ executors: 1, tracer: new MemoryTracer() }), {
    code: 'BAD_CONFIG',
    message: /tracer/,
  });
});
