/**
 * What the names of a file stand for, as far as it can be told without running scopes: which names come from which
 * module, and which are constants. A name that is bound more than once in the file (a parameter called `exec` beside an
 * import of `exec`) counts as unknown, so that a rule rather stays silent than blames the wrong call.
 */
import { type Node, type Program, visit } from './parse.js';

/** An export of a module: `{ module: 'child_process', name: 'exec' }`; `*` is the module itself. */
export interface ModuleMember {
  readonly module: string;
  readonly name: string;
}

/** The names of one file. */
export interface Bindings {
  /** The export that an expression stands for, such as `cp.exec` or an alias of it. */
  memberOf(node: Node): ModuleMember | undefined;
  /** Whether an expression is the global of that name, also as `globalThis.name`. */
  isGlobal(node: Node, name: string): boolean;
  /** Whether an expression has a value that was written in the file. */
  isConstant(node: Node): boolean;
}

const globalObjects = new Set(['globalThis', 'window', 'self', 'global']);

/** Collects the names of a file. */
export function bindingsOf(program: Program): Bindings {
  const members = new Map<string, ModuleMember>();
  const origins = new Map<string, Origin>();
  const bound = new Map<string, number>();
  const bind = (name: string): unknown => bound.set(name, (bound.get(name) ?? 0) + 1);
  const bindParameters = (node: { readonly params: readonly Node[] }): void => {
    for (const parameter of node.params) namesIn(parameter).forEach(bind);
  };
  const bindFunction = (node: { readonly id: Node | null; readonly params: readonly Node[] }): void => {
    if (node.id !== null) namesIn(node.id).forEach(bind);
    bindParameters(node);
  };
  const bindClass = (node: { readonly id: Node | null }): void => {
    if (node.id !== null) namesIn(node.id).forEach(bind);
  };
  visit(program, {
    ImportDeclaration(node) {
      const module = bareName(node.source.value);
      for (const specifier of node.specifiers) {
        bind(specifier.local.name);
        const name = specifier.type === 'ImportSpecifier' ? nameOf(specifier.imported) : '*';
        members.set(specifier.local.name, { module, name: name === 'default' ? '*' : name });
      }
    },
    VariableDeclaration(node) {
      for (const { id, init } of node.declarations) {
        namesIn(id).forEach(bind);
        if (init === null) continue;
        for (const [local, origin] of originsOf(id, init, node.kind === 'const')) origins.set(local, origin);
      }
    },
    FunctionDeclaration: bindFunction,
    FunctionExpression: bindFunction,
    ArrowFunctionExpression: bindParameters,
    ClassDeclaration: bindClass,
    ClassExpression: bindClass,
    CatchClause: (node) => {
      if (node.param !== null) namesIn(node.param).forEach(bind);
    },
  });
  return makeBindings(members, origins, (name) => bound.get(name) ?? 0);
}

function makeBindings(
  members: ReadonlyMap<string, ModuleMember>,
  origins: ReadonlyMap<string, Origin>,
  timesBound: (name: string) => number,
): Bindings {
  /** `via` holds the names already followed: two names can stand for each other. */
  const memberOf = (node: Node, via: ReadonlySet<string> = new Set()): ModuleMember | undefined => {
    if (node.type === 'Identifier') {
      if (timesBound(node.name) !== 1 || via.has(node.name)) return undefined;
      const origin = origins.get(node.name);
      if (origin === undefined) return members.get(node.name);
      const source = memberOf(origin.value, new Set([...via, node.name]));
      return origin.property === undefined ? source : within(source, origin.property);
    }
    if (node.type === 'ChainExpression') return memberOf(node.expression, via);
    if (node.type === 'MemberExpression') return within(memberOf(node.object, via), propertyName(node));
    const module = requiredModule(node);
    if (module !== undefined) return { module, name: '*' };
    if (node.type !== 'CallExpression' || node.arguments[0] === undefined) return undefined;
    const wrapper = memberOf(node.callee, via);
    return wrapper?.module === 'util' && wrapper.name === 'promisify' ? memberOf(node.arguments[0], via) : undefined;
  };
  const isGlobal = (node: Node, name: string): boolean => {
    if (node.type === 'Identifier') return node.name === name && timesBound(name) === 0;
    if (node.type === 'ChainExpression') return isGlobal(node.expression, name);
    if (node.type !== 'MemberExpression' || propertyName(node) !== name) return false;
    const { object } = node;
    return object.type === 'Identifier' && globalObjects.has(object.name) && timesBound(object.name) === 0;
  };
  const isConstant = (node: Node, via: ReadonlySet<string> = new Set()): boolean => {
    if (node.type !== 'Identifier') return partsOfConstant(node)?.every((part) => isConstant(part, via)) ?? false;
    const origin = origins.get(node.name);
    if (origin?.constant !== true || timesBound(node.name) !== 1 || via.has(node.name)) return false;
    return isConstant(origin.value, new Set([...via, node.name]));
  };
  return { memberOf: (node) => memberOf(node), isGlobal, isConstant: (node) => isConstant(node) };
}

