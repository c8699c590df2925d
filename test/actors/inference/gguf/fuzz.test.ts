/**
 * Damaged files: whatever is cut off, flipped or claimed, a check ends soon with MODEL_FILE_BAD or with facts, in bounded
 * memory. SKEP_SEED chooses the damage, SKEP_ROUNDS=100 makes a hundred times as much of it.
 */
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { checkGguf } from '#actors/inference/gguf/check';
import { readGguf } from '#actors/inference/gguf/read';
import { seededRandom } from '#runtime/clock/random';
import { bytesOf, sampleFolder } from './sample-model.js';

const seed = Number(process.env['SKEP_SEED'] ?? 1);
const rounds = Number(process.env['SKEP_ROUNDS'] ?? 1);
const folder = sampleFolder(t);
const path = join(folder, 'model.gguf');
const sound = await bytesOf(path);
const { tensors } = await readGguf(path);
const dataAt = tensors[0]?.at ?? 0;
const last = tensors.at(-1);
const dataEnd = (last?.at ?? 0) + (last?.bytes ?? 0);

/** What a check says of the file, made of bytes where they are given: `sound`, or the message of MODEL_FILE_BAD. */
async function verdict(bytes?: Buffer): Promise<string> {
  if (bytes !== undefined) writeFileSync(path, bytes);
  const startedMs = performance.now();
  try {
    await checkGguf(path, { finiteBytes: 1e6 });
    return 'sound';
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    if (code !== 'MODEL_FILE_BAD') throw error;
    return message;
  } finally {
    if (performance.now() - startedMs > 5_000) t.fail('a check took more than five seconds');
  }
}

/** The file with a u64 at a place replaced. */
function claimed(at: number, count: bigint): Buffer {
  const bytes = Buffer.from(sound);
  bytes.writeBigUInt64LE(count, at);
  return bytes;
}

/** Where the value of a key begins: behind the key and the type of the value. */
function valueAt(key: string): number {
  return sound.indexOf(key) + key.length + 4;
}

/** Where the row of a tensor in the table has its dimensions; behind them are its type and its offset. */
function dimensionsAt(name: string): number {
  return sound.indexOf(name) + name.length + 4;
}

t.test('a file that is cut off anywhere is refused, unless only padding is missing', async (t) => {
  t.equal(await verdict(sound), 'sound');
  const lengths = new Set([0, 1, 3, 4, 7, 8, 15, 16, 23, 24, dataAt - 1, dataAt, dataAt + 1, dataEnd - 1]);
  for (let length = 0; length < 120; length += 1) lengths.add(length);
  for (let length = 120; length < dataEnd; length += 97) lengths.add(length);
  for (const { at, bytes } of tensors) for (const edge of [at, at + bytes]) if (edge < dataEnd) lengths.add(edge);
  for (const length of [...lengths].sort((a, b) => b - a)) {
    truncateSync(path, length);
    const text = await verdict();
    if (!/ends inside|ends behind|more than the/.test(text)) t.fail(`${length} bytes: ${text}`);
  }
  t.ok(lengths.size > 300, `${lengths.size} lengths`);
  t.equal(await verdict(sound.subarray(0, dataEnd)), 'sound', 'padding behind the last tensor may be missing');
});

t.test('flipped bytes are refused or harm nothing', async (t) => {
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random.next() * limit);
  let refused = 0;
  const files = 100 * rounds;
  for (let file = 0; file < files; file += 1) {
    const bytes = Buffer.from(sound);
    const flips = 1 + below(4);
    for (let flip = 0; flip < flips; flip += 1) {
      // Three of four in what comes before the weights.
      const at = below(4) === 0 ? below(bytes.length) : below(dataAt);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
    }
    if ((await verdict(bytes)) !== 'sound') refused += 1;
  }
  t.ok(refused > files / 3, `${refused} of ${files} refused`);
});

t.test('bytes at random behind a right beginning are refused', async (t) => {
  const random = seededRandom(seed + 1);
  for (let file = 0; file < 50 * rounds; file += 1) {
    const bytes = Buffer.from(Array.from({ length: 2_000 }, () => Math.floor(random.next() * 256)));
    sound.copy(bytes, 0, 0, 8);
    // Small counts lead further in than random ones, which are refused at once.
    if (file % 2 === 0) {
      bytes.writeBigUInt64LE(BigInt(file), 8);
      bytes.writeBigUInt64LE(BigInt(file % 7), 16);
    }
    t.not(await verdict(bytes), 'sound');
  }
});

