/**
 * The registry of models with models that the test holds in its hand: when each is loaded, what each has to do, how each
 * fails. Loads of one name are one load; what does not fit waits its turn; what cannot live is given up alone.
 */
import t, { type Test } from 'tap';
import { type LlamaEntry, type ModelEntry, modelEntry } from '#actors/inference/entry';
import type { modelActor } from '#actors/inference/model';
import { defineModelRegistry, type RegistryArgs } from '#actors/inference/registry';
import { ActorSystem, defineActor, SkepError } from '#runtime';
import { eventually } from '#test/support/eventually';

const MIB = 1_048_576;

function entry(name: string, more: Partial<LlamaEntry> = {}): LlamaEntry {
  return { ...(modelEntry.parse({ name, backend: 'llama', path: `/models/${name}.gguf` }) as LlamaEntry), ...more };
}

/** What the test decides about each model, and what it sees. */
class Lab {
  readonly loads: string[] = [];
  readonly drained: string[] = [];
  readonly lifted: string[] = [];
  readonly swapped: ModelEntry[] = [];
  readonly ready = new Set<string>();
  readonly busy = new Map<string, number>();
  readonly sizes = new Map<string, number | SkepError>();
  readonly broken = new Set<string>();
  /** What a model says of why it is not ready. */
  readonly says = new Map<string, { readonly live: boolean; readonly reason: string }>();
  freeBytes = 1_000 * MIB;

  /** A model that is ready when the test says so, or at once. */
  static definition(lab: Lab, atOnce: boolean): typeof modelActor {
    const fake = defineActor({
      name: 'skep.model',
      init: ({ entry: { name } }: { readonly entry: ModelEntry }) => {
        lab.loads.push(name);
        if (lab.broken.has(name)) throw new SkepError('MODEL_FILE_BAD', `${name} is broken`);
        if (atOnce) lab.ready.add(name);
        return { name };
      },
      calls: {
        health: ({ name }) => {
          const said = lab.says.get(name);
          return said === undefined
            ? { live: true, ready: lab.ready.has(name), saturated: false }
            : { ...said, ready: false, saturated: false };
        },
        info: () => ({ model: { contextTokens: 2_048, slots: 2, memoryBytes: 50 * MIB } }),
        stats: ({ name }) => ({ running: lab.busy.get(name) ?? 0, waiting: 0, rejected: { MODEL_BUSY: 3 } }),
        swap: (_state, wanted: ModelEntry) => void lab.swapped.push(wanted),
      },
      casts: {
        drain: ({ name }) => void lab.drained.push(name),
        crash: () => {
          throw new Error('it died');
        },
      },
      terminate: ({ name }) => void lab.ready.delete(name),
    });
    return fake as unknown as typeof modelActor;
  }
}

interface Shelf {
  readonly lab: Lab;
  readonly system: ActorSystem;
  readonly fake: typeof modelActor;
  readonly registry: Awaited<ReturnType<typeof begin>>;
}

async function begin(
  system: ActorSystem,
  definition: ReturnType<typeof defineModelRegistry>,
  args: Partial<RegistryArgs>,
) {
  const defaults: RegistryArgs = {
    models: [],
    defaultModel: null,
    load: 'demand',
    memoryBytes: null,
    switchAfterMs: 10_000,
  };
  return system.spawn(definition, { ...defaults, ...args }, { name: 'models' });
}

async function shelf(t: Test, args: Partial<RegistryArgs> = {}, atOnce = true, lab = new Lab()): Promise<Shelf> {
  const fake = Lab.definition(lab, atOnce);
  const definition = defineModelRegistry({
    model: fake,
    memoryOf: ({ name }) => {
      const size = lab.sizes.get(name) ?? 100 * MIB;
      return size instanceof SkepError ? Promise.reject(size) : Promise.resolve(size);
    },
    freeMemory: () => lab.freeBytes,
    lift: ({ name }) => Promise.resolve(void lab.lifted.push(name)),
  });
  const system = await ActorSystem.create({
    node: 'n1',
    definitions: [fake, definition],
    log: { level: 'silent', format: 'json' },
  });
  t.teardown(() => system.shutdown());
  return { lab, system, fake, registry: await begin(system, definition, args) };
}

async function stateOf({ registry }: Shelf, name: string): Promise<string | undefined> {
  const { models } = await registry.call('list');
  return models.find((line) => line.name === name)?.state;
}

t.test('ten loads of one name at once load once, and all get the same actor', async (t) => {
  const here = await shelf(t, {}, false);
  const loads = Array.from({ length: 10 }, () => here.registry.call('load', { entry: entry('a') }));
  await eventually('it is being loaded', async () => (await stateOf(here, 'a')) === 'loading');
  here.lab.ready.add('a');
  const addresses = new Set((await Promise.all(loads)).map(({ address }) => address));
  t.equal(addresses.size, 1);
  t.same(here.lab.loads, ['a']);
});

