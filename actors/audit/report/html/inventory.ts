/**
 * What the audit read and could not read: dependencies with their licences, and the files that were skipped.
 */
import type { SkippedFile } from '../../finding.js';
import { type MergedComponent, mergeComponents, tally } from '../components.js';
import type { ReportInput } from '../input.js';
import { printableWithin } from '../printable.js';
import { countOf, formatCount } from '../quantity.js';
import { bar } from './bar.js';
import { html, type Markup } from './markup.js';

const limits = { licences: 20, perReason: 50 };

function ecosystems(components: readonly MergedComponent[]): Markup {
  const rows = tally(components.map((component) => component.ecosystem)).map(({ name, count }) => {
    const own = components.filter((component) => component.ecosystem === name);
    const development = own.filter((component) => component.development).length;
    const lockfiles = new Set(own.flatMap((component) => component.paths)).size;
    return html`<tr><th scope="row">${name}</th><td class="num">${formatCount(count)}</td><td class="num">${formatCount(development)}</td><td class="num">${formatCount(lockfiles)}</td></tr>`;
  });
  return html`<div class="panel"><table><thead><tr><th scope="col">Ecosystem</th><th scope="col" class="num">Components</th><th scope="col" class="num">Dev only</th><th scope="col" class="num">Lockfiles</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

function licences(components: readonly MergedComponent[]): Markup {
  const all = tally(components.map((component) => component.licence || 'not declared'));
  const shown = all.slice(0, limits.licences);
  const rows = shown.map(
    ({ name, count }) =>
      html`<tr><th scope="row">${printableWithin(name, 100)}</th><td class="num">${formatCount(count)}</td><td>${bar(count, components.length, 'honey')}</td></tr>`,
  );
  const rest = all.length - shown.length;
  const tail =
    rest > 0 ? html`<tr><td colspan="3" class="soft">and ${countOf(rest, 'more licence')}</td></tr>` : undefined;
  return html`<div class="panel"><table class="shares"><thead><tr><th scope="col">Licence</th><th scope="col" class="num">Components</th><th scope="col"><span class="visually-hidden">Share</span></th></tr></thead><tbody>${rows}${tail}</tbody></table></div>`;
}

/** Counts of dependencies by ecosystem and licence; undefined without dependencies. */
export function dependencySection({ result }: ReportInput): Markup | undefined {
  const components = mergeComponents(result.components);
  if (components.length === 0) return undefined;
  return html`<section id="dependencies" aria-labelledby="dependencies-title">
<h2 id="dependencies-title">Dependencies</h2>
<p class="lead">${countOf(components.length, 'distinct component')} read from lockfiles; sbom.cdx.json lists each of them.</p>
<div class="two">${ecosystems(components)}${licences(components)}</div>
</section>`;
}

function reasonBlock(reason: string, files: readonly SkippedFile[]): Markup {
  const items = files.slice(0, limits.perReason).map(({ path, detail }) => {
    const why = detail === '' ? undefined : html` <span class="soft">${printableWithin(detail, 200)}</span>`;
    return html`<tr><td><code>${printableWithin(path, 240)}</code>${why}</td></tr>`;
  });
  const rest = files.length - items.length;
  const tail = rest > 0 ? html`<tr><td class="soft">and ${formatCount(rest)} more</td></tr>` : undefined;
  return html`<div class="panel"><table class="dense"><thead><tr><th scope="col">${reason} (${formatCount(files.length)})</th></tr></thead><tbody>${items}${tail}</tbody></table></div>`;
}

/** Skipped files by reason; undefined when none were. */
export function skippedSection({ result }: ReportInput): Markup | undefined {
  if (result.skipped.length === 0) return undefined;
  const blocks = tally(result.skipped.map((file) => file.reason)).map(({ name }) =>
    reasonBlock(
      name,
      result.skipped.filter((file) => file.reason === name),
    ),
  );
  return html`<section id="skipped" aria-labelledby="skipped-title">
<h2 id="skipped-title">Skipped files</h2>
<p class="lead">${countOf(result.skipped.length, 'file was', 'files were')} not analysed.</p>
<div class="stack">${blocks}</div>
</section>`;
}
