/**
 * A share as a horizontal bar. Decoration beside a number, therefore hidden from assistive technology.
 */
import { html, type Markup } from './markup.js';

/** A bar of `value` out of `largest`, filled with the class `fill-<tone>`. */
export function bar(value: number, largest: number, tone: string): Markup {
  const share = largest > 0 ? (value / largest) * 100 : 0;
  return html`<svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true"><rect class="fill-${tone}" x="0" y="0" width="${share.toFixed(2)}" height="1"/></svg>`;
}