t.test('a load does not hold the registry up: it lists while a model takes its time', async (t) => {
  const here = await shelf(t, {}, false);
  const load = here.registry.call('load', { entry: entry('slow') });
  await eventually('it is being loaded', async () => (await stateOf(here, 'slow')) === 'loading');
  t.match(await here.registry.call('list'), {
    models: [{ name: 'slow', state: 'loading', waitingToLoad: 1, backend: 'llama' }],
  });
  here.lab.ready.add('slow');
  await load;
  t.match(await here.registry.call('list'), {
    models: [
      { state: 'ready', slots: 2, contextTokens: 2_048, memoryBytes: 50 * MIB, figures: { 'rejected.MODEL_BUSY': 3 } },
    ],
  });
});

t.test('configured models are loaded at the start, in their order, as far as they fit', async (t) => {
  const here = await shelf(t, {
    models: [entry('a'), entry('b'), entry('c')],
    load: 'start',
    memoryBytes: 250 * MIB,
  });
  await eventually('two are ready', async () => (await stateOf(here, 'b')) === 'ready');
  t.same(here.lab.loads, ['a', 'b']);
  t.equal(await stateOf(here, 'c'), 'absent');
});

t.test('on demand nothing is loaded before somebody asks', async (t) => {
  const here = await shelf(t, { models: [entry('a'), entry('b')] });
  t.equal((await here.registry.call('use', { model: 'b' })).name, 'b');
  t.same(here.lab.loads, ['b']);
});

t.test(
  'who answers: by name, by default, by wish; a name that nobody has is told with those that there are',
  async (t) => {
    const models = [entry('fast', { profile: 'fast' }), entry('deep', { profile: 'quality' })];
    const here = await shelf(t, { models, defaultModel: 'deep' });
    t.equal((await here.registry.call('use', {})).name, 'deep');
    t.equal((await here.registry.call('use', { wish: { profile: 'fast' } })).name, 'fast');
    t.equal((await here.registry.call('use', { model: 'deep', wish: { profile: 'fast' } })).name, 'deep');
    const choice = await here.registry.call('select', { task: 'classify' });
    t.match(choice, {
      name: 'fast',
      ranked: [
        { name: 'fast', profile: 4, presence: 3 },
        { name: 'deep', profile: 0 },
      ],
    });
    await t.rejects(here.registry.call('use', { model: 'none' }), { code: 'UNKNOWN_MODEL', message: /fast, deep/ });
  },
);

t.test('an idle model gives way to one that does not fit beside it, and comes back when it is asked for', async (t) => {
  const here = await shelf(t, { models: [entry('a'), entry('b')], memoryBytes: 150 * MIB, switchAfterMs: 60_000 });
  const { address: before } = await here.registry.call('use', { model: 'a' });
  await here.registry.call('use', { model: 'b' }, { timeoutMs: 20_000 });
  t.same(here.lab.drained, ['a'], 'it was let to end what it had');
  t.equal(await stateOf(here, 'a'), 'absent');
  const { address: after } = await here.registry.call('use', { model: 'a' }, { timeoutMs: 20_000 });
  t.not(before, after);
  t.same(here.lab.loads, ['a', 'b', 'a']);
});

t.test('a busy model keeps its place until others have waited long enough, and ends its answers first', async (t) => {
  const here = await shelf(t, { models: [entry('a'), entry('b')], memoryBytes: 150 * MIB, switchAfterMs: 1_500 });
  await here.registry.call('use', { model: 'a' });
  here.lab.busy.set('a', 1);
  await eventually('it is seen to be busy', async () => (await here.registry.call('list')).models[0]?.running === 1);
  const waited = here.registry.call('use', { model: 'b' }, { timeoutMs: 20_000 });
  const more = await here.registry.call('use', { model: 'a' });
  t.equal(more.name, 'a', 'its own requests go on meanwhile');
  await eventually('it is told to leave', () => here.lab.drained.includes('a'));
  t.equal(await stateOf(here, 'a'), 'leaving', 'it still has an answer under way');
  t.same(here.lab.loads, ['a']);
  here.lab.busy.set('a', 0);
  t.equal((await waited).name, 'b');
});

t.test('a model that can never fit is refused with what it needs and what there is', async (t) => {
  const here = await shelf(t, { models: [entry('huge')], memoryBytes: 64 * MIB });
  await t.rejects(here.registry.call('use', { model: 'huge' }), {
    code: 'OUT_OF_MEMORY',
    message: /needs about 100 MiB, and at most 64 MiB/,
  });
  const { models } = await here.registry.call('list');
  t.match(models, [{ state: 'failed', reason: /OUT_OF_MEMORY/ }]);
});

