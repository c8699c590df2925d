/**
 * The section of hotspots: the chart, and the worst files as a list, which says in words what the chart shows.
 */
import { worstHotspots } from '../hotspots.js';
import type { ReportInput } from '../input.js';
import { printableWithin } from '../printable.js';
import { countOf, formatCount } from '../quantity.js';
import { hotspotChart } from './chart.js';
import { html, type Markup } from './markup.js';

const listed = 10;

/** Chart and list; undefined when no file has both commits and complexity. */
export function hotspotSection({ result }: ReportInput): Markup | undefined {
  const chart = hotspotChart(result.metrics);
  if (chart === undefined) return undefined;
  const items = worstHotspots(result.metrics, listed).map((file) => {
    const numbers = `${countOf(file.commits, 'commit')}, complexity ${formatCount(file.sumCognitive)}, ${countOf(file.lines, 'line')}`;
    return html`<li><code>${printableWithin(file.path, 160)}</code><br><span class="soft">${numbers}</span></li>`;
  });
  return html`<section id="hotspots" aria-labelledby="hotspots-title">
<h2 id="hotspots-title">Hotspots</h2>
<p class="lead">Complex code that changes often is where the next defect is likely. Bubbles grow with the lines of the file; the honey-coloured ones are the worst.</p>
<figure class="figure" tabindex="0" role="group" aria-label="Chart of hotspots, can be scrolled sideways">${chart}</figure>
<ol class="ranks">${items}</ol>
</section>`;
}
