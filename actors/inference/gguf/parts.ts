/**
 * A model that is split over several files (`llama-gguf-split`): the first, `NAME-00001-of-00003.gguf`, has all keys, and
 * each has some of the tensors. llama.cpp is given the first and finds the others beside it by their names.
 */
import { Keys } from './keys.js';
import { badModelFile, type GgufContents, type GgufTensor, readGguf, type StringVisitor } from './read.js';
import { limits } from './format.js';

/** All files of a model; the first has its keys. */
export interface ModelFiles {
  readonly first: GgufContents;
  readonly files: readonly GgufContents[];
}

/** Reads the file and those that it says belong to it. @throws SkepError as {@link readGguf}. */
export async function readModelFiles(path: string, visit: StringVisitor): Promise<ModelFiles> {
  const first = await readGguf(path, visit);
  const parts = partsOf(first);
  if (parts <= 1) return { first, files: [first] };
  if (numberOf(first) !== 0) throw badModelFile(path, `it is part ${numberOf(first) + 1} of ${parts}; load part 1`);
  const prefix = nameOfPart('', 1, parts);
  if (!path.endsWith(prefix))
    throw badModelFile(path, `it is part 1 of ${parts}, and its name does not end in ${prefix}`);
  const files = [first];
  for (let part = 2; part <= parts; part += 1) {
    const next = await readGguf(nameOfPart(path.slice(0, -prefix.length), part, parts));
    if (numberOf(next) !== part - 1)
      throw badModelFile(next.path, `split.no is ${numberOf(next)}, expected ${part - 1}`);
    files.push(next);
  }
  checkTogether(first, files);
  return { first, files };
}

/** The tensors of all files. */
export function tensorsOf({ files }: ModelFiles): readonly GgufTensor[] {
  return files.flatMap(({ tensors }) => tensors);
}

function partsOf(contents: GgufContents): number {
  return keysOf(contents).whole('split.count', { least: 0, most: limits.parts }, ['uint16']) ?? 0;
}

function numberOf(contents: GgufContents): number {
  return keysOf(contents).whole('split.no', { least: 0, most: limits.parts }, ['uint16']) ?? 0;
}

function keysOf({ metadata, path }: GgufContents): Keys {
  return new Keys(metadata, (what) => badModelFile(path, what));
}

function nameOfPart(stem: string, part: number, parts: number): string {
  return `${stem}-${String(part).padStart(5, '0')}-of-${String(parts).padStart(5, '0')}.gguf`;
}

function checkTogether(first: GgufContents, files: readonly GgufContents[]): void {
  const names = new Set<string>();
  for (const { path, tensors } of files) {
    for (const { name } of tensors) {
      if (names.has(name)) throw badModelFile(path, `the tensor ${name} is in another part as well`);
      names.add(name);
    }
  }
  keysOf(first).whole('split.tensors.count', { least: names.size, most: names.size }, ['int32', 'uint32', 'uint16']);
}