t.test('without a limit what is free counts', async (t) => {
  const lab = new Lab();
  lab.freeBytes = 10 * MIB;
  const here = await shelf(t, { models: [entry('a')] }, true, lab);
  await t.rejects(here.registry.call('use', { model: 'a' }), { code: 'OUT_OF_MEMORY' });
  lab.freeBytes = 200 * MIB;
  t.equal((await here.registry.call('use', { model: 'a' })).name, 'a', 'and is looked at again when it is asked again');
});

t.test('a file that is bad, or a model that does not start: who waits is told, and the others live', async (t) => {
  const lab = new Lab();
  lab.sizes.set('torn', new SkepError('MODEL_FILE_BAD', 'torn.gguf: it is cut off'));
  lab.broken.add('broken');
  const here = await shelf(t, { models: [entry('torn'), entry('broken'), entry('good')] }, true, lab);
  await t.rejects(here.registry.call('use', { model: 'torn' }), { code: 'MODEL_FILE_BAD', message: /cut off/ });
  await t.rejects(here.registry.call('use', { model: 'broken' }));
  t.equal((await here.registry.call('use', { model: 'good' })).name, 'good');
  lab.sizes.delete('torn');
  t.equal((await here.registry.call('use', { model: 'torn' })).name, 'torn', 'a file that was mended is found good');
});

t.test('a model that says why it cannot be loaded: who waits hears its code; one that is dead is let go', async (t) => {
  const here = await shelf(t, { models: [entry('a'), entry('b')] });
  here.lab.says.set('a', { live: false, reason: 'MODEL_QUARANTINED: it ended its process twice' });
  await t.rejects(here.registry.call('use', { model: 'a' }), {
    code: 'MODEL_QUARANTINED',
    message: 'it ended its process twice',
  });
  await eventually(
    'it is not held any more',
    async () => (await here.registry.call('list')).models[0]?.address === undefined,
  );
  here.lab.says.set('b', { live: true, reason: 'MODEL_UNAVAILABLE: node-llama-cpp is not installed' });
  await t.rejects(here.registry.call('use', { model: 'b' }), { code: 'MODEL_UNAVAILABLE', message: /not installed/ });
  here.lab.says.delete('b');
  await eventually('it came up by itself', async () => (await stateOf(here, 'b')) === 'ready');
  here.lab.says.delete('a');
  t.equal((await here.registry.call('load', { name: 'a', force: true })).name, 'a');
  t.same(here.lab.lifted, ['a'], 'force lifts the quarantine first');
});

t.test('a model that crashes starts again at its address; one that cannot live is given up alone', async (t) => {
  const here = await shelf(t, { models: [entry('a'), entry('b')] });
  const { address } = await here.registry.call('use', { model: 'a' });
  await here.registry.call('use', { model: 'b' });
  const crash = (): boolean => here.system.cast(address, 'crash', null);
  crash();
  await eventually('it lives again', () => here.lab.loads.filter((name) => name === 'a').length === 2);
  t.equal((await here.registry.call('use', { model: 'a' })).address, address);
  here.lab.broken.add('a');
  crash();
  await eventually('it is given up', async () => (await stateOf(here, 'a')) === 'failed', 30_000);
  t.equal(await stateOf(here, 'b'), 'ready');
  here.lab.broken.delete('a');
  t.equal((await here.registry.call('use', { model: 'a' })).name, 'a', 'who asks for it has it tried once more');
});

t.test('unload waits for the answers under way, and twice is once', async (t) => {
  const here = await shelf(t, { models: [entry('a')] });
  await here.registry.call('use', { model: 'a' });
  here.lab.busy.set('a', 1);
  await eventually('it is seen to be busy', async () => (await here.registry.call('list')).models[0]?.running === 1);
  const gone = [here.registry.call('unload', { name: 'a' }), here.registry.call('unload', { name: 'a' })];
  await eventually('it leaves', async () => (await stateOf(here, 'a')) === 'leaving');
  here.lab.busy.set('a', 0);
  await Promise.all(gone);
  t.equal(await stateOf(here, 'a'), 'absent');
  t.same(here.lab.drained, ['a']);
  await here.registry.call('unload', { name: 'a' });
});

t.test('a model that nobody asks goes after its keep-alive', async (t) => {
  const here = await shelf(t, { models: [entry('a', { keepAliveMs: 1_200 })] });
  await here.registry.call('use', { model: 'a' });
  await eventually('it is gone', async () => (await stateOf(here, 'a')) === 'absent');
  t.same(here.lab.loads, ['a']);
});

t.test('swap puts another file under the name, at the same address', async (t) => {
  const here = await shelf(t, { models: [entry('a')] });
  const { address } = await here.registry.call('use', { model: 'a' });
  const better = entry('other', { path: '/models/better.gguf' });
  t.match(await here.registry.call('swap', { name: 'a', entry: better }), { name: 'a', address });
  t.match(here.lab.swapped, [{ name: 'a', path: '/models/better.gguf' }]);
  await t.rejects(
    here.registry.call('load', { entry: entry('a') }),
    { code: 'NAME_TAKEN' },
    'the old entry is another one now',
  );
});
