/**
 * The one file that knows oxc-parser: source text in, syntax tree out, and the ways to walk it. A file is parsed once
 * and shared by all analysers. A text that does not parse is no failure of the audit: it merely has no tree.
 */
import {
  type ArrowFunctionExpression,
  type Comment,
  type Function as FunctionLike,
  type Node,
  type ParserOptions,
  type Program,
  parseSync,
  Visitor,
  type VisitorObject,
  visitorKeys,
} from 'oxc-parser';
import type { Finding } from '../finding.js';
import type { SourceFile } from '../source-file.js';
import { isShallow } from './nesting.js';
import { findingAt, findingOfFile } from './place.js';

export type { ArrowFunctionExpression, FunctionLike, Node, Program };

/** A parsed file. Offsets are UTF-16 units into the text of the file. */
export interface SyntaxTree {
  readonly program: Program;
  readonly comments: readonly Comment[];
}

/** What parsing gave: a tree, or none (another language, or a text that does not parse), and what to say about it. */
export interface ParseOutcome {
  readonly tree: SyntaxTree | undefined;
  readonly findings: readonly Finding[];
}

type Attempt = Pick<ParserOptions, 'lang' | 'sourceType'>;

const jsx: Attempt = { lang: 'jsx', sourceType: 'unambiguous' };
/** CommonJS allows what a module does not (`return` at the top); Flow's types mostly read as TypeScript's. */
const javascriptAttempts: readonly Attempt[] = [jsx, { lang: 'jsx', sourceType: 'commonjs' }, { lang: 'tsx' }];

function attemptsFor(file: SourceFile): readonly Attempt[] {
  switch (file.language) {
    case 'typescript':
      return [{ lang: /\.d\.[cm]?ts$/.test(file.path) ? 'dts' : 'ts' }];
    case 'tsx':
      return [{ lang: 'tsx' }];
    case 'javascript':
    case 'jsx':
      return javascriptAttempts;
    default:
      return [];
  }
}

/**
 * The parser quotes the whole line with each error, so that a long line of nothing but errors (60 kB of backslashes)
 * takes gigabytes. Every unit of a line may be an error: this is the most that the squares of the lengths may sum to.
 */
const mostQuoted = 500_000_000;

function obstacleIn(text: string, jsx: boolean): string | undefined {
  let quoted = 0;
  for (let start = 0; start < text.length; ) {
    const at = text.indexOf('\n', start);
    const end = at < 0 ? text.length : at + 1;
    quoted += (end - start) ** 2;
    start = end;
  }
  if (quoted > mostQuoted) return 'The lines are too long';
  return isShallow(text, jsx) ? undefined : 'The nesting is too deep';
}

/** A file with more errors is not tried in another dialect. */
const mostErrors = 100;

/** Folders whose files are samples and often wrong on purpose, and marks of templates that become code later. */
const sampleFolder =
  /(?:^|\/)(?:__)?(?:test|tests|spec|fixtures?|testdata|samples?|templates?|snapshots?|corpus)(?:__)?\//i;
const templateMark = /<%|\{\{|@flow\b/;

/** Parses a file once. Files of other languages have no tree and no finding. */
export function parseFile(file: SourceFile): ParseOutcome {
  const attempts = attemptsFor(file);
  if (attempts.length === 0) return { tree: undefined, findings: [] };
  const obstacle = obstacleIn(file.text, file.language !== 'typescript');
  if (obstacle !== undefined) {
    const message = `${obstacle}, so the file was not parsed; the rules on its syntax were not applied.`;
    return { tree: undefined, findings: [findingOfFile(file.path, 'syntax/not-parsed', message)] };
  }
  let firstError: number | undefined;
  for (const attempt of attempts) {
    const result = parseSync(file.path, file.text, { ...attempt, preserveParens: false });
    const error = result.errors.find(({ severity }) => severity === 'Error');
    if (error === undefined) return { tree: { program: result.program, comments: result.comments }, findings: [] };
    firstError ??= error.labels[0]?.start ?? 0;
    // So many errors are no matter of the dialect.
    if (result.errors.length > mostErrors) break;
  }
  const meantToParse = !sampleFolder.test(file.path) && !templateMark.test(file.text);
  const at = { start: firstError ?? 0, end: (firstError ?? 0) + 1 };
  const findings = meantToParse ? [findingAt(file, 'syntax/parse-error', at, 'The file does not parse.')] : [];
  return { tree: undefined, findings };
}

/** Calls the functions of `visitor` for the nodes of their type, in the order of the text. */
export function visit(program: Program, visitor: VisitorObject): void {
  new Visitor(visitor).visit(program);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** The nodes directly within a node, in the order of the text; for walks that carry something downwards. */
export function childrenOf(node: Node): readonly Node[] {
  const children: Node[] = [];
  for (const key of visitorKeys[node.type] ?? []) {
    const value: unknown = Reflect.get(node, key);
    if (Array.isArray(value)) children.push(...value.filter(isNode));
    else if (isNode(value)) children.push(value);
  }
  return children;
}
