/**
 * The benchmark harness: interleaved rounds of each contender, so that a noisy minute hits all of them alike; medians
 * with their spread; and ratios first, because absolute figures of a shared machine travel badly. A contender whose work
 * does not complete throws, and the run fails: only completed work is measured.
 */
import { cpus, totalmem } from 'node:os';

/** One way of doing the work. */
export interface Contender {
  readonly name: string;
  /** Does the work once and gives its measures by name; `ms` is the one that ratios are made of. */
  readonly run: () => Promise<Readonly<Record<string, number>> & { readonly ms: number }>;
}

/** One question and those who answer it. */
export interface Question {
  readonly name: string;
  /** What the figure is for. */
  readonly asks: string;
  /** The first contender is the base of the ratios. */
  readonly prepare: (quick: boolean) => Promise<{
    readonly contenders: readonly Contender[];
    readonly rounds: number;
    readonly setting: string;
    readonly dispose: () => Promise<void>;
  }>;
}

/** Measures of one contender over all rounds. */
interface Measured {
  readonly name: string;
  /** Median, least and most by measure. */
  readonly measures: Readonly<
    Record<string, { readonly median: number; readonly least: number; readonly most: number }>
  >;
  /** Median time of the base over this one's: above 1 is faster than the base. */
  readonly speedup: number;
}

/** The answer to a question. */
export interface Answer {
  readonly question: string;
  readonly asks: string;
  readonly setting: string;
  /** The day, as YYYY-MM-DD, and the machine that it was measured on. */
  readonly day: string;
  readonly machine: string;
  readonly rounds: number;
  readonly contenders: readonly Measured[];
}

/** Runs all rounds of a question. @throws whatever a contender throws. */
export async function answer(question: Question, quick: boolean, say: (text: string) => void): Promise<Answer> {
  const { contenders, rounds, setting, dispose } = await question.prepare(quick);
  const runs = new Map<string, Readonly<Record<string, number>>[]>(contenders.map(({ name }) => [name, []]));
  try {
    for (let round = 1; round <= rounds; round += 1) {
      for (const contender of contenders) {
        say(`${question.name}: round ${round} of ${rounds}, ${contender.name}`);
        runs.get(contender.name)?.push(await contender.run());
      }
    }
  } finally {
    await dispose();
  }
  const measured = [...runs].map(([name, all]) => ({ name, measures: summarise(all) }));
  const base = measured[0]?.measures['ms']?.median ?? Number.NaN;
  return {
    question: question.name,
    asks: question.asks,
    setting,
    day: new Date().toISOString().slice(0, 10),
    machine: machine(),
    rounds,
    contenders: measured.map((entry) => ({ ...entry, speedup: base / (entry.measures['ms']?.median ?? Number.NaN) })),
  };
}

function summarise(runs: readonly Readonly<Record<string, number>>[]): Measured['measures'] {
  const names = Object.keys(runs[0] ?? {});
  return Object.fromEntries(
    names.map((name) => {
      const values = runs.map((run) => run[name] ?? Number.NaN).sort((a, b) => a - b);
      const middle = values.length >> 1;
      const median =
        values.length % 2 === 1
          ? values[middle]
          : ((values[middle - 1] ?? Number.NaN) + (values[middle] ?? Number.NaN)) / 2;
      return [
        name,
        { median: median ?? Number.NaN, least: values[0] ?? Number.NaN, most: values.at(-1) ?? Number.NaN },
      ];
    }),
  );
}

/** The machine, for the head of the results. */
export function machine(): string {
  const [cpu] = cpus();
  return `${cpus().length} cores (${cpu?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, ${process.platform}-${process.arch}`;
}

/** The results as Markdown. */
export function renderResults(answers: readonly Answer[]): string {
  const head = `# Benchmark results\n\nWritten by \`npm run bench\`. Ratios are the figures to compare; times of a shared machine move by a third from run to\nrun.\n`;
  return [head, ...answers.map(renderAnswer)].join('\n');
}

function renderAnswer({ question, asks, setting, day, machine: where, rounds, contenders }: Answer): string {
  const names = Object.keys(contenders[0]?.measures ?? {});
  const cell = (value: number): string =>
    value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
  const rows = contenders.map(({ name, measures, speedup }) => {
    const cells = names.map((measure) => {
      const { median = Number.NaN, least = Number.NaN, most = Number.NaN } = measures[measure] ?? {};
      return `${cell(median)} (${cell(least)} to ${cell(most)})`;
    });
    return `| ${[name, `${speedup.toFixed(2)}x`, ...cells].join(' | ')} |`;
  });
  return [
    `## ${question}`,
    '',
    `${asks} ${setting}; median of ${rounds} interleaved rounds (least to most).`,
    '',
    `${day}, ${where}.`,
    '',
    `| ${['', 'speed', ...names].join(' | ')} |`,
    `|${' --- |'.repeat(names.length + 2)}`,
    ...rows,
    '',
  ].join('\n');
}
