/** Models for scenarios: a model actor over scripted backends in a test system, and readers that tell what they got. */
import { defineModel, type ModelArgs } from '#actors/inference/model';
import { ScriptedBackend, scriptedEntry, type ScriptedOptions } from '#actors/inference/scripted';
import type { ModelEntry } from '#actors/inference/entry';
import type { AnswerPart } from '#protocols/wire/inference';
import type { AnyDefinition } from '#runtime';
import { TestSystem } from '#runtime/testing/test-system';
import { VirtualClock } from '#runtime/testing/virtual-clock';

/** How a model under test is made. */
export interface ModelSetup {
  readonly backend?: Omit<ScriptedOptions, 'clock'>;
  readonly entry?: Partial<ModelEntry>;
  readonly args?: Omit<ModelArgs, 'entry'>;
  /** In place of a new backend with `backend` for each open. */
  readonly open?: (entry: ModelEntry, opened: ScriptedBackend[], clock: VirtualClock) => Promise<ScriptedBackend>;
  readonly definitions?: readonly AnyDefinition[];
  readonly seed?: number;
}

/** A model under test. `backends` are those that were opened, in order. */
export async function modelUnderTest(setup: ModelSetup = {}) {
  const clock = new VirtualClock();
  const backends: ScriptedBackend[] = [];
  const definition = defineModel(async (entry) => {
    const backend =
      setup.open === undefined
        ? new ScriptedBackend({ clock, name: entry.name, ...setup.backend })
        : await setup.open(entry, backends, clock);
    backends.push(backend);
    return backend;
  });
  const { definitions = [], seed = 1 } = setup;
  const system = await TestSystem.create({ clock, seed, definitions: [definition, ...definitions] });
  const model = await system.spawn(definition, { entry: scriptedEntry(setup.entry), ...setup.args }, { name: 'model' });
  await system.settle();
  return {
    clock,
    system,
    definition,
    model,
    backends,
    /** The one that was opened last. */
    get backend(): ScriptedBackend {
      const last = backends.at(-1);
      if (last === undefined) throw new Error('no backend was opened');
      return last;
    },
    stats: () => model.call('stats'),
  };
}

/** What a reader got. */
export interface Got {
  readonly parts: readonly AnswerPart[];
  readonly text: string;
  readonly end: Extract<AnswerPart, { type: 'end' }> | undefined;
  readonly error: unknown;
}

/** Reads a stream to its end or error, or `most` parts of it. */
export async function readAll(stream: AsyncIterable<AnswerPart>, most = Number.POSITIVE_INFINITY): Promise<Got> {
  const parts: AnswerPart[] = [];
  let error: unknown;
  try {
    for await (const part of stream) {
      parts.push(part);
      if (parts.length >= most) break;
    }
  } catch (thrown) {
    error = thrown;
  }
  const last = parts.at(-1);
  const text = parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
  return { parts, text, end: last?.type === 'end' ? last : undefined, error };
}

/** So many words. */
export function words(count: number): string {
  return Array.from({ length: count }, (_, at) => `word${at}`).join(' ');
}
