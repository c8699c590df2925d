/**
 * How deep a parser of JavaScript or TypeScript could have to recurse into a text, from above and without recursion.
 * The parser is native code on a fixed stack: a file of some thousand open brackets or prefix operators ends the whole
 * process with a segmentation fault (measured from 5,400 levels on, on the 4 MB stack of a worker thread), and the
 * audited tree is untrusted. So a file is measured before it is parsed.
 *
 * A level is an open bracket, or an operator or keyword that takes an operand to its right, since the last `;` or `,`
 * within the same bracket; a link of a chain (`a.b()[c]`) is a small part of one. The measure may be too high (text that
 * looks like code) and is then only a lost analysis. It reads JSX and regular expressions by rule of thumb, so it stops
 * accidents and plain attacks; a text made to deceive it can only be stopped by a process of its own.
 */

/** Deepest text that is parsed. Code by hand stays under 200; well below what either stack bears. */
export const maxDepth = 2000;

/** Brackets alone, wherever they stand, so that no trick with quotes can hide a bracket that the parser would see. */
const maxRawDepth = 4000;

const bracketDepths: Readonly<Record<string, 1 | -1>> = {
  '<': 1,
  '</': -1,
  '/>': -1,
  '(': 1,
  '[': 1,
  '{': 1,
  ')': -1,
  ']': -1,
  '}': -1,
};
const operators = new Set('!~+-=<?:*&|^%/@');
const prefixWords = new Set(
  'else if for while do new typeof void delete await yield with in of instanceof extends keyof infer as satisfies readonly'.split(
    ' ',
  ),
);
const statementWords = new Set('const let var function import export interface return throw case default'.split(' '));

/**
 * What a link of a chain adds: chains nest to the left, where the parser loops and only the making of the tree recurses
 * (measured from 86,000 links on).
 */
const link = 0.04;

/** Spaces; line ends; comments; strings that their line closes; words; anything else by the unit. */
const token =
  /[ \t]+|[\r\n]+|\/\/[^\r\n]*|\/\*[^]*?(?:\*\/|$)|"(?:[^"\\\r\n]|\\[^])*"|'(?:[^'\\\r\n]|\\[^])*'|[\w$]+|[^]/y;
const templateText = /(?:[^`\\$]+|\\[^]|\$(?!\{))*(?:`|\$\{)?/y;
const regexLiteral = /\/(?![*/])(?:[^\\/[\r\n]|\\.|\[(?:[^\]\\\r\n]|\\.)*\])+\/[a-z]*/y;
/** A new line begins a statement only behind an expression that is complete; behind an operator it goes on. */
const endsExpression = /^$|[\w$)\]}"'`]/;
/** A slash after one of these begins a regular expression; after anything else it divides. */
const beforeRegex = new Set([...'(,=:[!&|?{};+-*%~^<>', '']);

/** Whether the text is shallow enough to be parsed; `jsx` where a `<` can begin an element. */
export function isShallow(text: string, jsx: boolean): boolean {
  if (rawDepthOf(text, /[([{}\])]/g) > maxRawDepth || depthOf(text) > maxDepth) return false;
  // The text within an element has no separators, whatever stands in it.
  return !jsx || rawDepthOf(text, /<(?=[\w>$])|<\/|\/>/g) <= maxRawDepth;
}

function rawDepthOf(text: string, brackets: RegExp): number {
  let depth = 0;
  let deepest = 0;
  for (const [bracket] of text.matchAll(brackets)) {
    depth = Math.max(0, depth + (bracketDepths[bracket] ?? 0));
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

/** The open brackets, each with the operators since its last separator, and the most that they came to. */
class Levels {
  deepest = 1;
  #sum = 1;
  readonly #open: { run: number; readonly template: boolean }[] = [{ run: 0, template: false }];

  push(template: boolean): void {
    this.#open.push({ run: 0, template });
    this.#add(1);
  }

  /** Closes a bracket; whether a template literal goes on behind it. */
  pop(): boolean {
    if (this.#open.length === 1) return false;
    const level = this.#open.pop();
    this.#add(-1 - (level?.run ?? 0));
    this.count(link);
    return level?.template ?? false;
  }

  /** Counts operators within the innermost bracket; a separator takes them all back. */
  count(by: number): void {
    const level = this.#open.at(-1);
    if (level === undefined) return;
    const run = Math.max(0, level.run + by);
    this.#add(run - level.run);
    level.run = run;
  }

  #add(by: number): void {
    this.#sum += by;
    this.deepest = Math.max(this.deepest, this.#sum);
  }
}

/** An upper measure of the nesting of the text, in levels; see the head of this file. */
export function depthOf(text: string): number {
  const levels = new Levels();
  let previous = '';
  let lineStart = true;
  for (let at = 0; at < text.length; ) {
    const end = tokenEnd(text, at, previous);
    const word = text.slice(at, end);
    at = end;
    if (/^[\r\n]/.test(word)) lineStart = true;
    if (/^(?:\s|\/[/*])/.test(word)) continue;
    if (lineStart && statementWords.has(word) && endsExpression.test(previous)) levels.count(Number.NEGATIVE_INFINITY);
    lineStart = false;
    const bracket = word === '<' ? undefined : bracketDepths[word];
    if (bracket === 1) levels.push(false);
    else if (word === '`' || (bracket === -1 && levels.pop())) at = skipTemplate(text, at, levels);
    else if (bracket === undefined) levels.count(weight(word, previous, text.charAt(at)));
    previous = prefixWords.has(word) ? '!' : word.slice(-1);
  }
  return Math.floor(levels.deepest);
}

/** How many levels a token adds to the innermost bracket. */
function weight(word: string, previous: string, next: string): number {
  if (word === '.') return link;
  if (word === ';' || word === ',') return Number.NEGATIVE_INFINITY;
  if (prefixWords.has(word)) return 1;
  if (!operators.has(word)) return 0;
  // The end of a JSX element closes a level: `</` takes its own `<` and the one before back, `/>` the one before.
  if (word === '/' && previous === '<') return -2;
  if (word === '/' && next === '>') return -1;
  // An attribute of JSX is no assignment.
  return word === '=' && /["'{]/.test(next) ? 0 : 1;
}

/** Passes over the text of a template literal, to its end or into its next hole; gives where reading goes on. */
function skipTemplate(text: string, at: number, levels: Levels): number {
  templateText.lastIndex = at;
  templateText.test(text);
  const end = Math.max(templateText.lastIndex, at);
  if (text.endsWith('${', end) && end >= at + 2) levels.push(true);
  else levels.count(link);
  return end;
}

function tokenEnd(text: string, at: number, previous: string): number {
  if (text.charAt(at) === '/' && beforeRegex.has(previous)) {
    regexLiteral.lastIndex = at;
    if (regexLiteral.test(text)) return regexLiteral.lastIndex;
  }
  token.lastIndex = at;
  return token.test(text) ? token.lastIndex : at + 1;
}
