/**
 * Calls and settings of JavaScript and TypeScript that are dangerous with input from outside, found in the syntax tree:
 * what a name stands for is resolved through imports and aliases, so that `pattern.exec(text)` is no shell command.
 * `high` is kept for code or commands made of values that are not written in the file.
 */
import type { Finding } from '../finding.js';
import type { RuleId } from '../rules.js';
import type { SourceFile } from '../source-file.js';
import { type Bindings, bindingsOf, nameOf, propertyName } from './bindings.js';
import { judgeCall } from './dangerous-modules.js';
import { type Node, type Program, visit } from './parse.js';
import { findingAt } from './place.js';

/** Collects the findings of one file. */
interface Report {
  (node: Node, rule: RuleId, message: string, severity?: Finding['severity']): void;
}

/** All dangerous calls and settings in a parsed file, in the order of the text. */
export function findDangerousCalls(file: SourceFile, program: Program): readonly Finding[] {
  const findings: Finding[] = [];
  const names = bindingsOf(program);
  const report: Report = (node, rule, message, severity) => {
    findings.push(findingAt(file, rule, node, message, severity === undefined ? {} : { severity }));
  };
  visit(program, {
    CallExpression(node) {
      const [first] = node.arguments;
      checkCodeFromText(node, node.callee, node.arguments, names, report);
      checkTimer(node, node.callee, first, names, report);
      checkMarkupCall(node, node.callee, node.arguments, names, report);
      checkModuleCall(node, node.callee, node.arguments, names, report);
      if (names.isGlobal(node.callee, 'require') && first !== undefined && !names.isConstant(first)) {
        report(node, 'dangerous/dynamic-require', 'require with a name that is made at run time.');
      }
    },
    NewExpression(node) {
      checkCodeFromText(node, node.callee, node.arguments, names, report);
      checkModuleCall(node, node.callee, node.arguments, names, report);
    },
    AssignmentExpression: (node) => checkAssignment(node, node.left, node.right, names, report),
    Property: (node) => checkProperty(node, nameOf(node.key), node.value, names, report),
    JSXAttribute(node) {
      if (node.name.type !== 'JSXIdentifier' || node.name.name !== 'dangerouslySetInnerHTML') return;
      const value = node.value?.type === 'JSXExpressionContainer' ? node.value.expression : undefined;
      if (value !== undefined && !hasConstantHtml(value, names)) {
        report(node, 'dangerous/react-html', 'dangerouslySetInnerHTML with a value that is made at run time.');
      }
    },
  });
  return findings;
}

type Arguments = readonly Node[];

function checkCodeFromText(node: Node, callee: Node, given: Arguments, names: Bindings, report: Report): void {
  const [code] = given;
  if (code === undefined) return;
  const constant = given.every((argument) => names.isConstant(argument));
  const how = constant ? 'text that is written in the file' : 'text that is made at run time';
  const severity = constant ? 'low' : 'high';
  if (node.type === 'CallExpression' && names.isGlobal(callee, 'eval')) {
    report(node, 'dangerous/eval', `eval of ${how}.`, severity);
  } else if (names.isGlobal(callee, 'Function')) {
    report(node, 'dangerous/function-constructor', `Function constructor with ${how}.`, severity);
  }
}

function checkTimer(node: Node, callee: Node, code: Node | undefined, names: Bindings, report: Report): void {
  if (code === undefined || !['setTimeout', 'setInterval'].some((name) => names.isGlobal(callee, name))) return;
  if (!isText(code)) return;
  const constant = names.isConstant(code);
  const how = constant ? 'written in the file' : 'made at run time';
  report(node, 'dangerous/timer-string', `Timer with code as text, ${how}.`, constant ? 'low' : 'high');
}

/** Whether a node is text by its form alone. */
function isText(node: Node): boolean {
  if (node.type === 'Literal') return typeof node.value === 'string';
  if (node.type === 'TemplateLiteral') return true;
  return node.type === 'BinaryExpression' && node.operator === '+' && (isText(node.left) || isText(node.right));
}

function checkMarkupCall(node: Node, callee: Node, given: Arguments, names: Bindings, report: Report): void {
  const method = propertyName(callee);
  if (callee.type !== 'MemberExpression' || method === undefined) return;
  if ((method === 'write' || method === 'writeln') && names.isGlobal(callee.object, 'document')) {
    if (given.some((argument) => !names.isConstant(argument))) {
      report(node, 'dangerous/document-write', `document.${method} with a value that is made at run time.`);
    }
  } else if (method === 'insertAdjacentHTML' && given[1] !== undefined && !names.isConstant(given[1])) {
    report(node, 'dangerous/html-assignment', 'insertAdjacentHTML with a value that is made at run time.');
  }
}

function checkModuleCall(node: Node, callee: Node, given: Arguments, names: Bindings, report: Report): void {
  const member = names.memberOf(callee);
  if (member === undefined) return;
  const found = judgeCall(member, given, names);
  if (found !== undefined) report(node, found.rule, found.message, found.severity);
}

function checkAssignment(node: Node, target: Node, value: Node, names: Bindings, report: Report): void {
  const name = propertyName(target);
  if ((name === 'innerHTML' || name === 'outerHTML') && !names.isConstant(value)) {
    report(node, 'dangerous/html-assignment', `${name} is set to a value that is made at run time.`);
  } else if (name === 'NODE_TLS_REJECT_UNAUTHORIZED' && value.type === 'Literal' && String(value.value) === '0') {
    report(node, 'dangerous/tls-unverified', 'NODE_TLS_REJECT_UNAUTHORIZED is set to 0.');
  } else if (name === 'rejectUnauthorized' && isFalse(value)) {
    report(node, 'dangerous/tls-unverified', 'rejectUnauthorized is set to false.');
  }
}

function checkProperty(node: Node, name: string, value: Node, names: Bindings, report: Report): void {
  if (name === 'rejectUnauthorized' && isFalse(value)) {
    report(node, 'dangerous/tls-unverified', 'rejectUnauthorized is false.');
  } else if (name === 'dangerouslySetInnerHTML' && !hasConstantHtml(value, names)) {
    // A pattern or a parameter only takes the value along; an object sets it.
    if (value.type === 'ObjectExpression') {
      report(node, 'dangerous/react-html', 'dangerouslySetInnerHTML with a value that is made at run time.');
    }
  }
}

function isFalse(node: Node): boolean {
  if (node.type === 'UnaryExpression') {
    return node.operator === '!' && node.argument.type === 'Literal' && node.argument.value === 1;
  }
  return node.type === 'Literal' && node.value === false;
}

function hasConstantHtml(value: Node, names: Bindings): boolean {
  if (value.type !== 'ObjectExpression') return names.isConstant(value);
  return value.properties.every(
    (property) =>
      property.type === 'Property' && (nameOf(property.key) !== '__html' || names.isConstant(property.value)),
  );
}
