/**
 * What the rules need to know of a source's syntax: the modules it imports, type-only imports included, and the global
 * names it touches. It is parsed rather than matched as text, so that a comment or a string is never mistaken for code.
 */
import { type Program, parseSync, visitorKeys } from 'oxc-parser';
import type { Source } from './sources.js';

/** An import, export-from, dynamic import or type import of another module. */
export interface ModuleUse {
  readonly specifier: string;
  /** 1-based. */
  readonly line: number;
}

/** A use of a name, or of a property of a name such as `Math.random`. */
export interface NameUse {
  readonly name: string;
  /** 1-based. */
  readonly line: number;
}

/** A node of the syntax tree, as far as a walk over all of them needs to know it. */
type SyntaxNode = Readonly<Record<string, unknown>> & { readonly type: string; readonly start: number };

/** The modules that a source uses, in the order of its text. A source that does not parse is an error. */
export function moduleUses(source: Source): readonly ModuleUse[] {
  const uses: ModuleUse[] = [];
  const add = (literal: unknown, start: number): void => {
    const specifier = isNode(literal) ? literal['value'] : undefined;
    if (typeof specifier === 'string') uses.push({ specifier, line: lineAt(source.text, start) });
  };
  walk(parse(source), (node) => {
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportNamedDeclaration':
      case 'ExportAllDeclaration':
      case 'ImportExpression':
      case 'TSImportType':
        add(node['source'], node.start);
        break;
      case 'TSExternalModuleReference':
        add(node['expression'], node.start);
        break;
      default:
        break;
    }
  });
  return uses;
}

/**
 * The names that a source reads as values and does not declare as an import, with `object.property` for a plain member
 * access. Local variables are among them: a rule about globals names the globals it forbids.
 */
export function nameUses(source: Source): readonly NameUse[] {
  const uses: NameUse[] = [];
  walk(parse(source), (node, parent, key) => {
    if (node.type === 'MemberExpression' && node['computed'] === false) {
      const name = `${nameOf(node['object'])}.${nameOf(node['property'])}`;
      uses.push({ name, line: lineAt(source.text, node.start) });
    }
    if (node.type === 'Identifier' && isValue(parent, key)) {
      uses.push({ name: nameOf(node), line: lineAt(source.text, node.start) });
    }
  });
  return uses;
}

/** Whether an identifier in this place is read as a value: not a property's name, nor part of a type. */
function isValue(parent: SyntaxNode | undefined, key: string): boolean {
  if (parent === undefined) return false;
  if (parent.type === 'MemberExpression') return key === 'object' || parent['computed'] === true;
  if (key === 'key') return parent['computed'] === true || parent['shorthand'] === true;
  return (
    !parent.type.startsWith('TS') ||
    ['TSAsExpression', 'TSSatisfiesExpression', 'TSNonNullExpression'].includes(parent.type)
  );
}

function nameOf(value: unknown): string {
  const name = isNode(value) ? value['name'] : undefined;
  return typeof name === 'string' ? name : '';
}

function parse(source: Source): Program {
  const { program, errors } = parseSync(source.path, source.text);
  const first = errors[0];
  if (first !== undefined) throw new Error(`${source.path} does not parse: ${first.message}`);
  return program;
}

type Visit = (node: SyntaxNode, parent: SyntaxNode | undefined, key: string) => void;

function walk(value: unknown, visit: Visit, parent?: SyntaxNode, key = ''): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, visit, parent, key);
  } else if (isNode(value)) {
    visit(value, parent, key);
    for (const child of visitorKeys[value.type] ?? []) walk(value[child], visit, value, child);
  }
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}