t.test('counts and lengths that no file can have are refused without being allocated', async (t) => {
  const places = {
    'the number of tensors': 8,
    'the number of key-values': 16,
    'the length of key 1': 24,
    'the length of a text': valueAt('general.name'),
    'the elements of an array': valueAt('tokenizer.ggml.tokens') + 4,
    'the elements of an array of numbers': valueAt('tokenizer.ggml.token_type') + 4,
    'the length of a token': valueAt('tokenizer.ggml.tokens') + 12,
    'a dimension': dimensionsAt('token_embd.weight'),
    'an offset': dimensionsAt('token_embd.weight') + 20,
  };
  const before = process.memoryUsage();
  for (const [name, at] of Object.entries(places)) {
    for (const count of [2n ** 64n - 1n, 2n ** 63n, 2n ** 53n, 2n ** 40n, 2n ** 32n, 2n ** 31n, 10_000_000n]) {
      t.not(await verdict(claimed(at, count)), 'sound', `${name}: ${count}`);
    }
  }
  const after = process.memoryUsage();
  const grownBytes = after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed;
  t.ok(grownBytes < 64 * 1024 * 1024, `grew by ${grownBytes} bytes`);
});

t.test('a header without end is given up, though the file is as large as it claims', async (t) => {
  writeFileSync(path, claimed(valueAt('tokenizer.ggml.token_type') + 4, 100_000_000n));
  truncateSync(path, 1024 * 1024 * 1024);
  await t.rejects(checkGguf(path), {
    code: 'MODEL_FILE_BAD',
    message: /before the weights is larger than 134217728 bytes/,
  });
});

t.test('tensors that overlap, leave gaps or lie askew are refused', async (t) => {
  const at = dimensionsAt('blk.0.attn_norm.weight') + 12;
  const offset = sound.readBigUInt64LE(at);
  t.match(await verdict(claimed(at, offset - 32n)), /attn_norm\.weight is at \d+ and overlaps the one before it/);
  t.match(await verdict(claimed(at, offset + 32n)), /attn_norm\.weight is at \d+, expected at \d+/);
  t.match(await verdict(claimed(at, offset + 1n)), /attn_norm\.weight is at \d+, no multiple of 32/);
  t.match(
    await verdict(claimed(dimensionsAt('token_embd.weight') + 20, 32n)),
    /token_embd\.weight is at 32, expected at 0/,
  );
});

t.test('another magic, version or type is refused by name', async (t) => {
  const changed = (at: number, ...bytes: readonly number[]): Buffer => {
    const file = Buffer.from(sound);
    file.set(bytes, at);
    return file;
  };
  const embedding = dimensionsAt('token_embd.weight') + 16;
  for (const [name, bytes, message] of [
    ['magic', changed(0, 0x50, 0x4b), /does not begin with GGUF/],
    ['an old version', changed(4, 1), /GGUF version is 1, expected 2 or 3/],
    ['a new version', changed(4, 4), /GGUF version is 4, expected 2 or 3/],
    ['big endian', changed(4, 0, 0, 0, 3), /it is big endian/],
    ['a type of value', changed(valueAt('general.name') - 4, 13), /general\.name has a value of no known type/],
    ['an array of arrays', changed(valueAt('tokenizer.ggml.tokens'), 9), /tokens has elements of no known type/],
    ['a truth of 2', changed(valueAt('tokenizer.ggml.add_bos_token'), 2), /add_bos_token is the byte 2, expected 0/],
    ['a text that is no text', changed(valueAt('general.name') + 8, 0xff), /general\.name is not UTF-8/],
    ['no dimensions', changed(dimensionsAt('token_embd.weight') - 4, 0), /token_embd\.weight has 0 dimensions/],
    ['five dimensions', changed(dimensionsAt('token_embd.weight') - 4, 5), /token_embd\.weight has 5 dimensions/],
    [
      'a dimension of 0',
      changed(dimensionsAt('token_embd.weight'), 0),
      /dimension 1 of the tensor token_embd\.weight is 0/,
    ],
    ['an unknown type', changed(embedding, 250), /token_embd\.weight has the unknown type 250/],
    ['a removed type', changed(embedding, 4), /token_embd\.weight has the unknown type 4/],
    [
      'blocks that rows do not fill',
      changed(embedding, 8),
      /rows of token_embd\.weight have 8 elements, expected a multiple of 32/,
    ],
  ] as const) {
    t.match(await verdict(bytes), message, name);
  }
  t.equal(await verdict(changed(4, 2)), 'sound', 'version 2 has the same layout');
});
