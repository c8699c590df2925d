/**
 * From layers to one configuration: the last layer wins each option, its value is read, what is still missing is
 * computed, and the whole is held against the schema. Every problem found on the way is told.
 */
import type * as z from 'zod';
import { type Assignment, readGiven } from './assignment.js';
import type { Variables } from './interpolate.js';
import { entryIssueWords } from './entry-words.js';
import { type Leaf, leafByPath, leaves } from './leaves.js';
import { printable } from './mask.js';
import type { Host } from './option.js';
import { describeOrigin, type Origin } from './origin.js';
import type { Problem } from './problem.js';
import { type Config, configSchema } from './schema.js';
import { describeAllowed, describeGiven } from './words.js';

/** What came of the layers: a configuration with the origin of each option, or problems. */
type Settlement =
  | { readonly ok: true; readonly config: Config; readonly origins: ReadonlyMap<string, Origin> }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** The value that won an option. */
interface Settled {
  readonly leaf: Leaf;
  readonly origin: Origin;
  readonly value: unknown;
  /** What stands in the file, when variables went into it: it is shown in place of the value. */
  readonly template: unknown;
}

/** Settles assignments, given from the lowest layer to the highest. */
export function settle(assignments: readonly Assignment[], variables: Variables, host: Host): Settlement {
  const winners = new Map(assignments.map((assignment) => [assignment.leaf.path, assignment]));
  const settled = new Map<string, Settled>();
  const problems: Problem[] = [];
  for (const winner of winners.values()) {
    const result = read(winner, variables);
    if ('message' in result) problems.push(result);
    else settled.set(winner.leaf.path, result);
  }
  addComputed(settled, winners, host);
  const parsed = configSchema.safeParse(nest(settled));
  if (parsed.success && problems.length === 0) {
    return { ok: true, config: deepFreeze(parsed.data), origins: originsOf(settled) };
  }
  const unread = new Set(problems.map((problem) => problem.path));
  return { ok: false, problems: [...problems, ...schemaProblems(parsed.error?.issues ?? [], settled, unread)] };
}

function read({ leaf, origin, given }: Assignment, variables: Variables): Settled | Problem {
  const reading = readGiven(leaf, given, variables);
  if (!reading.ok) return problemOf(leaf.path, origin, reading.message);
  // zod passes over this key in a record; a value that is silently dropped would look set.
  if (typeof reading.value === 'object' && reading.value !== null && Object.hasOwn(reading.value, '__proto__')) {
    return problemOf(leaf.path, origin, `the key "__proto__" is not allowed; allowed: ${describeAllowed(leaf)}`);
  }
  const template = reading.used.length > 0 && given.kind === 'yaml' ? given.value : undefined;
  return { leaf, origin, value: reading.value, template };
}

function problemOf(path: string, origin: Origin, message: string): Problem {
  return { path, origin: describeOrigin(origin), message };
}

function addComputed(settled: Map<string, Settled>, winners: ReadonlyMap<string, Assignment>, host: Host): void {
  for (const leaf of leaves) {
    const { computed } = leaf.facts;
    if (computed === undefined || winners.has(leaf.path)) continue;
    const value = computed.value(host, (path) => settled.get(path)?.value);
    settled.set(leaf.path, { leaf, origin: { kind: 'default' }, value, template: undefined });
  }
}

type Tree = { [key: string]: unknown };

/** The settled values as the nested object that the schema takes; every section is there, even without values. */
function nest(settled: ReadonlyMap<string, Settled>): Tree {
  const root: Tree = {};
  for (const leaf of leaves) {
    let section = root;
    for (const key of leaf.keys.slice(0, -1)) section = sectionOf(section, key);
    const entry = settled.get(leaf.path);
    if (entry !== undefined) section[leaf.keys.at(-1) ?? ''] = entry.value;
  }
  return root;
}

function sectionOf(tree: Tree, key: string): Tree {
  const section = (tree[key] ?? {}) as Tree;
  tree[key] = section;
  return section;
}

/** The schema's issues as problems: one for each option, and one for each rule between options. */
function schemaProblems(
  issues: readonly z.core.$ZodIssue[],
  settled: ReadonlyMap<string, Settled>,
  unread: ReadonlySet<string>,
): Problem[] {
  const problems = new Map<string, Problem>();
  for (const issue of issues) {
    const keys = issue.path.map(String);
    const leaf = leaves.find((candidate) => candidate.keys.every((key, depth) => keys[depth] === key));
    if (leaf === undefined) throw new Error(`an issue at ${keys.join('.')}, which is no option: ${issue.message}`);
    const entry = settled.get(leaf.path);
    if (unread.has(leaf.path) || entry === undefined) continue;
    const path = printable(keys.join('.'));
    if (!problems.has(path)) problems.set(path, problemOf(path, entry.origin, issueWords(issue, entry, settled)));
  }
  return [...problems.values()];
}

function issueWords(issue: z.core.$ZodIssue, entry: Settled, settled: ReadonlyMap<string, Settled>): string {
  const { leaf, template } = entry;
  const other: unknown = issue.code === 'custom' ? issue.params?.['other'] : undefined;
  if (typeof other === 'string') {
    const origin = settled.get(other)?.origin;
    return origin === undefined ? issue.message : `${issue.message}; ${other} is from ${describeOrigin(origin)}`;
  }
  const inside = issue.path.slice(leaf.keys.length);
  if (leaf.type.kind === 'list' && inside.length > 0)
    return entryIssueWords(issue, valueAt(template ?? entry.value, inside), inside);
  const allowed = `allowed: ${describeAllowed(leaf)}`;
  // An expanded value may hold any variable of the environment, so what stands in the file is shown instead.
  if (template !== undefined)
    return `given ${describeGiven(leaf, valueAt(template, inside))}, once expanded; ${allowed}`;
  const value = valueAt(entry.value, inside);
  const textWanted = leaf.type.kind === 'text' || (leaf.type.kind === 'record' && inside.length > 0);
  const quotes = textWanted && (typeof value === 'number' || typeof value === 'boolean') ? '; put it in quotes' : '';
  return `given ${describeGiven(leaf, value)}; ${allowed}${quotes}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  const [key, ...rest] = path;
  if (key === undefined || typeof value !== 'object' || value === null) return value;
  return valueAt(Object.getOwnPropertyDescriptor(value, key)?.value, rest);
}

function originsOf(settled: ReadonlyMap<string, Settled>): ReadonlyMap<string, Origin> {
  return new Map(
    [...leafByPath.keys()].map((path): [string, Origin] => [path, settled.get(path)?.origin ?? { kind: 'default' }]),
  );
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}
