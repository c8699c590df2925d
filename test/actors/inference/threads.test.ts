/** A model on another thread, under the clock of the machine: answers, losses and metrics as they are in production. */
import { scriptedEntry } from '#actors/inference/scripted';
import { renderPrometheus } from '#runtime/telemetry/prometheus';
import { threadSystem } from '#test/runtime/support';
import { eventually } from '#test/support/eventually';
import { listener, model } from '#test/testdata/actors/scripted-model';
import t from 'tap';
import { readAll } from './support.js';

t.setTimeout(120_000);

t.test('answers cross threads whole, and nothing is left of readers that go', async (t) => {
  const system = await threadSystem(t, ['scripted-model']);
  const ref = await system.spawn(model, { entry: scriptedEntry({ name: 'far' }) }, { executor: 2 });
  const got = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      readAll(ref.call('ask', { prompt: `number ${n} of twenty`, agent: `a${n % 3}` })),
    ),
  );
  t.ok(got.every(({ text, end }, n) => text === `you said number ${n} of twenty` && end?.finish === 'stop'));
  const controller = new AbortController();
  const hanging = [1, 2, 3].map(() => readAll(ref.call('ask', { prompt: 'hang' }, { signal: controller.signal })));
  await eventually('both slots are taken', async () => (await ref.call('stats')).running === 2);
  controller.abort();
  const cancelled = await Promise.all(hanging);
  t.ok(cancelled.every(({ error }) => (error as { code?: string }).code === 'CALL_CANCELLED'));
  await eventually('both slots are free', async () => {
    const { running, waiting, answers } = await ref.call('stats');
    return running + waiting + answers === 0;
  });
  const first = await readAll(ref.call('ask', { id: 'mine', prompt: 'a b c d e f g h' }), 2);
  const rest = await readAll(ref.call('resume', { id: 'mine', from: 2 }));
  t.equal(first.text + rest.text, 'you said a b c d e f g h');
  const text = renderPrometheus([await system.operator.reports(system)]);
  t.match(
    text,
    /skep_model_request_success_total\{model_name="far",finished_reason="stop",actor="a@[^"]+",node="a",executor="2"\} 21\n/,
  );
});

t.test('replicas tell routers of themselves', async (t) => {
  const system = await threadSystem(t, ['scripted-model']);
  const heard = await system.spawn(listener, undefined, { executor: 2 });
  const ref = await system.spawn(
    model,
    { entry: scriptedEntry({ name: 'far' }), serving: { publishMs: 20 } },
    { executor: 2 },
  );
  await eventually(
    'three reports came',
    async () => (await heard.call('heard')).filter((one) => one === ref.address).length >= 3,
  );
});
