/** What was found in a few sentences, and who wrote them. */
import { sourceText } from '../../narrative/source-text.js';
import type { ReportInput } from '../input.js';
import { printableWithin } from '../printable.js';
import { html, type Markup } from './markup.js';

/** The narrative; nothing where a report has none. */
export function narrativeSection({ narrative }: ReportInput): Markup | undefined {
  if (narrative === undefined) return undefined;
  const { headline, risks, next, source } = narrative;
  const shown = (text: string): string => printableWithin(text, 600);
  const risk = risks.map(({ title, why }) => html`<li><strong>${shown(title)}</strong>: ${shown(why)}</li>`);
  const steps = next.map((step) => html`<li>${shown(step)}</li>`);
  return html`<section id="summary" aria-labelledby="summary-title">
<h2 id="summary-title">Summary</h2>
<p class="lead">${shown(sourceText(source))}</p>
<div class="stack">
<p>${shown(headline)}</p>
${risk.length === 0 ? undefined : html`<ul>${risk}</ul>`}
${steps.length === 0 ? undefined : html`<div><h3>What to do</h3><ol>${steps}</ol></div>`}
</div>
</section>`;
}
