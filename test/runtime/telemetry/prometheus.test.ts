/** The text format of Prometheus, read back by a strict reader that was written from its description alone. */
import { defineActor, type ExecutorReport } from '#runtime';
import { renderPrometheus } from '#runtime/telemetry/prometheus';
import { inlineSystem, settle } from '#test/runtime/support';
import t from 'tap';

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads an exposition; throws where the format (version 0.0.4) does not allow what it finds. */
function read(text: string): { readonly types: ReadonlyMap<string, string>; readonly samples: readonly Sample[] } {
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line has no end');
  const types = new Map<string, string>();
  const closed = new Set<string>();
  const samples: Sample[] = [];
  let current = '';
  let helped = '';
  for (const line of text.split('\n').slice(0, -1)) {
    const help = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    const type = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)$/.exec(line);
    if (help !== null) {
      helped = help[1] ?? '';
      continue;
    }
    if (type !== null) {
      const [, name = '', kind = ''] = type;
      if (name !== helped || closed.has(name)) throw new Error(`family ${name} is told twice, or without help`);
      if ((kind === 'counter') !== name.endsWith('_total')) throw new Error(`${kind} ${name}`);
      closed.add(name);
      types.set(name, kind);
      current = name;
      continue;
    }
    const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)\{(.*)\} (\S+)$/.exec(line);
    if (sample === null) throw new Error(`no line of the format: ${line}`);
    const [, name = '', labelText = '', value = ''] = sample;
    const series = types.get(current) === 'histogram' ? name.replace(/_(bucket|sum|count)$/, '') : name;
    if (series !== current) throw new Error(`${name} stands in the family ${current}`);
    if (!/^([+-]?(\d+(\.\d+)?(e[+-]?\d+)?|Inf)|NaN)$/.test(value)) throw new Error(`value ${value}`);
    samples.push({ name, labels: readLabels(labelText), value: Number(value.replace('Inf', 'Infinity')) });
  }
  const keys = samples.map(
    ({ name, labels }) =>
      name +
      Object.entries(labels)
        .map(String)
        .sort((a, b) => (a < b ? -1 : 1))
        .join(';'),
  );
  if (new Set(keys).size !== keys.length) throw new Error('a sample is there twice');
  return { types, samples };
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y;
  while (label.lastIndex < text.length) {
    const match = label.exec(text);
    if (match === null) throw new Error(`labels ${text}`);
    const [, name = '', value = ''] = match;
    if (name in labels) throw new Error(`label ${name} is there twice`);
    labels[name] = value.replaceAll(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter));
  }
  return labels;
}

const fragile = defineActor({
  name: 'fragile',
  init: () => ({}),
  casts: {
    work: () => {},
    crash: () => {
      throw new Error('told to crash');
    },
  },
});

t.test('a report of real actors is text that Prometheus takes, with the counts that they made', async (t) => {
  const { system, clock } = await inlineSystem(t, { definitions: [fragile] });
  const ref = await system.spawn(fragile, {});
  for (let n = 0; n < 7; n += 1) ref.cast('work');
  ref.cast('crash');
  await settle();
  clock.advance(5_000);
  await settle();
  system.cast(ref.address, 'no-such', null);
  await settle();
  const text = renderPrometheus([await system.operator.reports(system)]);
  const { types, samples } = read(text);
  const value = (name: string, labels: Record<string, string>): number | undefined =>
    samples.find((one) => one.name === name && Object.entries(labels).every(([key, want]) => one.labels[key] === want))
      ?.value;
  const of = { definition: 'fragile', version: '1', node: 'a', executor: '0' };
  t.equal(value('skep_messages_processed_total', of), 9);
  t.equal(value('skep_actor_failures_total', of), 1);
  t.equal(value('skep_actor_restarts_total', of), 1);
  t.equal(value('skep_actors', of), 1);
  t.equal(value('skep_mailbox_messages', of), 0);
  t.equal(value('skep_dead_letters_total', { reason: 'no-such-handler' }), 1);
  t.equal(value('skep_executor_up', { node: 'a', executor: '0' }), 1);
  t.equal(value('skep_executor_uptime_seconds', { node: 'a' }), 5);
  t.ok((value('skep_heap_used_bytes', {}) ?? 0) > 1_000_000);
  t.ok(types.size >= 14, `${types.size} families`);
});

