/** A fingerprint names the same finding after its lines moved, and never another one. */
import { fingerprintsOf } from '#actors/audit/report/fingerprint';
import t from 'tap';
import { finding } from './sample.js';

t.test('lines that move by an edit above leave every fingerprint as it was', (t) => {
  const before = [finding({ line: 3 }), finding({ line: 9 }), finding({ path: 'src/b.ts', line: 1 })];
  const after = before.map((each) => ({ ...each, line: each.line + 40, endLine: each.endLine + 40, column: 9 }));
  t.same(fingerprintsOf(after), fingerprintsOf(before));
  t.equal(new Set(fingerprintsOf(before)).size, 3, 'equal findings of one file are told apart by their order');
  t.end();
});

t.test('a measure that drifts is the same finding; a word or a commit that differs is another one', (t) => {
  const [base] = fingerprintsOf([finding({ facts: { function: 'parse', cognitive: 20 } })]);
  t.same(fingerprintsOf([finding({ facts: { cognitive: 31, function: 'parse' } })]), [base]);
  t.notSame(fingerprintsOf([finding({ facts: { function: 'print', cognitive: 20 } })]), [base]);
  t.notSame(fingerprintsOf([finding({ facts: { function: 'parse' }, commit: 'a'.repeat(40) })]), [base]);
  t.notSame(fingerprintsOf([finding({ facts: { function: 'parse' }, rule: 'secrets/other' })]), [base]);
  t.notSame(fingerprintsOf([finding({ facts: { function: 'parse' }, path: 'src/c.ts' })]), [base]);
  t.end();
});

t.test('a word that ends in a position is taken without the position', (t) => {
  const at = (other: string) => fingerprintsOf([finding({ facts: { other } })]);
  t.same(at('src/b.ts:12-40'), at('src/b.ts:99'));
  t.notSame(at('src/b.ts:12'), at('src/c.ts:12'));
  t.end();
});

t.test('a message never reaches the fingerprint', (t) => {
  t.same(fingerprintsOf([finding({ message: 'one' })]), fingerprintsOf([finding({ message: 'two' })]));
  t.end();
});
