/**
 * How hard functions are to follow: cognitive complexity after G. Ann Campbell, "Cognitive Complexity: a new way of
 * measuring understandability" (SonarSource, version 1.7), beside McCabe's cyclomatic number.
 *
 *   +1              else, else if, a jump to a label, each run of like logical operators, each recursion onto itself
 *   +1 + nesting    if, ?:, switch, loops, catch
 *   nesting grows   in the bodies of these and in functions within functions
 *
 * A function that only holds others (a module pattern, a suite of tests) has no breaks of its own; its inner functions
 * then count for themselves. Otherwise they count into the outer one, as the paper says.
 */
import type { Finding } from '../finding.js';
import type { SourceFile } from '../source-file.js';
import { propertyName } from './bindings.js';
import { type ArrowFunctionExpression, childrenOf, type FunctionLike, type Node, type Program } from './parse.js';
import { findingAt } from './place.js';

/** The measures of one function. */
export interface FunctionComplexity {
  readonly start: number;
  readonly end: number;
  /** As far as the text gives one, or ''. */
  readonly name: string;
  readonly cognitive: number;
  readonly cyclomatic: number;
}

/** Highest cognitive complexity without a finding. SonarSource warns from 15 on; this warns where a split is due. */
const highestAccepted = 25;

interface Scope {
  readonly name: string;
  cognitive: number;
  cyclomatic: number;
  readonly inner: FunctionNode[];
}

type FunctionNode = FunctionLike | ArrowFunctionExpression;

/** Declarations of TypeScript without a body have no complexity. */
function isFunction(node: Node): node is FunctionNode {
  return (
    node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression'
  );
}

/** Measures the functions of a file, in the order of the text. */
export function measureFunctions(program: Program): readonly FunctionComplexity[] {
  const names = new Map<Node, string>();
  const top: Scope = { name: '', cognitive: 0, cyclomatic: 1, inner: [] };
  walkParts(program, 0, top, names);
  return top.inner.flatMap((inner) => measure(inner, names));
}

/** Findings for the functions above the threshold. */
export function findComplexity(file: SourceFile, functions: readonly FunctionComplexity[]): readonly Finding[] {
  return functions
    .filter(({ cognitive }) => cognitive > highestAccepted)
    .map((measured) => {
      const { cognitive, cyclomatic, name } = measured;
      const message = `A function with cognitive complexity ${cognitive}; more than ${highestAccepted} is hard to follow.`;
      const facts = { cognitive, cyclomatic, ...(name === '' ? {} : { function: name }) };
      return findingAt(file, 'complexity/cognitive', measured, message, { facts });
    });
}

function measure(node: FunctionNode, names: Map<Node, string>): readonly FunctionComplexity[] {
  const name = ('id' in node ? node.id?.name : undefined) ?? names.get(node) ?? '';
  const own: Scope = { name, cognitive: 0, cyclomatic: 1, inner: [] };
  walkParts(node, 0, own, names);
  const { start, end } = node;
  if (own.cognitive === 0) {
    const self = { start, end, name, cognitive: 0, cyclomatic: own.cyclomatic };
    return [self, ...own.inner.flatMap((inner) => measure(inner, names))];
  }
  const whole: Scope = { name, cognitive: 0, cyclomatic: 1, inner: [] };
  walkParts(node, 0, whole, names, true);
  return [{ start, end, name, cognitive: whole.cognitive, cyclomatic: whole.cyclomatic }];
}

/** Counts the parts of a node; `fold` counts inner functions into this one, a level deeper. */
function walkParts(node: Node, nesting: number, scope: Scope, names: Map<Node, string>, fold = false): void {
  for (const child of childrenOf(node)) walk(child, nesting, scope, names, fold);
}

