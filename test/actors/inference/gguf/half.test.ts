/** Half precision: all its numbers, and the rounding of all others. */
import fc from 'fast-check';
import t from 'tap';
import { fromHalf, toHalf } from '#actors/inference/gguf/half';

t.test('each of the 65,536 halves is itself again', async (t) => {
  let numbers = 0;
  for (let half = 0; half < 65_536; half += 1) {
    const number = fromHalf(half);
    if (Number.isNaN(number)) {
      if (!Number.isNaN(fromHalf(toHalf(number)))) t.fail(`${half} is NaN`);
      continue;
    }
    numbers += 1;
    if (toHalf(number) !== half) t.fail(`${half} is ${number}, which becomes ${toHalf(number)}`);
  }
  t.equal(numbers, 65_536 - 2 * 1_023);
});

t.test('a number becomes the nearest half, and of two equally near the even one', async (t) => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, min: -65_500, max: 65_500 }), (number) => {
      const half = toHalf(number);
      const distance = Math.abs(fromHalf(half) - number);
      for (const neighbour of [half - 1, half + 1].filter((near) => near >= 0 && near < 65_536)) {
        const other = Math.abs(fromHalf(neighbour) - number);
        if (Number.isNaN(other)) continue;
        if (other < distance || (other === distance && half % 2 === 1 && fromHalf(neighbour) !== fromHalf(half)))
          return false;
      }
      return true;
    }),
    { numRuns: 2_000 },
  );
  t.equal(toHalf(1 + 2 ** -11), 0x3c00, 'a tie goes down to the even one');
  t.equal(toHalf(1 + 3 * 2 ** -11), 0x3c02, 'a tie goes up to the even one');
  t.equal(toHalf(2 ** -25), 0, 'a tie with zero is zero');
  t.equal(toHalf(2 ** -24 * 1.5), 2, 'a tie between the least two');
  t.equal(toHalf(65_520), 0x7c00, 'beyond the largest is infinite');
  t.equal(toHalf(-Infinity), 0xfc00);
});
