/**
 * A severity as the page shows it: by word and by shape as well as by colour, for readers who do not tell the colours
 * apart.
 */
import { unreachable } from '#protocols/wire/error';
import type { Severity } from '../../finding.js';
import { html, type Markup } from './markup.js';

/** `High`, `Medium`, `Low`. */
export function severityWord(severity: Severity): string {
  return `${severity.charAt(0).toUpperCase()}${severity.slice(1)}`;
}

function shape(severity: Severity): Markup {
  switch (severity) {
    case 'high':
      return html`<path d="M5 0.5 10 9.5H0z"/>`;
    case 'medium':
      return html`<path d="M5 0 10 5 5 10 0 5z"/>`;
    case 'low':
      return html`<circle cx="5" cy="5" r="4.2"/>`;
    default:
      return unreachable(severity);
  }
}

/** The shape alone: triangle, diamond or circle. */
export function severityMark(severity: Severity): Markup {
  return html`<svg viewBox="0 0 10 10" aria-hidden="true">${shape(severity)}</svg>`;
}

/** Shape and word on a tinted ground. */
export function severityPill(severity: Severity): Markup {
  return html`<span class="sev ${severity}">${severityMark(severity)}${severityWord(severity)}</span>`;
}
