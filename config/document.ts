/**
 * The reference part of `docs/configuration.md`, written from the schema. A test holds the page against this and
 * rewrites it on request, so the page cannot name an option that is not there or miss one that is.
 */
import { type Leaf, leaves } from './leaves.js';
import { DEFAULT_PRESET, presetNames, presets, type Preset } from './presets.js';
import { describeAllowed } from './words.js';

/**
 * The page with its generated parts replaced. Such a part stands between `<!-- begin NAME -->` and `<!-- end NAME -->`;
 * `example` is the text of `examples/skep.yaml`.
 */
export function renderDocument(page: string, example: string): string {
  const parts: readonly (readonly [name: string, text: string])[] = [
    ['example', `\`\`\`yaml\n${example.trimEnd()}\n\`\`\``],
    ['presets', presetTable()],
    ['options', optionTables()],
  ];
  return parts.reduce((text, [name, body]) => replacePart(text, name, body), page);
}

function replacePart(page: string, name: string, body: string): string {
  const begin = `<!-- begin ${name} -->`;
  const end = `<!-- end ${name} -->`;
  const from = page.indexOf(begin);
  const to = page.indexOf(end, from);
  if (from === -1 || to === -1) throw new Error(`the page has no part "${begin}" ... "${end}"`);
  return `${page.slice(0, from + begin.length)}\n${body}\n${page.slice(to)}`;
}

function presetTable(): string {
  const rows = presetNames.map((name) => {
    const preset: Preset = presets[name];
    const values = Object.entries(preset.values).map(([path, value]) => `\`${path}\` ${value}`);
    return [name === DEFAULT_PRESET ? `\`${name}\` (default)` : `\`${name}\``, values.join(', '), preset.why];
  });
  return table(['Preset', 'Sets', 'Why'], rows);
}

function optionTables(): string {
  const sections = new Set(leaves.map(sectionOf));
  return [...sections]
    .map((section) => {
      const rows = leaves.filter((leaf) => sectionOf(leaf) === section).map(optionRow);
      return `### ${section}\n\n${table(['Option', 'Default', 'Allowed', 'Variable', 'Meaning'], rows)}`;
    })
    .join('\n\n');
}

function sectionOf(leaf: Leaf): string {
  return leaf.keys[0] ?? '';
}

function optionRow(leaf: Leaf): readonly string[] {
  const variables = leaf.variables.toReversed().map((variable) => `\`${variable}\``);
  return [`\`${leaf.path}\``, defaultWords(leaf), describeAllowed(leaf), variables.join(' or '), leaf.facts.text];
}

/** The default of an option in words: its value, its formula, what each preset sets, or none. */
function defaultWords(leaf: Leaf): string {
  const { facts } = leaf;
  if (typeof facts.default === 'string') return `\`${facts.default}\``;
  if (facts.default !== undefined) return `\`${JSON.stringify(facts.default)}\``;
  if (facts.computed !== undefined) return facts.computed.words;
  const byPreset = presetNames.flatMap((name) => {
    const preset: Preset = presets[name];
    const value = preset.values[leaf.path];
    return value === undefined ? [] : [`\`${value}\` (${name})`];
  });
  return byPreset.length === 0 ? 'none' : byPreset.join(', ');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
