/**
 * The one file that knows spdx-expression-parse: licence expressions, whether they are valid, and whether they bind the
 * whole work to the GPL or AGPL.
 */
import parse from 'spdx-expression-parse';

type Expression = ReturnType<typeof parse>;

/** What a licence expression asks of a work that uses it. */
export type LicenceKind = 'permissive' | 'strong-copyleft' | 'other' | 'invalid';

/** Families that ask for little more than a notice, by the start of their identifiers. */
const permissive =
  /^(?:MIT|ISC|BSD|0BSD|Apache|Unlicense|CC0|Zlib|BSL-1|PostgreSQL|BlueOak|Python-2|PSF|WTFPL|X11|NCSA|Artistic-2|Unicode|CC-BY-[34])/;
const strong = /^A?GPL-/;

/** The strongest kind wins where two must both be kept, the mildest where one may choose. */
const rank: Readonly<Record<'permissive' | 'other' | 'strong-copyleft', number>> = {
  permissive: 0,
  other: 1,
  'strong-copyleft': 2,
};

type ValidKind = keyof typeof rank;

function kindOf(expression: Expression): ValidKind {
  if ('conjunction' in expression) {
    const left = kindOf(expression.left);
    const right = kindOf(expression.right);
    const stronger = rank[left] > rank[right] ? left : right;
    const milder = rank[left] > rank[right] ? right : left;
    return expression.conjunction === 'and' ? stronger : milder;
  }
  if (permissive.test(expression.license)) return 'permissive';
  // An exception, such as for linking, is there to take the effect on the whole work away.
  return strong.test(expression.license) && expression.exception === undefined ? 'strong-copyleft' : 'other';
}

/** The kind of a licence expression. */
export function licenceKind(expression: string): LicenceKind {
  try {
    return kindOf(parse(expression));
  } catch {
    return 'invalid';
  }
}