/** What must be constant for a node to be constant; undefined when it is not constant in any case. */
function partsOfConstant(node: Node): readonly Node[] | undefined {
  switch (node.type) {
    case 'Literal':
      return [];
    case 'TemplateLiteral':
      return node.expressions;
    case 'BinaryExpression':
      return [node.left, node.right];
    case 'ConditionalExpression':
      return [node.consequent, node.alternate];
    case 'LogicalExpression':
      return [node.left, node.right];
    case 'ArrayExpression':
      return node.elements.filter((element) => element !== null);
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'TSNonNullExpression':
    case 'UnaryExpression':
      return ['argument' in node ? node.argument : node.expression];
    default:
      return undefined;
  }
}

/** The name of a member that is written in the file, as `a.b` or `a['b']`. */
export function propertyName(node: Node): string | undefined {
  if (node.type !== 'MemberExpression') return undefined;
  const { property } = node;
  if (!node.computed) return property.type === 'Identifier' ? property.name : undefined;
  return property.type === 'Literal' && typeof property.value === 'string' ? property.value : undefined;
}

/** The name of a key or of an imported export. */
export function nameOf(node: Node): string {
  if (node.type === 'Identifier') return node.name;
  return node.type === 'Literal' ? String(node.value) : '';
}

/** `node:fs` and `fs` are one module. */
function bareName(module: string): string {
  return module.startsWith('node:') ? module.slice('node:'.length) : module;
}

/** The module of `require('module')` or `await import('module')`. */
function requiredModule(node: Node): string | undefined {
  if (node.type === 'AwaitExpression') return requiredModule(node.argument);
  if (node.type === 'ImportExpression') return stringOf(node.source);
  if (node.type !== 'CallExpression' || node.callee.type !== 'Identifier' || node.callee.name !== 'require') {
    return undefined;
  }
  const [argument] = node.arguments;
  return argument === undefined ? undefined : stringOf(argument);
}

function stringOf(node: Node): string | undefined {
  return node.type === 'Literal' && typeof node.value === 'string' ? bareName(node.value) : undefined;
}

/** Where the value of a declared name comes from. */
interface Origin {
  readonly value: Node;
  /** Set when the name is a property of the value. */
  readonly property?: string;
  /** Whether the name always has the value itself. */
  readonly constant: boolean;
}

/** The names that `const cp = value` or `const { exec: run } = value` gives. */
function originsOf(target: Node, value: Node, constant: boolean): readonly (readonly [string, Origin])[] {
  if (target.type === 'Identifier') return [[target.name, { value, constant }]];
  if (target.type !== 'ObjectPattern') return [];
  return target.properties.flatMap((property) =>
    property.type === 'Property' && property.value.type === 'Identifier'
      ? [[property.value.name, { value, property: nameOf(property.key), constant: false }] as const]
      : [],
  );
}

/** A property of a module; the default export is the module, and properties of its exports are not followed. */
function within(object: ModuleMember | undefined, property: string | undefined): ModuleMember | undefined {
  if (object?.name !== '*' || property === undefined) return undefined;
  return property === 'default' ? object : { module: object.module, name: property };
}

/** The names that a pattern binds. */
function namesIn(pattern: Node): readonly string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name];
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) =>
        namesIn(property.type === 'Property' ? property.value : property.argument),
      );
    case 'ArrayPattern':
      return pattern.elements.flatMap((element) => (element === null ? [] : namesIn(element)));
    case 'AssignmentPattern':
      return namesIn(pattern.left);
    case 'RestElement':
      return namesIn(pattern.argument);
    case 'TSParameterProperty':
      return namesIn(pattern.parameter);
    default:
      return [];
  }
}
