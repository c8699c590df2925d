/**
 * The one file that knows `yaml`. It gives a tree of plain nodes with their positions, and refuses what a configuration
 * has no use for: several documents, tags, duplicate keys, keys that are no text, and aliases that multiply. Messages
 * are our own, by code, because those of the parser may quote the text, and the text may hold a secret.
 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';

/** A place in the text, 1-based. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One node of the tree. */
export type YamlNode =
  | { readonly kind: 'map'; readonly at: Position; readonly entries: readonly YamlEntry[] }
  | { readonly kind: 'list'; readonly at: Position; readonly items: readonly YamlNode[] }
  | { readonly kind: 'scalar'; readonly at: Position; readonly value: unknown };

/** One key of a map with its value. */
export interface YamlEntry {
  readonly key: string;
  readonly at: Position;
  readonly value: YamlNode;
}

/** What is wrong with a text, and where. */
interface YamlFault {
  readonly message: string;
  readonly at: Position;
}

/** What came of parsing; `root` is undefined for a text without content. */
type YamlParse =
  | { readonly ok: true; readonly root: YamlNode | undefined }
  | { readonly ok: false; readonly faults: readonly YamlFault[] };

/** Expansions that aliases may cause in all, as `yaml` counts them. */
const MAX_ALIAS_COUNT = 100;
/** Deepest nesting; the schema has 5 levels. */
const MAX_DEPTH = 16;
/** Most faults that are told of one text. */
const MAX_FAULTS = 20;

const start: Position = { line: 1, column: 1 };

class Refused extends Error {
  readonly fault: YamlFault;
  constructor(message: string, at: Position) {
    super(message);
    this.fault = { message, at };
  }
}

/** Parses one YAML document. */
export function parseYaml(text: string): YamlParse {
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, {
      version: '1.2',
      schema: 'core',
      strict: true,
      uniqueKeys: true,
      prettyErrors: false,
      // `silent` would also silence the error of a second document.
      logLevel: 'error',
      lineCounter: lines,
    });
    const faults = faultsOf(document, lines);
    if (faults.length > 0) return { ok: false, faults };
    checkAliases(document);
    const root = document.contents;
    return { ok: true, root: root === null ? undefined : toNode(root, document, lines, 0) };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, faults: [error.fault] };
    return { ok: false, faults: [{ message: 'cannot be parsed as YAML', at: start }] };
  }
}

/** One mistake makes the parser stumble on; only the first is told, but each duplicate key is a mistake of its own. */
function faultsOf(document: Document.Parsed, lines: LineCounter): YamlFault[] {
  return [...document.errors, ...document.warnings]
    .filter((error, index) => index === 0 || error.code === 'DUPLICATE_KEY')
    .slice(0, MAX_FAULTS)
    .map((error) => ({ message: faultWords(error.code), at: positionAt(error.pos[0], lines) }));
}

function faultWords(code: YAMLError['code']): string {
  switch (code) {
    case 'DUPLICATE_KEY':
      return 'the key stands twice in one mapping; remove one';
    case 'MULTIPLE_DOCS':
      return 'a second YAML document begins here; keep one';
    case 'TAB_AS_INDENT':
      return 'a tab indents here; YAML allows only spaces';
    case 'BAD_INDENT':
      return 'malformed YAML: the indentation is wrong or a bracket is not closed';
    case 'BAD_DQ_ESCAPE':
      return 'malformed YAML: unknown escape in a text in double quotes';
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'malformed YAML: a second ": " on one line; put the value in quotes';
    case 'MISSING_CHAR':
      return 'malformed YAML: a character is missing, such as a colon, a comma or a closing quote';
    case 'TAG_RESOLVE_FAILED':
      return 'a tag ("!...") that configuration does not allow';
    default:
      return `malformed YAML (${code})`;
  }
}

/** Lets `yaml` count what the aliases would expand to, before anything here walks through them. */
function checkAliases(document: Document.Parsed): void {
  let seen = false;
  visit(document, { Alias: () => ((seen = true), visit.BREAK) });
  if (!seen) return;
  try {
    document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
  } catch {
    throw new Refused('an alias ("*...") without its anchor, or aliases that expand too far', start);
  }
}

function positionAt(offset: number, lines: LineCounter): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

function toNode(node: ParsedNode, document: Document.Parsed, lines: LineCounter, depth: number): YamlNode {
  const at = positionAt(node.range[0], lines);
  if (depth > MAX_DEPTH) throw new Refused(`nested deeper than ${MAX_DEPTH} levels`, at);
  if (isScalar(node)) return { kind: 'scalar', at, value: node.value };
  if (isSeq(node))
    return { kind: 'list', at, items: node.items.map((item) => toNode(item, document, lines, depth + 1)) };
  if (isAlias(node)) {
    const target = node.resolve(document);
    const range = target?.range;
    if (target === undefined || !range) throw new Refused('an alias ("*...") without its anchor', at);
    // An anchor stands before its aliases, so only an alias inside its own anchor's node can make a circle.
    if (range[0] <= node.range[0] && node.range[0] < range[2]) throw new Refused('an alias to what contains it', at);
    // The target was parsed from the same text; the place to edit is the alias.
    return { ...toNode(target as ParsedNode, document, lines, depth + 1), at };
  }
  if (!isMap(node)) throw new Refused('a node that configuration does not allow', at);
  const entries = node.items.map((pair): YamlEntry => {
    const key = isScalar(pair.key) ? pair.key.value : undefined;
    const keyAt = positionAt(pair.key.range[0], lines);
    if (typeof key !== 'string') throw new Refused('a key must be text; put it in quotes', keyAt);
    const value: YamlNode =
      pair.value === null ? { kind: 'scalar', at: keyAt, value: null } : toNode(pair.value, document, lines, depth + 1);
    return { key, at: keyAt, value: isEmpty(value) ? { ...value, at: keyAt } : value };
  });
  return { kind: 'map', at, entries };
}

/** A key without value: its place is the key, since the value has none. */
function isEmpty(node: YamlNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}
