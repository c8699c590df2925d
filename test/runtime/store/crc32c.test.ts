/** The checksum against the published vectors (RFC 3720, B.4) and against itself. */
import fc from 'fast-check';
import t from 'tap';
import { crc32c } from '#runtime/store/crc32c';

t.test('the vectors of RFC 3720', async (t) => {
  t.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa);
  t.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43);
  t.equal(crc32c(Uint8Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e);
  t.equal(crc32c(Uint8Array.from({ length: 32 }, (_, index) => 31 - index)), 0x113fdb5c);
  t.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  t.equal(crc32c(new Uint8Array()), 0);
});

t.test('a text in two parts has the checksum of the whole, and every flipped bit changes it', async (t) => {
  const parts = fc.tuple(fc.uint8Array({ maxLength: 64 }), fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.nat());
  fc.assert(
    fc.property(parts, ([first, second, bit]) => {
      const whole = Buffer.concat([first, second]);
      const sum = crc32c(whole);
      const at = bit % (whole.length * 8);
      const flipped = Uint8Array.from(whole, (byte, index) => (index === at >> 3 ? byte ^ (1 << (at & 7)) : byte));
      return crc32c(second, crc32c(first)) === sum && crc32c(flipped) !== sum;
    }),
  );
  t.pass('for all');
});