t.test('counters of a definition outlive its actors', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [fragile] });
  const processed = async (): Promise<unknown> => {
    const [report] = await system.reports();
    const { actors, processed: count } = report?.definitions.find(({ definition }) => definition === 'fragile') ?? {};
    return { actors, count };
  };
  const ref = await system.spawn(fragile, {});
  ref.cast('work');
  await settle();
  t.same(await processed(), { actors: 1, count: 1 });
  system.stopActor(ref.address);
  await settle();
  t.same(await processed(), { actors: 0, count: 1 });
});

t.test('odd names of definitions and executors that are silent come through whole', async (t) => {
  const { system } = await inlineSystem(t);
  const [report] = await system.reports();
  if (report === undefined) throw new Error('no report');
  const [first] = report.definitions;
  if (first === undefined) throw new Error('no definition');
  const odd = 'a "quoted\\ one"\nwith {braces}, commas="x"';
  const changed: ExecutorReport = { ...report, definitions: [{ ...first, definition: odd, busyMs: 1_000 * 2 ** -40 }] };
  const { samples } = read(renderPrometheus([{ node: 'n', executors: [changed], silent: [3] }]));
  t.equal(samples.find(({ name }) => name === 'skep_actors')?.labels['definition'], odd);
  t.equal(samples.find(({ labels }) => labels['executor'] === '3')?.value, 0);
  t.equal(samples.find(({ name }) => name === 'skep_actor_busy_seconds_total')?.value, 2 ** -40);
  t.equal(renderPrometheus([]), '');
});

const kettle = defineActor({
  name: 'kettle',
  init: (args: { readonly label: string }) => ({ ...args, boiled: 2 }),
  metrics: ({ label, boiled }) => [
    { name: 'kettle_boiled_total', type: 'counter', help: 'Boiled.', samples: [{ labels: { label }, value: boiled }] },
    {
      name: 'kettle_seconds',
      type: 'histogram',
      help: 'How long it took,\nin seconds.',
      samples: [
        { labels: { label, le: '1' }, value: 1, suffix: '_bucket' },
        { labels: { label, le: '+Inf' }, value: boiled, suffix: '_bucket' },
        { labels: { label }, value: 3.5, suffix: '_sum' },
        { labels: { label }, value: boiled, suffix: '_count' },
      ],
    },
    { name: 'not a name', type: 'gauge', help: 'x', samples: [{ labels: {}, value: 1 }] },
    { name: 'skep_actors', type: 'gauge', help: 'A name of the runtime.', samples: [{ labels: {}, value: 1 }] },
  ],
});

const broken = defineActor({
  name: 'broken',
  init: () => ({}),
  metrics: () => {
    throw new Error('no metrics today');
  },
});

t.test(
  'metrics of actors stand beside those of the runtime, once for each actor; a bad name is left out',
  async (t) => {
    const { system } = await inlineSystem(t, { definitions: [kettle] });
    await system.spawn(kettle, { label: 'a' });
    const second = await system.spawn(kettle, { label: 'a' });
    const { types, samples } = read(renderPrometheus([await system.operator.reports(system)]));
    t.equal(types.get('kettle_seconds'), 'histogram');
    t.equal(samples.filter(({ name }) => name === 'kettle_boiled_total').length, 2);
    t.equal(samples.find(({ name, labels }) => name === 'kettle_seconds_bucket' && labels['le'] === '+Inf')?.value, 2);
    t.equal(types.has('not a name'), false);
    system.stopActor(second.address);
    await settle();
    const after = read(renderPrometheus([await system.operator.reports(system)]));
    t.equal(after.samples.filter(({ name }) => name === 'kettle_boiled_total').length, 1, 'it goes with its actor');
  },
);

t.test('metrics that throw are missing from the report, and the report is there', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [kettle, broken] });
  await system.spawn(broken, undefined);
  await system.spawn(kettle, { label: 'b' });
  const { types } = read(renderPrometheus([await system.operator.reports(system)]));
  t.ok(types.has('kettle_boiled_total'));
});
