/** Models that are split over several files. */
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { checkGguf } from '#actors/inference/gguf/check';
import { writeGguf } from '#actors/inference/gguf/write';
import { sampleDraft, sampleFolder, value } from './sample-model.js';

const folder = sampleFolder(t);
const part = (number: number, of = 2): string => join(folder, `model-0000${number}-of-0000${of}.gguf`);

/** Writes the sample in two parts; `total` is what the first says of the tensors of both. */
async function writeParts(total = 21): Promise<void> {
  const { metadata, tensors } = sampleDraft();
  const split = (number: number): readonly (readonly [string, ReturnType<typeof value>])[] => [
    ['split.count', value('uint16', 2)],
    ['split.no', value('uint16', number)],
    ['split.tensors.count', value('int32', total)],
  ];
  await writeGguf(part(1), { metadata: new Map([...metadata, ...split(0)]), tensors: tensors.slice(0, 9) });
  await writeGguf(part(2), { metadata: new Map(split(1)), tensors: tensors.slice(9) });
}

t.test('a model in two parts is one model', async (t) => {
  await writeParts();
  const whole = join(folder, 'whole.gguf');
  await writeGguf(whole, sampleDraft());
  const { fileBytes, parts, ...facts } = await checkGguf(part(1), { finiteBytes: 1e6 });
  const expected = await checkGguf(whole);
  t.equal(parts, 2);
  t.ok(fileBytes > expected.fileBytes);
  t.match(expected, facts);
});

t.test('a part that is missing, another, cut off or the wrong one is refused', async (t) => {
  await writeParts(22);
  await t.rejects(checkGguf(part(1)), { code: 'MODEL_FILE_BAD', message: /split\.tensors\.count is 22, expected 21/ });
  await writeParts();
  await t.rejects(checkGguf(part(2)), { code: 'MODEL_FILE_BAD', message: /it is part 2 of 2; load part 1/ });
  renameSync(part(1), join(folder, 'kept.gguf'));
  await t.rejects(checkGguf(part(1)), { code: 'PATH_UNREADABLE' });
  renameSync(join(folder, 'kept.gguf'), part(1));
  const { metadata, tensors } = sampleDraft();
  metadata.set('split.no', value('uint16', 1));
  await writeGguf(part(2), { metadata, tensors });
  await t.rejects(checkGguf(part(1)), {
    code: 'MODEL_FILE_BAD',
    message: /token_embd\.weight is in another part as well/,
  });
  metadata.set('split.no', value('uint16', 5));
  await writeGguf(part(2), { metadata, tensors });
  await t.rejects(checkGguf(part(1)), { code: 'MODEL_FILE_BAD', message: /split\.no is 5, expected 1/ });
  rmSync(part(2));
  await t.rejects(checkGguf(part(1)), { code: 'PATH_UNREADABLE', message: /00002-of-00002/ });
});
