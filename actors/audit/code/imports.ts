/**
 * What a file imports from its own repository when it is loaded. An import of types is gone at run time, and an import
 * that runs later (`import()`, `require` within a function) is how cycles are broken on purpose: neither can be part of
 * a cycle of loading, so neither is listed.
 */
import { type Node, type Program, visit } from './parse.js';

/** The relative imports of a file, as written, sorted and without doubles. */
export interface FileImports {
  readonly path: string;
  readonly to: readonly string[];
}

/** The relative specifiers that are resolved when the file is loaded. */
export function readImports(program: Program): readonly string[] {
  const specifiers = new Set<string>();
  let functionDepth = 0;
  const add = (source: Node | null): void => {
    if (source?.type === 'Literal' && typeof source.value === 'string' && /^\.\.?(?:\/|$)/.test(source.value)) {
      specifiers.add(source.value);
    }
  };
  const enter = (): void => {
    functionDepth += 1;
  };
  const leave = (): void => {
    functionDepth -= 1;
  };
  visit(program, {
    ImportDeclaration(node) {
      const named = node.specifiers.filter((specifier) => specifier.type === 'ImportSpecifier');
      const allTypes = named.length > 0 && named.length === node.specifiers.length;
      if (node.importKind === 'type' || (allTypes && named.every(({ importKind }) => importKind === 'type'))) return;
      add(node.source);
    },
    ExportAllDeclaration(node) {
      if (node.exportKind !== 'type') add(node.source);
    },
    ExportNamedDeclaration(node) {
      const onlyTypes = node.specifiers.length > 0 && node.specifiers.every(({ exportKind }) => exportKind === 'type');
      if (node.exportKind !== 'type' && !onlyTypes) add(node.source);
    },
    TSImportEqualsDeclaration(node) {
      if (node.importKind !== 'type' && node.moduleReference.type === 'TSExternalModuleReference') {
        add(node.moduleReference.expression);
      }
    },
    CallExpression(node) {
      const isRequire = node.callee.type === 'Identifier' && node.callee.name === 'require';
      if (isRequire && functionDepth === 0) add(node.arguments[0] ?? null);
    },
    FunctionDeclaration: enter,
    'FunctionDeclaration:exit': leave,
    FunctionExpression: enter,
    'FunctionExpression:exit': leave,
    ArrowFunctionExpression: enter,
    'ArrowFunctionExpression:exit': leave,
  });
  return [...specifiers].sort();
}
