/**
 * The results as they are kept: `results.json` for programs and `RESULTS.md` for people, side by side. A run replaces
 * the sections that it measured and leaves the others, each of which carries its day and machine.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { unreachable } from '#protocols/wire/error';
import { loadCharts, renderLoad } from '../load/results.js';
import type { Answer, Measured } from './measure.js';
import { cell, renderGoals } from './goals.js';
import { ratioText } from './ratio.js';
import type { Spread } from './spread.js';
import type { Section } from './section.js';
import { chartOf, renderSweep } from './sweep-results.js';

/** What `results.json` holds. */
export interface Results {
  readonly sections: readonly Section[];
}

/** Reads saved results; none when there is no such file. @throws Error when it holds something else. */
export async function readResults(file: string): Promise<Results> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { sections: [] };
    throw error;
  }
  const found = JSON.parse(text) as Partial<Results>;
  if (!Array.isArray(found.sections)) throw new Error(`${file}: expected results of the benchmarks, with "sections"`);
  return { sections: found.sections };
}

/** Fresh sections in the place of earlier ones, in the order of the names; what is no longer asked is dropped. */
export function withFresh(earlier: Results, fresh: readonly Section[], names: readonly string[]): Results {
  const all = new Map([...earlier.sections, ...fresh].map((section) => [section.question, section]));
  return { sections: names.flatMap((name) => all.get(name) ?? []) };
}

/** Writes the JSON file, and `RESULTS.md` and the charts that it shows into its folder. */
export async function writeResults(file: string, results: Results): Promise<void> {
  const charts = new Map(results.sections.flatMap(chartsOf));
  await mkdir(join(dirname(file), 'charts'), { recursive: true });
  for (const [name, svg] of charts) await writeFile(join(dirname(file), 'charts', name), svg);
  await writeFile(join(dirname(file), 'RESULTS.md'), renderResults(results));
  await writeFile(file, `${JSON.stringify(results, null, 1)}\n`);
}

const head = `# Benchmark results

Written by \`npm run bench\`. A ratio says how many times better skep is than the contender, taken between neighbours in
time in the same run; it is the figure to compare, and shown with its standard error. Absolute figures of a shared machine
move by half from one minute to the next; they are medians (least to most). A contender that did less than all of its work
would have failed the run.
`;

/** The results as Markdown. */
export function renderResults({ sections }: Results): string {
  const goals = renderGoals(sections);
  return [head, ...(goals === '' ? [] : [goals]), ...sections.map(renderSection)].join('\n');
}

function renderSection(section: Section): string {
  switch (section.kind) {
    case 'question':
      return renderAnswer(section);
    case 'sweep':
      return renderSweep(section);
    case 'load':
      return renderLoad(section);
    default:
      return unreachable(section);
  }
}

/** The charts of a section by the names of their files. */
function chartsOf(section: Section): readonly (readonly [string, string])[] {
  switch (section.kind) {
    case 'question':
      return [];
    case 'sweep':
      return [[`${section.question}.svg`, chartOf(section)]];
    case 'load':
      return [...loadCharts(section)];
    default:
      return unreachable(section);
  }
}

function renderAnswer(answer: Answer): string {
  const { question, suite, asks, quick, size, day, machine, plan, figure, contenders } = answer;
  const measures = [...new Set(contenders.flatMap((each) => Object.keys(each.measures)))];
  const ordered = [figure.measure, ...measures.filter((measure) => measure !== figure.measure)];
  const least = plan.roundsMs === undefined ? '' : 'at least ';
  const how = `${plan.forks > 1 ? `${plan.forks} starts of ` : ''}${least}${plan.rounds} interleaved round${plan.rounds > 1 ? 's' : ''}`;
  const work = Object.entries(size).map(([name, value]) => `${name} ${value.toLocaleString('en')}`);
  return [
    `## ${question}`,
    '',
    `${asks} (${suite}; ${work.join(', ')}${quick ? '; a quick run' : ''}; ${how}; ${day}, ${machine}.)`,
    '',
    `| ${['', 'ratio', ...ordered].join(' | ')} |`,
    `|${' --- |'.repeat(ordered.length + 2)}`,
    ...contenders.map((each, index) => row(each, ordered, index === 0)),
    '',
  ].join('\n');
}

function row(
  { name, version, absent, measures, ratio }: Measured,
  ordered: readonly string[],
  isBase: boolean,
): string {
  const title = version === undefined ? name : `${name} ${version}`;
  if (absent !== undefined) return `| ${title} | took no part: ${absent} |${' |'.repeat(ordered.length)}`;
  const against = ratio === undefined ? '' : ratioText(ratio);
  const cells = ordered.map((measure) => {
    const spread = measures[measure];
    return spread === undefined ? '' : withSpread(spread, cell);
  });
  return `| ${[title, isBase ? '' : against, ...cells].join(' | ')} |`;
}

/** A median with its spread; alone when there was one run. */
function withSpread({ median, least, most }: Spread, show: (value: number) => string): string {
  return least === most ? show(median) : `${show(median)} (${show(least)} to ${show(most)})`;
}