function walk(node: Node, nesting: number, scope: Scope, names: Map<Node, string>, fold: boolean): void {
  const deeper = (child: Node | null): void => {
    if (child !== null) walk(child, nesting + 1, scope, names, fold);
  };
  const same = (child: Node | null): void => {
    if (child !== null) walk(child, nesting, scope, names, fold);
  };
  noteName(node, names);
  if (isFunction(node)) {
    if (fold) walkParts(node, nesting + 1, scope, names, true);
    else scope.inner.push(node);
    return;
  }
  switch (node.type) {
    case 'IfStatement':
      return walkIf(node, 1 + nesting, scope, same, deeper);
    case 'ConditionalExpression':
      count(scope, 1 + nesting);
      same(node.test);
      deeper(node.consequent);
      return deeper(node.alternate);
    case 'SwitchStatement':
      scope.cognitive += 1 + nesting;
      scope.cyclomatic += node.cases.filter(({ test }) => test !== null).length;
      same(node.discriminant);
      return node.cases.forEach(deeper);
    case 'ForStatement':
    case 'ForInStatement':
    case 'ForOfStatement':
    case 'WhileStatement':
    case 'DoWhileStatement': {
      count(scope, 1 + nesting);
      for (const child of childrenOf(node)) (child === node.body ? deeper : same)(child);
      return undefined;
    }
    case 'CatchClause':
      count(scope, 1 + nesting);
      return deeper(node.body);
    case 'BreakStatement':
    case 'ContinueStatement':
      if (node.label !== null) scope.cognitive += 1;
      return undefined;
    case 'LogicalExpression':
      return walkLogical(node, scope, same);
    case 'CallExpression':
      if (isRecursion(node.callee, scope.name)) scope.cognitive += 1;
      break;
    default:
  }
  walkParts(node, nesting, scope, names, fold);
}

function count(scope: Scope, cognitive: number): void {
  scope.cognitive += cognitive;
  scope.cyclomatic += 1;
}

type Step = (child: Node | null) => void;

/** A chain of else-ifs is one sequence to the reader: each link counts one, and none nests in the one before. */
function walkIf(
  node: Extract<Node, { readonly type: 'IfStatement' }>,
  cost: number,
  scope: Scope,
  same: Step,
  deeper: Step,
): void {
  count(scope, cost);
  same(node.test);
  deeper(node.consequent);
  if (node.alternate?.type === 'IfStatement') walkIf(node.alternate, 1, scope, same, deeper);
  else if (node.alternate !== null) {
    scope.cognitive += 1;
    deeper(node.alternate);
  }
}

/** `a && b && c` counts one, `a && b || c` two. A default by `??` reads straight on and counts as a path only. */
function walkLogical(node: Extract<Node, { readonly type: 'LogicalExpression' }>, scope: Scope, same: Step): void {
  const operators: string[] = [];
  const collect = (part: Node): void => {
    if (part.type !== 'LogicalExpression') return same(part);
    collect(part.left);
    operators.push(part.operator);
    collect(part.right);
    return undefined;
  };
  collect(node);
  scope.cyclomatic += operators.length;
  scope.cognitive += operators.filter(
    (operator, index) => operator !== '??' && operator !== operators[index - 1],
  ).length;
}

function isRecursion(callee: Node, name: string): boolean {
  if (name === '') return false;
  if (callee.type === 'Identifier') return callee.name === name;
  return callee.type === 'MemberExpression' && callee.object.type === 'ThisExpression' && propertyName(callee) === name;
}

/** Remembers the name that a function gets from what it is assigned to. */
function noteName(node: Node, names: Map<Node, string>): void {
  if (node.type === 'VariableDeclarator') {
    if (node.init !== null && node.id.type === 'Identifier' && isFunction(node.init))
      names.set(node.init, node.id.name);
  } else if (node.type === 'MethodDefinition' || node.type === 'Property' || node.type === 'PropertyDefinition') {
    if (node.value !== null && isFunction(node.value) && node.key.type === 'Identifier' && !node.computed) {
      names.set(node.value, node.key.name);
    }
  }
}
