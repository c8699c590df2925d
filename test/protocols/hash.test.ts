/** MurmurHash3 against published vectors, text against bytes, and digests of sets. */
import { addDigest, Digest, hashText, murmur3, subtractDigest } from '#protocols/hash';
import fc from 'fast-check';
import t from 'tap';

t.test('murmur3 gives the published vectors', (t) => {
  const vectors: readonly (readonly [text: string, seed: number, hash: number])[] = [
    ['', 0, 0],
    ['', 1, 0x514e28b7],
    ['', 0xffffffff, 0x81f16f39],
    ['abc', 0, 0xb3dd93fa],
    ['aaaa', 0x9747b28c, 0x5a97808a],
    ['aaa', 0x9747b28c, 0x283e0130],
    ['aa', 0x9747b28c, 0x5d211726],
    ['a', 0x9747b28c, 0x7fa09ea6],
    ['Hello, world!', 0x9747b28c, 0x24884cba],
    ['The quick brown fox jumps over the lazy dog', 0x9747b28c, 0x2fa826cd],
  ];
  for (const [text, seed, hash] of vectors) t.equal(murmur3(Buffer.from(text), seed), hash, `${text} ${seed}`);
  t.end();
});

t.test('the hash of a text is that of its UTF-16 bytes, whatever the text', (t) => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.nat(),
      (text, seed) => hashText(text, seed) === murmur3(Buffer.from(text, 'utf16le'), seed),
    ),
  );
  t.end();
});

t.test('the digest of a set does not depend on the order in which its members came and went', (t) => {
  const digest = fc.integer({ min: 0, max: 2 ** 52 - 1 });
  fc.assert(
    fc.property(fc.array(digest, { maxLength: 20 }), digest, (members, other) => {
      const forward = members.reduce(addDigest, 0);
      const backward = members.toReversed().reduce(addDigest, other);
      return Number.isSafeInteger(forward) && subtractDigest(backward, other) === forward;
    }),
  );
  t.end();
});

t.test('digests differ in every part, and numbers beyond 32 bits count', (t) => {
  const of = (...numbers: readonly number[]): number =>
    numbers.reduce((digest, number) => digest.number(number), new Digest()).value;
  const all = [of(), of(0), of(0, 0), of(1), of(2 ** 32), of(2 ** 40), of(1, 0), of(0, 1)];
  all.push(new Digest().text('a').value, new Digest().text('b').value, new Digest().bytes(Buffer.from('a')).value);
  t.equal(new Set(all).size, all.length);
  t.ok(all.every((value) => Number.isSafeInteger(value) && value >= 0 && value < 2 ** 52));
  t.end();
});
