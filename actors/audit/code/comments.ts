/**
 * Where the comments and strings of a file are. With a syntax tree the parser has said it; without one a small lexer
 * reads the text by a table of each language's delimiters. It knows no grammar, so it errs in rare corners (a here-
 * document, a regular expression with a quote in it) and then mostly to the end of one line.
 */
import type { SourceFile } from '../source-file.js';
import type { SyntaxTree } from './parse.js';

/** A stretch of the file; `end` exclusive. */
export interface Region {
  readonly kind: 'comment' | 'string';
  readonly start: number;
  readonly end: number;
}

/** Delimiters of a language. */
interface Lexis {
  /** Begin a comment that ends with the line. */
  readonly line: readonly string[];
  readonly block: readonly (readonly [open: string, close: string])[];
  /** Begin and end a string within one line. */
  readonly quotes: string;
  /** Begin and end a string of any number of lines. */
  readonly longQuotes: readonly string[];
  /** Whether a line comment only begins at the start of a word, as in a shell (`$#` is none). */
  readonly spaced?: boolean;
}

const slashStar: readonly (readonly [string, string])[] = [['/*', '*/']];
const markup: Lexis = { line: [], block: [['<!--', '-->']], quotes: '', longQuotes: [] };
const cLike: Lexis = { line: ['//'], block: slashStar, quotes: `"'`, longQuotes: [] };
const hash: Lexis = { line: ['#'], block: [], quotes: `"'`, longQuotes: [] };
const shell: Lexis = { ...hash, quotes: '', longQuotes: ['"', "'"], spaced: true };
const ecma: Lexis = { ...cLike, longQuotes: ['`'] };
const config: Lexis = { line: ['#', ';'], block: [], quotes: '', longQuotes: [], spaced: true };

const lexes: Readonly<Record<string, Lexis>> = {
  typescript: ecma,
  tsx: ecma,
  javascript: ecma,
  jsx: ecma,
  python: { ...hash, longQuotes: ['"""', "'''"] },
  go: { ...cLike, longQuotes: ['`'] },
  // An apostrophe also begins a lifetime, so that characters are no strings here.
  rust: { ...cLike, quotes: '', longQuotes: ['"'] },
  java: { ...cLike, longQuotes: ['"""'] },
  kotlin: { ...cLike, longQuotes: ['"""'] },
  scala: { ...cLike, quotes: '"', longQuotes: ['"""'] },
  swift: { ...cLike, quotes: '"', longQuotes: ['"""'] },
  groovy: { ...cLike, longQuotes: ['"""', "'''"] },
  c: cLike,
  cpp: cLike,
  csharp: cLike,
  protobuf: cLike,
  scss: cLike,
  less: cLike,
  css: { ...cLike, line: [] },
  php: { ...cLike, line: ['//', '#'], quotes: '', longQuotes: ['"', "'"] },
  ruby: { ...hash, block: [['\n=begin', '\n=end']] },
  perl: { ...hash, spaced: true },
  elixir: { ...hash, longQuotes: ['"""'] },
  terraform: { ...hash, line: ['#', '//'], block: slashStar, quotes: '"' },
  shell,
  dockerfile: shell,
  makefile: { ...shell, longQuotes: [] },
  yaml: { ...hash, quotes: '', spaced: true },
  toml: { ...hash, longQuotes: ['"""', "'''"] },
  ini: config,
  properties: { ...config, line: ['#', '!'] },
  dotenv: { ...config, line: ['#'] },
  powershell: { ...hash, block: [['<#', '#>']] },
  sql: { line: ['--'], block: slashStar, quotes: `"'`, longQuotes: [] },
  lua: { line: ['--'], block: [['--[[', ']]']], quotes: `"'`, longQuotes: [] },
  haskell: { line: ['--'], block: [['{-', '-}']], quotes: '"', longQuotes: [] },
  erlang: { line: ['%'], block: [], quotes: '"', longQuotes: [] },
  html: markup,
  xml: markup,
  svg: markup,
  markdown: markup,
  vue: { ...markup, line: ['//'], block: [['<!--', '-->'], ...slashStar] },
  svelte: { ...markup, line: ['//'], block: [['<!--', '-->'], ...slashStar] },
};

/** Comments and strings of a file in the order of the text; none for a language without a table. */
export function regionsOf(file: SourceFile): readonly Region[] {
  const lexis = Object.hasOwn(lexes, file.language) ? lexes[file.language] : undefined;
  return lexis === undefined ? [] : lex(file.text, lexis);
}

/** The comments of a file, from the tree where there is one. */
export function commentsOf(file: SourceFile, tree: SyntaxTree | undefined): readonly Region[] {
  if (tree === undefined) return regionsOf(file).filter(({ kind }) => kind === 'comment');
  return tree.comments.map(({ start, end }) => ({ kind: 'comment', start, end }));
}

/** Whether an offset lies within one of the regions, which are in the order of the text. */
export function isWithin(regions: readonly Region[], offset: number): boolean {
  let low = 0;
  let high = regions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((regions[middle]?.end ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return (regions[low]?.start ?? Number.POSITIVE_INFINITY) <= offset;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** One expression for all that can begin a region, longest first; kept, because every file of a language needs it. */
const starts = new Map<Lexis, RegExp>();

function startOf(lexis: Lexis): RegExp {
  const known = starts.get(lexis);
  if (known !== undefined) return known;
  const words = [...lexis.line, ...lexis.block.map(([open]) => open), ...lexis.longQuotes, ...lexis.quotes];
  words.sort((left, right) => right.length - left.length || (left < right ? -1 : 1));
  const made = new RegExp(words.map(escaped).join('|'), 'g');
  starts.set(lexis, made);
  return made;
}

function lex(text: string, lexis: Lexis): readonly Region[] {
  const regions: Region[] = [];
  const start = startOf(lexis);
  start.lastIndex = 0;
  for (let match = start.exec(text); match !== null; match = start.exec(text)) {
    const [open] = match;
    if (lexis.spaced === true && lexis.line.includes(open) && !/^$|\s/.test(text.charAt(match.index - 1))) continue;
    const region = regionFrom(text, match.index, open, lexis);
    regions.push(region);
    start.lastIndex = Math.max(region.end, match.index + 1);
  }
  return regions;
}

function regionFrom(text: string, start: number, open: string, lexis: Lexis): Region {
  const close = lexis.block.find(([begin]) => begin === open)?.[1];
  if (close !== undefined) {
    const at = text.indexOf(close, start + open.length);
    return { kind: 'comment', start, end: at < 0 ? text.length : at + close.length };
  }
  if (lexis.line.includes(open)) return { kind: 'comment', start, end: lineEnd(text, start) };
  const long = lexis.longQuotes.includes(open);
  return { kind: 'string', start, end: stringEnd(text, start + open.length, open, long) };
}

function lineEnd(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  if (at < 0) return text.length;
  return text.charAt(at - 1) === '\r' ? at - 1 : at;
}

/** A string that its line does not close ends with the line: it was no string, or the file is wrong. */
function stringEnd(text: string, from: number, quote: string, long: boolean): number {
  for (let at = from; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '\\') at += 1;
    else if (char === '\n' && !long) return at;
    else if (text.startsWith(quote, at)) return at + quote.length;
  }
  return text.length;
}
