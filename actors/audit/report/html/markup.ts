/**
 * HTML that is escaped by construction. The tag `html` escapes every value it is given unless the value is itself made
 * by the tag, so a page cannot be built with foreign text in it unescaped. Attribute values stand in double quotes.
 */

/** A piece of HTML; only the tag `html` and `trusted` make one. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What a template may hold. `undefined` writes nothing. */
type Content = string | number | Markup | undefined | readonly Content[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

function textOf(content: Content): string {
  if (content === undefined) return '';
  if (content instanceof Markup) return content.text;
  if (typeof content === 'number') return String(content);
  return typeof content === 'string' ? escapeHtml(content) : content.map(textOf).join('');
}

/** Markup with each value escaped, element content and attribute values alike. */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(parts.reduce((text, part, index) => `${text}${textOf(values[index - 1])}${part}`));
}

/** Our own style sheet and script, which an escape would break. Never for text from outside. */
export function trusted(source: string): Markup {
  return new Markup(source);
}
