/**
 * Grammars as llama.cpp reads them (GBNF, its Backus-Naur form): named rules over literals, character classes and
 * repetitions. Equal bodies share one rule, so that a schema that says a thing twice costs once. What is repeated is
 * always a single rule, because the native parser multiplies the rules under a repetition and refuses above 2,000.
 * Source: grammars/README.md and src/llama-grammar.cpp of llama.cpp.
 */

/** Longest repetition that is counted; a higher upper bound is taken for this one, which allows less but nothing wrong. */
export const longestCount = 1_000;

/** A set of rules under construction. */
export class Rules {
  readonly #bodies = new Map<string, string>();
  readonly #names = new Map<string, string>();

  /** Rules so far. */
  get size(): number {
    return this.#bodies.size;
  }

  /** The name of the rule with this body; made when there is none. */
  rule(body: string): string {
    const known = this.#names.get(body);
    if (known !== undefined) return known;
    const name = this.reserve();
    this.define(name, body);
    this.#names.set(body, name);
    return name;
  }

  /** A name whose body follows, for rules that refer to themselves. */
  reserve(): string {
    const name = `r${this.#bodies.size}`;
    this.#bodies.set(name, '');
    return name;
  }

  define(name: string, body: string): void {
    this.#bodies.set(name, body);
  }

  /** The whole grammar, which begins with the rule of that name. */
  text(root: string): string {
    const lines = [...this.#bodies].map(([name, body]) => `${name} ::= ${body}`);
    return [`root ::= ${root}`, ...lines, ''].join('\n');
  }
}

/** Text as a literal. */
export function literal(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t');
  return `"${escaped}"`;
}

/** One of several bodies; a single one stands for itself. */
export function oneOf(bodies: readonly string[]): string {
  return bodies.join(' | ');
}

/** A rule from `min` to `max` times; without `max` as often as it likes. */
export function times(rule: string, min: number, max: number | undefined): string {
  if (max === undefined) return min === 0 ? `${rule}*` : `${rule}{${min},}`;
  const most = Math.min(max, Math.max(min, longestCount));
  return min === most ? `${rule}{${min}}` : `${rule}{${min},${most}}`;
}
