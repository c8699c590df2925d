/**
 * JSON strings as rules: any text, text of a counted length, and the formats whose form a grammar can hold. A character
 * is one code point, as JSON Schema counts them: halves of surrogate pairs are refused in either spelling, and so is
 * what lies beyond Unicode, up to the largest number that llama.cpp reads out of four bytes.
 */
import { type Rules, times } from './gbnf.js';

const hex = '[0-9a-fA-F]';
const plain = '[^"\\\\\\x7F\\x00-\\x1F\\uD800-\\uDFFF\\U00110000-\\U003FFFFF]';
const unit = `"u" ([0-9a-cA-CefEF] ${hex}{3} | [dD] [0-7] ${hex}{2})`;

const month31 = '("0" [13578] | "1" [02]) "-" ("0" [1-9] | [12] [0-9] | "3" [01])';
const month30 = '("0" [469] | "11") "-" ("0" [1-9] | [12] [0-9] | "30")';
// Without 29 February: whether the year has one, a grammar does not know.
const month28 = '"02-" ("0" [1-9] | "1" [0-9] | "2" [0-8])';
const date = `[0-9]{4} "-" (${month31} | ${month30} | ${month28})`;
const time = '([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9] ":" [0-5] [0-9] ("." [0-9]{3})? "Z"';

/** Formats with their bodies, and the lengths that they have. Others are annotations, as the standard has it. */
const formats: Readonly<
  Record<string, { readonly body: string; readonly shortest: number; readonly longest: number }>
> = {
  date: { body: date, shortest: 10, longest: 10 },
  time: { body: time, shortest: 9, longest: 13 },
  'date-time': { body: `${date} "T" ${time}`, shortest: 20, longest: 24 },
  uuid: { body: `${hex}{8} "-" ${hex}{4} "-" ${hex}{4} "-" ${hex}{4} "-" ${hex}{12}`, shortest: 36, longest: 36 },
};

/** What a schema says of a string. */
export interface StringForm {
  readonly minLength: number;
  readonly maxLength: number | undefined;
  readonly format: string | undefined;
}

/** The name of the rule of a string, or undefined when no string can be so. */
export function stringRule(rules: Rules, { minLength, maxLength, format }: StringForm): string | undefined {
  if (maxLength !== undefined && maxLength < minLength) return undefined;
  const known = format !== undefined && Object.hasOwn(formats, format) ? formats[format] : undefined;
  if (known !== undefined) {
    const fits = minLength <= known.shortest && (maxLength ?? known.longest) >= known.longest;
    return fits ? rules.rule(`"\\"" ${known.body} "\\""`) : undefined;
  }
  return rules.rule(`"\\"" ${times(characterRule(rules), minLength, maxLength)} "\\""`);
}

function characterRule(rules: Rules): string {
  return rules.rule(`${plain} | "\\\\" (["\\\\/bfnrt] | ${unit})`);
}
