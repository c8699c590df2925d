/** What is written is read back: metadata, tensors and their data; and the same draft gives the same bytes. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import type { GgufElementType, GgufValue } from '#actors/inference/gguf/format';
import { fromHalf, toHalf } from '#actors/inference/gguf/half';
import { readGguf } from '#actors/inference/gguf/read';
import { writeGguf } from '#actors/inference/gguf/write';
import { bytesOf, sampleDraft, sampleFolder } from './sample-model.js';

const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const scalars: Readonly<Record<GgufElementType, fc.Arbitrary<number | bigint | boolean | string>>> = {
  uint8: fc.integer({ min: 0, max: 255 }),
  int8: fc.integer({ min: -128, max: 127 }),
  uint16: fc.integer({ min: 0, max: 65_535 }),
  int16: fc.integer({ min: -32_768, max: 32_767 }),
  uint32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  int32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  float32: fc.float(),
  bool: fc.boolean(),
  string: text,
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  float64: fc.double(),
};
const types = fc.constantFrom(...(Object.keys(scalars) as GgufElementType[]));
const metadataValue: fc.Arbitrary<GgufValue> = fc.oneof(
  types.chain((type) => scalars[type].map((value) => ({ type, value }))),
  types.chain((of) =>
    fc
      .array(scalars[of], { maxLength: 20 })
      .map((values) => ({ type: 'array' as const, of, count: values.length, values })),
  ),
);
const tensor = fc
  .record({
    dims: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
    type: fc.constantFrom('F32' as const, 'F16' as const),
  })
  .chain(({ dims, type }) => {
    const elements = dims.reduce((product, dim) => product * dim, 1);
    return fc
      .array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -60_000, max: 60_000 }), {
        minLength: elements,
        maxLength: elements,
      })
      .map((numbers) => ({ dims, type, data: Float32Array.from(numbers) }));
  });

t.test('what is written is read back, whatever it is', async (t) => {
  const path = join(sampleFolder(t), 'model.gguf');
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z_.]{1,20}$/), metadataValue), {
        selector: ([key]) => key,
        maxLength: 8,
      }),
      fc.array(tensor, { maxLength: 5 }),
      fc.constantFrom(undefined, 8, 32, 256),
      async (entries, drafts, alignment) => {
        const metadata = new Map<string, GgufValue>(entries.filter(([key]) => key !== 'general.alignment'));
        if (alignment !== undefined) metadata.set('general.alignment', { type: 'uint32', value: alignment });
        const tensors = drafts.map((draft, index) => ({ name: `tensor.${index}`, ...draft }));
        const bytes = await writeGguf(path, { metadata, tensors });
        const contents = await readGguf(path);
        t.strictSame([...contents.metadata], [...metadata]);
        t.equal(contents.fileBytes, bytes);
        t.same(
          contents.tensors.map(({ name, dims, type }) => [name, dims, type.name]),
          tensors.map(({ name, dims, type }) => [name, dims, type]),
        );
        const file = await readFile(path);
        contents.tensors.forEach(({ at, elements, type }, index) => {
          const stored = Array.from({ length: elements }, (_, each) =>
            type.name === 'F32' ? file.readFloatLE(at + 4 * each) : fromHalf(file.readUInt16LE(at + 2 * each)),
          );
          const drafted = [...(tensors[index]?.data ?? [])].map((number) =>
            type.name === 'F32' ? number : fromHalf(toHalf(number)),
          );
          t.same(stored, drafted);
        });
      },
    ),
    { numRuns: 60 },
  );
});

t.test('the same draft gives the same bytes, and a function gives what an array gives', async (t) => {
  const folder = sampleFolder(t);
  const first = await bytesOf(join(folder, 'a.gguf'));
  const draft = sampleDraft();
  const tensors = draft.tensors.map((tensor) => {
    const { data } = tensor;
    if (typeof data === 'function') return tensor;
    return { ...tensor, data: (piece: Float32Array, at: number) => piece.set(data.subarray(at, at + piece.length)) };
  });
  const second = await bytesOf(join(folder, 'b.gguf'), { metadata: draft.metadata, tensors });
  t.ok(first.equals(second));
});

t.test('a tensor of many pieces is asked for in order, once each', async (t) => {
  const path = join(sampleFolder(t), 'large.gguf');
  const asked: number[] = [];
  const data = (piece: Float32Array, at: number): void => {
    asked.push(at);
    for (let index = 0; index < piece.length; index += 1) piece[index] = at + index;
  };
  const elements = 200_000;
  await writeGguf(path, { metadata: new Map(), tensors: [{ name: 'x', dims: [elements], type: 'F32', data }] });
  const file = await readFile(path);
  const [tensor] = (await readGguf(path)).tensors;
  t.same(asked, [0, 65_536, 131_072, 196_608]);
  t.equal(file.readFloatLE((tensor?.at ?? 0) + 4 * (elements - 1)), elements - 1);
});

t.test('a file that cannot be finished leaves nothing under its name', async (t) => {
  const folder = sampleFolder(t);
  const path = join(folder, 'model.gguf');
  const draft = sampleDraft();
  const broken = {
    name: 'broken',
    dims: [4],
    type: 'F32' as const,
    data: (): never => {
      throw new Error('the weights are gone');
    },
  };
  await t.rejects(writeGguf(path, { ...draft, tensors: [...draft.tensors, broken] }), /the weights are gone/);
  t.notOk(existsSync(path));
  t.notOk(existsSync(`${path}.part`));
  const short = { name: 'short', dims: [4, 2], type: 'F32' as const, data: new Float32Array(7) };
  await t.rejects(writeGguf(path, { ...draft, tensors: [short] }), {
    code: 'MODEL_FILE_BAD',
    message: /short has 7 elements/,
  });
  await t.rejects(writeGguf(join(folder, 'none', 'model.gguf'), draft), { code: 'OUTPUT_UNWRITABLE' });
});
