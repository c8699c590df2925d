/**
 * The layers below and above the file, each as assignments. Their order, low to high:
 *
 *     default < preset < file < .env < environment < flags
 *
 * A layer gives an option a value or leaves it alone; the last layer that gives one wins, whole (a mapping is not merged).
 */
import type { Assignment, Given } from './assignment.js';
import { type Leaf, leafByPath, leaves } from './leaves.js';
import { printable } from './mask.js';
import { describeOrigin, type Origin } from './origin.js';
import { type PresetName, presets } from './presets.js';
import type { Problem } from './problem.js';
import { nearest } from './suggest.js';

/** What one layer gives, and what is wrong with it. */
export interface Layer {
  readonly assignments: readonly Assignment[];
  readonly problems: readonly Problem[];
}

/** Variables that choose the file and the preset rather than a value. */
export const CONFIG_VARIABLE = 'SKEP_CONFIG';
export const PRESET_VARIABLE = 'SKEP_PRESET';

const knownVariables: ReadonlySet<string> = new Set([
  CONFIG_VARIABLE,
  PRESET_VARIABLE,
  ...leaves.flatMap((leaf) => leaf.variables),
]);

/** Edits within which an unknown variable or path counts as a misspelling of a known one. */
const MISSPELLING = 2;

/** The built-in defaults; computed ones are added once the rest is settled. */
export function defaultLayer(): Layer {
  const assignments = leaves.flatMap((leaf): Assignment[] => {
    const value = leaf.facts.default;
    return value === undefined ? [] : [{ leaf, origin: { kind: 'default' }, given: { kind: 'typed', value } }];
  });
  return { assignments, problems: [] };
}

/** The values of a preset. */
export function presetLayer(name: PresetName): Layer {
  const assignments = Object.entries(presets[name].values).map(([path, value]): Assignment => {
    const leaf = leafByPath.get(path);
    if (leaf === undefined) throw new Error(`preset ${name} sets ${path}, which is no option`);
    return { leaf, origin: { kind: 'preset', name }, given: { kind: 'typed', value } };
  });
  return { assignments, problems: [] };
}

/** The `SKEP_*` variables of a `.env` file or of the environment. An empty variable counts as not set. */
export function variableLayer(variables: ReadonlyMap<string, string>, originOf: (variable: string) => Origin): Layer {
  const assignments = leaves.flatMap((leaf): Assignment[] => {
    const variable = leaf.variables.findLast((name) => (variables.get(name) ?? '') !== '');
    const text = variable === undefined ? undefined : variables.get(variable);
    if (variable === undefined || text === undefined) return [];
    return [{ leaf, origin: originOf(variable), given: { kind: 'words', text } }];
  });
  return { assignments, problems: misspelled(variables, originOf) };
}

/**
 * Other programs set `SKEP_*` variables too (Kubernetes does for a service called skep), so an unknown one is passed
 * over; one that is nearly a known one is a value that would silently not count.
 */
function misspelled(variables: ReadonlyMap<string, string>, originOf: (variable: string) => Origin): Problem[] {
  return [...variables.keys()].flatMap((variable): Problem[] => {
    if (!variable.startsWith('SKEP_') || knownVariables.has(variable)) return [];
    const suggestion = nearest(variable, knownVariables, MISSPELLING);
    if (suggestion === undefined) return [];
    return [
      {
        path: '',
        origin: describeOrigin(originOf(variable)),
        message: `unknown variable; did you mean ${suggestion}?`,
      },
    ];
  });
}

/** Flags by dotted path. A flag that is undefined was not given. */
export function flagLayer(
  flags: Readonly<Record<string, unknown>>,
  flagNames: Readonly<Record<string, string>>,
): Layer {
  const assignments: Assignment[] = [];
  const problems: Problem[] = [];
  for (const [path, value] of Object.entries(flags)) {
    if (value === undefined) continue;
    const flag = Object.hasOwn(flagNames, path) ? (flagNames[path] ?? path) : `--${path}`;
    const leaf = leafByPath.get(path);
    if (leaf === undefined) problems.push({ path: printable(path), origin: flag, message: unknownOption(path) });
    else assignments.push({ leaf, origin: { kind: 'flag', flag }, given: flagGiven(value) });
  }
  return { assignments, problems };
}

function flagGiven(value: unknown): Given {
  return typeof value === 'string' ? { kind: 'words', text: value } : { kind: 'typed', value };
}

/** Words for a path that is no option, with the option that was perhaps meant. */
export function unknownOption(path: string): string {
  const own = path.split('.').at(-1) ?? path;
  const moved = leaves.find((leaf: Leaf) => leaf.keys.at(-1) === own)?.path;
  const suggestion = nearest(path, leafByPath.keys(), MISSPELLING) ?? moved;
  return suggestion === undefined ? 'unknown option' : `unknown option; did you mean ${suggestion}?`;
}
