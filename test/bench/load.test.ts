/** The scenarios of load as a bench: a real cluster, figures of completed work, a section and its charts. */
import t from 'tap';
import { measureLoad } from '#bench/load/load';
import { loadCharts, renderLoad } from '#bench/load/results';

t.test(
  'a quick run starts two nodes, checks every acknowledged call, and draws a chart for each scenario',
  async (t) => {
    const said: string[] = [];
    const answer = await measureLoad({
      quick: true,
      signal: new AbortController().signal,
      say: (line) => said.push(line),
    });
    t.same(
      answer.reports.map(({ scenario, wanted, totals, verified }) => [scenario, wanted, totals.failed, verified]),
      [
        ['smoke', 75, 0, { acknowledged: 75, handled: 75, unverified: 0, lost: 0 }],
        ['spike', 2_700, 0, { acknowledged: 2_700, handled: 2_700, unverified: 0, lost: 0 }],
      ],
    );
    t.match(said.join('\n'), /node-1 is ready[^]*smoke, 1\.5 s\nspike, 1\.5 s/);
    const section = renderLoad(answer);
    t.match(section, /^## load\n/);
    t.match(section, /^\| spike \| .* \| none \| 2,700 \/ 2,700 \| node-1 \d+ MB, node-2 \d+ MB \|/m);
    const charts = loadCharts(answer);
    t.same([...charts.keys()], ['load-smoke.svg', 'load-spike.svg']);
    for (const [file, svg] of charts) {
      t.match(section, `](charts/${file})`);
      t.match(svg, /^<svg /);
    }
    t.same(JSON.parse(JSON.stringify(answer)), answer, 'it can be kept as JSON');
  },
);
