/** News of dead threads on another node: in time, late, twice, forged. `b` is that node; its news are made by hand. */
import { type ActorContext, type ActorRef, defineActor, type Info } from '#runtime';
import { type ActorAddress, addressParts, executorAddress, formatAddress } from '#protocols/wire/address';
import { makeRef, type RefTarget } from '#runtime/actor/ref';
import { encodeFrame } from '#runtime/codec/frame';
import type { Executor } from '#runtime/executor/executor';
import t from 'tap';
import { pairOfNodes } from '../pair.js';
import { settle } from '../support.js';

/** First serial of the second and third life of a thread, as a node would choose it. */
const [SECOND, THIRD] = [1_000, 2_000];

const worker = defineActor({
  name: 'worker',
  init: () => ({ count: 0, signals: [] as AbortSignal[] }),
  calls: {
    add: (state, amount: number) => (state.count += amount),
    hang: (state, _message: undefined, ctx) => {
      state.signals.push(ctx.signal);
      return new Promise<never>(() => {});
    },
  },
});

function refOn<D extends RefTarget>(executor: Executor, definition: D, address: ActorAddress): ActorRef<D> {
  return makeRef(definition, address, {
    tryCast: (to, name, message) => executor.offer({ kind: 'cast', to, from: executor.address, name, message }),
    call: (to, name, message, options) => executor.call(to, name, message, options),
    stream: (to, name, message, options) => executor.stream(to, name, message, options),
    drained: (to) => executor.drained(to),
  });
}

/** `a` with an agent that has a child on `b` and watches it. */
async function world(t: Parameters<typeof pairOfNodes>[0]) {
  const infos: Info[] = [];
  const agent = defineActor({
    name: 'agent',
    init: () => null,
    calls: { act: (_state, action: (ctx: ActorContext) => unknown, ctx) => action(ctx) },
    info: (_state, info) => void infos.push(info),
  });
  const pair = await pairOfNodes(t, [worker, agent]);
  const spec = { definition: 'agent', args: null, restart: 'temporary', placement: 'same' } as const;
  const self = refOn(pair.a, agent, await pair.a.start(spec, undefined));
  const act = <T>(action: (ctx: ActorContext) => T): Promise<Awaited<T>> =>
    self.call('act', action) as Promise<Awaited<T>>;
  const child = (await act((ctx) => ctx.spawn(worker, undefined, { node: 'b' }))).address;
  await act((ctx) => ctx.monitor(child));
  /** News as `b` would send it, with something changed. */
  const tell = (type: 'executor-down' | 'executor-up', nextSerial = SECOND, by = 'b', life = 'b1'): void => {
    const executor = executorAddress('b', life, 0);
    const reason = { class: 'crash', message: 'executor 0 ended' } as const;
    const from = executorAddress(by, by === 'b' ? life : `${by}1`, 1_000);
    pair.a.receive(
      encodeFrame([{ kind: 'signal', to: pair.a.address, from, signal: { type, executor, reason, nextSerial } }]),
    );
  };
  const downs = (): number => infos.filter(({ type }) => type === 'down').length;
  /** Signals that left for the child. */
  const restarts = (): number => pair.frames.filter((frame) => Buffer.from(frame).includes('restart')).length;
  return { ...pair, act, child: refOn(pair.a, worker, child), tell, downs, restarts };
}

t.test('news of a death: calls and monitors end at once, the restart waits for the replacement', async (t) => {
  const { a, child, clock, downs, restarts, tell, cut } = await world(t);
  const call = child.call('hang', undefined, { timeoutMs: Number.POSITIVE_INFINITY });
  await settle();
  cut();
  tell('executor-down');
  await t.rejects(call, { code: 'EXECUTOR_DOWN' });
  await settle();
  clock.advance(1_000);
  await settle();
  t.equal(downs(), 1);
  const before = restarts();
  tell('executor-up');
  clock.advance(1_000);
  await settle();
  t.equal(restarts(), before + 1);
  t.equal(a.report().pendingCalls, 0);
});

t.test('news of a replacement that comes alone says all; repeated or old news says nothing', async (t) => {
  const { act, child, clock, downs, restarts, tell } = await world(t);
  const before = restarts();
  tell('executor-up', THIRD);
  clock.advance(1_000);
  await settle();
  t.equal(downs(), 1);
  t.equal(restarts(), before + 1);
  await act((ctx) => ctx.monitor(child.address));
  const call = child.call('hang', undefined, { timeoutMs: 60_000 });
  await settle();
  for (const type of ['executor-down', 'executor-up'] as const) {
    for (const nextSerial of [SECOND, THIRD]) tell(type, nextSerial);
  }
  clock.advance(1_000);
  await settle();
  t.equal(downs(), 1, 'the new monitor holds');
  t.equal(restarts(), before + 1);
  clock.advance(60_000);
  await t.rejects(call, { code: 'CALL_TIMEOUT' }, 'and so did the call');
});

t.test('late news harms nothing of the lives that follow, of the thread or of the node', async (t) => {
  const { a, b, downs, tell } = await world(t);
  const spec = { definition: 'worker', args: null, restart: 'temporary', placement: 'same' } as const;
  const hanging = refOn(a, worker, await a.start(spec, undefined));
  const born = formatAddress({ node: 'b', incarnation: 'b1', executor: 0, serial: SECOND + 5 });
  const callToNew = a.call(born, 'hang', null, { timeoutMs: 5_000 });
  callToNew.catch(() => {});
  // A call that the replacement of the dead thread made to an actor here.
  const from = executorAddress('b', 'b1', 0);
  const call = { kind: 'call', name: 'hang', message: null, timeoutMs: 5_000, chain: [], credit: 0 } as const;
  a.receive(encodeFrame([{ ...call, to: hanging.address, from, id: SECOND + 1 }]));
  await settle();
  tell('executor-down', SECOND, 'b', 'b0');
  await settle();
  t.equal(downs(), 0, 'a life of the node before touches nobody');
  tell('executor-down');
  await settle();
  await t.rejects(callToNew, { code: 'NO_SUCH_ACTOR' }, 'an actor of the new life answers for itself');
  const cell = a.cells.get(addressParts(hanging.address).serial);
  const [signal] = (cell?.state as { signals: AbortSignal[] } | undefined)?.signals ?? [];
  t.equal(signal?.aborted, false, 'a call of the new life is still handled');
  t.ok(b.report().actors > 0);
});

t.test('news about the threads of another than its sender, or about the receiver, is no news', async (t) => {
  const { a, downs, tell } = await world(t);
  tell('executor-down', SECOND, 'c');
  tell('executor-down', SECOND, 'a');
  const reason = { class: 'crash', message: '' } as const;
  const signal = { type: 'executor-down', executor: a.address, reason, nextSerial: SECOND } as const;
  const actors = a.report().actors;
  a.receive(encodeFrame([{ kind: 'signal', to: a.address, from: executorAddress('a', 'a1', 1_000), signal }]));
  await settle();
  t.equal(downs(), 0);
  t.equal(a.report().actors, actors);
});
