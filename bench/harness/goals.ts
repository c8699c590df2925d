/**
 * The ratios that skep sets out to reach, as the rows of one table; a question names the row that it answers. A row is
 * kept here in the words that the table shows.
 */
import type { Judged } from './measure.js';
import type { Section } from './section.js';

/** What is to be reached, by row. */
const rows: readonly string[] = [
  'local cast',
  'ping-pong',
  'local call, one after another',
  'local call, 128 at once',
  'cast across threads',
  'cast across nodes',
  'call across nodes: latency',
  'call across nodes: throughput at depth 128',
  'memory of an idle actor',
  'spawn',
  'the audit on 3 nodes with a kill',
  'eight answers at once',
  'a model behind its process',
  'longest wait for a token beside a long prompt',
  'cancellation of a long prompt',
  'first token of a known beginning',
];

/** The table of goals, over the answers that there are. */
export function renderGoals(sections: readonly Section[]): string {
  const answers = sections.flatMap((section) => (section.kind === 'question' ? [section] : []));
  const lines = rows.flatMap((row) =>
    answers.flatMap((answer) =>
      answer.goals
        .filter((goal) => goal.row === row)
        .map((goal) => {
          const of = (name: string | undefined): string => {
            const found = answer.contenders.find((each) => each.name === name);
            const spread = found?.measures[goal.figure.measure];
            return spread === undefined ? 'took no part' : `${cell(spread.median)} ${goal.figure.measure}`;
          };
          const cells = [
            row,
            of(answer.contenders[0]?.name),
            `${goal.against}: ${of(goal.against)}`,
            goal.ratio === undefined ? '' : `${goal.ratio.toFixed(2)}x`,
            `${Number(goal.atLeast.toFixed(2))}x`,
            verdict(goal),
            `[${answer.question}](#${answer.question})`,
          ];
          return `| ${cells.join(' | ')} |`;
        }),
    ),
  );
  if (lines.length === 0) return '';
  return [
    '## Goals',
    '',
    'A ratio says how many times better skep is than the peer in the same run; for a latency or for memory, less is better.',
    '',
    '| what | skep | peer | ratio | at least | holds | measured by |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
    '',
  ].join('\n');
}

function verdict({ ratio, atLeast }: Judged): string {
  if (ratio === undefined) return 'not measured';
  return ratio >= atLeast ? 'yes' : 'no';
}

/** A figure with three digits, or with none behind the point from a hundred on. */
export function cell(value: number): string {
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}
