/**
 * Reads grammars in the form that llama.cpp takes and makes random sentences of them, so that a grammar can be tried
 * thousands of times without a model. Written from grammars/README.md of llama.cpp, apart from the code that writes them.
 */

type Node =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'class'; readonly negated: boolean; readonly ranges: readonly (readonly [number, number])[] }
  | { readonly type: 'rule'; readonly name: string }
  | { readonly type: 'sequence'; readonly parts: readonly Node[] }
  | { readonly type: 'choice'; readonly branches: readonly Node[] }
  | { readonly type: 'repeat'; readonly body: Node; readonly min: number; readonly max: number };

/** A grammar that was read. */
export class Gbnf {
  readonly #rules = new Map<string, Node>();

  constructor(text: string) {
    for (const line of text.split('\n')) {
      if (line.trim() === '') continue;
      const [name = '', body = ''] = line.split(/ ::= (.*)/s);
      this.#rules.set(name, new Reader(body).choice());
    }
  }

  /** A sentence by chance; repetitions without a bound are kept short. */
  sentence(chance: () => number): string {
    return this.#say({ type: 'rule', name: 'root' }, chance, 0);
  }

  #say(node: Node, chance: () => number, depth: number): string {
    const pick = (count: number): number => Math.min(count - 1, Math.floor(chance() * count));
    switch (node.type) {
      case 'text':
        return node.text;
      case 'class':
        return characterOf(node, chance);
      case 'rule': {
        const body = this.#rules.get(node.name);
        if (body === undefined) throw new Error(`no rule ${node.name}`);
        return this.#say(body, chance, depth + 1);
      }
      case 'sequence':
        return node.parts.map((part) => this.#say(part, chance, depth)).join('');
      case 'choice': {
        const branch = node.branches[pick(node.branches.length)];
        return branch === undefined ? '' : this.#say(branch, chance, depth);
      }
      case 'repeat': {
        const most = Math.min(node.max, node.min + (depth > 60 ? 0 : 4));
        const count = node.min + pick(most - node.min + 1);
        return Array.from({ length: count }, () => this.#say(node.body, chance, depth)).join('');
      }
    }
  }
}

function characterOf({ negated, ranges }: Extract<Node, { type: 'class' }>, chance: () => number): string {
  if (!negated) {
    const [from, to] = ranges[Math.floor(chance() * ranges.length)] ?? [0, 0];
    return String.fromCodePoint(from + Math.floor(chance() * (to - from + 1)));
  }
  const candidates = [0x20 + Math.floor(chance() * 0x5f), 0x80 + Math.floor(chance() * 0x10ff00), 0x61];
  const found = candidates.find((code) => !ranges.some(([from, to]) => code >= from && code <= to));
  return String.fromCodePoint(found ?? 0x61);
}

/** Reads one body. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  choice(): Node {
    const branches = [this.#sequence()];
    while (this.#skip() === '|') {
      this.#at += 1;
      branches.push(this.#sequence());
    }
    return branches.length === 1 && branches[0] !== undefined ? branches[0] : { type: 'choice', branches };
  }

  #sequence(): Node {
    const parts: Node[] = [];
    for (let next = this.#skip(); next !== '' && next !== '|' && next !== ')'; next = this.#skip()) {
      parts.push(this.#repeated(this.#atom(next)));
    }
    return { type: 'sequence', parts };
  }

  #atom(next: string): Node {
    if (next === '"')
      return {
        type: 'text',
        text: this.#until('"')
          .map((code) => String.fromCodePoint(code))
          .join(''),
      };
    if (next === '[') return this.#class();
    if (next === '(') {
      this.#at += 1;
      const body = this.choice();
      if (this.#skip() !== ')') throw new Error(`no ) at ${this.#at} of ${this.#text}`);
      this.#at += 1;
      return body;
    }
    const name = /^[a-z0-9-]+/i.exec(this.#text.slice(this.#at))?.[0];
    if (name === undefined) throw new Error(`unexpected ${next} at ${this.#at} of ${this.#text}`);
    this.#at += name.length;
    return { type: 'rule', name };
  }

  #repeated(body: Node): Node {
    const sign = /^(?:[*+?]|\{(\d+)(,(\d*))?\})/.exec(this.#text.slice(this.#at));
    if (sign === null) return body;
    this.#at += sign[0].length;
    if (sign[0] === '*') return { type: 'repeat', body, min: 0, max: Infinity };
    if (sign[0] === '+') return { type: 'repeat', body, min: 1, max: Infinity };
    if (sign[0] === '?') return { type: 'repeat', body, min: 0, max: 1 };
    const min = Number(sign[1]);
    const max = sign[2] === undefined ? min : sign[3] === '' ? Infinity : Number(sign[3]);
    return { type: 'repeat', body, min, max };
  }

  #class(): Node {
    const negated = this.#text[this.#at + 1] === '^';
    if (negated) this.#at += 1;
    const ranges: (readonly [number, number])[] = [];
    this.#at += 1;
    while (this.#text[this.#at] !== ']') {
      const from = this.#character();
      let to = from;
      if (this.#text[this.#at] === '-' && this.#text[this.#at + 1] !== ']') {
        this.#at += 1;
        to = this.#character();
      }
      ranges.push([from, to]);
    }
    this.#at += 1;
    return { type: 'class', negated, ranges };
  }

  #until(end: string): readonly number[] {
    this.#at += 1;
    const codes: number[] = [];
    while (this.#text[this.#at] !== end) {
      if (this.#at >= this.#text.length) throw new Error(`a literal has no end: ${this.#text}`);
      codes.push(this.#character());
    }
    this.#at += 1;
    return codes;
  }

  /** One character or escape. */
  #character(): number {
    const rest = this.#text.slice(this.#at);
    const escape = /^\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(["\\\]nrt[]))/.exec(rest);
    if (escape !== null) {
      this.#at += escape[0].length;
      const hex = escape[1] ?? escape[2] ?? escape[3];
      if (hex !== undefined) return Number.parseInt(hex, 16);
      const sign = escape[4] ?? '';
      return ({ n: '\n', r: '\r', t: '\t' }[sign] ?? sign).charCodeAt(0);
    }
    if (rest.startsWith('\\')) throw new Error(`an escape that llama.cpp does not know: ${rest.slice(0, 8)}`);
    const code = rest.codePointAt(0) ?? 0;
    this.#at += code > 0xffff ? 2 : 1;
    return code;
  }

  #skip(): string {
    while (this.#text[this.#at] === ' ' || this.#text[this.#at] === '\t') this.#at += 1;
    return this.#text[this.#at] ?? '';
  }
}
