/**
 * The file's layer: the YAML tree laid over the schema. What the schema does not know is a problem with a suggestion,
 * never passed over: a misspelt key would otherwise look set and not count.
 */
import { unreachable } from '#protocols/wire/error';
import type { Assignment } from './assignment.js';
import { type Layer, unknownOption } from './layers.js';
import { leafByPath, leaves, sectionPaths } from './leaves.js';
import { printable } from './mask.js';
import { describeOrigin, type Origin } from './origin.js';
import type { Problem } from './problem.js';
import { nearest } from './suggest.js';
import { parseYaml, type Position, type YamlEntry, type YamlNode } from './yaml.js';

/** The assignments of a file's text; `file` is its name as messages show it. */
export function fileLayer(text: string, file: string): Layer {
  const parsed = parseYaml(text);
  if (!parsed.ok) {
    const problems = parsed.faults.map(
      ({ message, at }): Problem => ({ path: '', origin: describeOrigin(originAt(file, at)), message }),
    );
    return { assignments: [], problems };
  }
  return parsed.root === undefined ? { assignments: [], problems: [] } : sectionLayer(parsed.root, '', file);
}

function originAt(file: string, at: Position): Origin {
  return { kind: 'file', file, line: at.line, column: at.column };
}

/** Assignments of one section and those in it; the root is the section with the empty path. */
function sectionLayer(node: YamlNode, path: string, file: string): Layer {
  if (node.kind === 'map') {
    const layers = node.entries.map((entry) => entryLayer(entry, path, file));
    return {
      assignments: layers.flatMap((layer) => layer.assignments),
      problems: layers.flatMap((layer) => layer.problems),
    };
  }
  // A section whose lines are all commented out.
  if (node.kind === 'scalar' && node.value === null) return { assignments: [], problems: [] };
  const message = `a mapping is expected here, with the keys ${keysOf(path).join(', ')}`;
  return { assignments: [], problems: [{ path, origin: describeOrigin(originAt(file, node.at)), message }] };
}

function entryLayer(entry: YamlEntry, above: string, file: string): Layer {
  const path = above === '' ? entry.key : `${above}.${entry.key}`;
  // A key with a dot in it names no option, even where the dotted path would.
  const known = !entry.key.includes('.');
  const leaf = known ? leafByPath.get(path) : undefined;
  if (leaf !== undefined) {
    const origin = originAt(file, entry.value.at);
    const assignment: Assignment = { leaf, origin, given: { kind: 'yaml', value: plainValue(entry.value) } };
    return { assignments: [assignment], problems: [] };
  }
  if (known && path !== '' && sectionPaths.has(path)) return sectionLayer(entry.value, path, file);
  const origin = describeOrigin(originAt(file, entry.at));
  return { assignments: [], problems: [{ path: printable(path), origin, message: unknownKey(entry.key, above) }] };
}

/** Keys that a section takes. */
function keysOf(section: string): string[] {
  const depth = section === '' ? 0 : section.split('.').length;
  const inside = leaves.filter((leaf) => leaf.keys.slice(0, depth).join('.') === section);
  return [...new Set(inside.flatMap((leaf) => leaf.keys.slice(depth, depth + 1)))];
}

function unknownKey(key: string, section: string): string {
  const keys = keysOf(section);
  const suggestion = nearest(key, keys);
  if (suggestion !== undefined) return `unknown key; did you mean ${suggestion}?`;
  const elsewhere = unknownOption(section === '' ? key : `${section}.${key}`);
  return elsewhere.includes('did you mean') ? elsewhere : `unknown key; allowed here: ${keys.join(', ')}`;
}

/** A node as plain data. `fromEntries` defines each key as an own property, so `__proto__` stays a mere key. */
function plainValue(node: YamlNode): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map(plainValue);
    case 'map':
      return Object.fromEntries(node.entries.map((entry) => [entry.key, plainValue(entry.value)]));
    default:
      return unreachable(node);
  }
}
