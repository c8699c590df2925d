/**
 * A radix tree over sequences of tokens, which finds the stored sequence that has the longest beginning in common with
 * another (the structure of RadixAttention: Zheng et al., "SGLang", NeurIPS 2024).
 *
 *     [1 2 3] --4 5--> (a: 1 2 3 4 5)
 *        '-----9-----> (b: 1 2 3 9)          longest(1 2 3 9 7) = b, 4 tokens;  longest(1 2 8) = a or b, 2 tokens
 *
 * An inner node without an entry has two children at least, so that a descent from anywhere ends at an entry. Work is in
 * the length of the sequence that is asked about, whatever is stored.
 */

interface Node<Entry> {
  /** The tokens on the way from the parent to here. */
  label: readonly number[];
  readonly children: Map<number, Node<Entry>>;
  entry: { readonly value: Entry } | undefined;
}

/** What {@link PrefixTree.longest} found. */
export interface Match<Entry> {
  readonly value: Entry;
  /** Tokens in common. */
  readonly length: number;
}

/** Sequences of tokens with a value each. */
export class PrefixTree<Entry> {
  readonly #root: Node<Entry> = { label: [], children: new Map(), entry: undefined };
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Stores a value under a sequence, in place of one that is there. */
  set(tokens: readonly number[], value: Entry): void {
    let node = this.#root;
    for (let at = 0; at < tokens.length; ) {
      const first = tokens[at] as number;
      const child = node.children.get(first);
      if (child === undefined) {
        const leaf: Node<Entry> = { label: tokens.slice(at), children: new Map(), entry: undefined };
        node.children.set(first, leaf);
        node = leaf;
        break;
      }
      const common = commonLength(child.label, tokens, at);
      node = common < child.label.length ? split(node, child, common) : child;
      at += common;
    }
    if (node.entry === undefined) this.#size += 1;
    node.entry = { value };
  }

  /** Takes a sequence out; false when it is not there. */
  delete(tokens: readonly number[]): boolean {
    const path = [this.#root];
    for (let at = 0; at < tokens.length; ) {
      const child = path.at(-1)?.children.get(tokens[at] as number);
      if (child === undefined || commonLength(child.label, tokens, at) < child.label.length) return false;
      at += child.label.length;
      path.push(child);
    }
    const node = path.pop();
    if (node?.entry === undefined) return false;
    node.entry = undefined;
    this.#size -= 1;
    const parent = path.pop();
    if (parent !== undefined) prune(node, parent);
    const above = path.pop();
    if (parent !== undefined && above !== undefined) prune(parent, above);
    return true;
  }

  /** The value of a sequence that has the longest beginning in common with this one; undefined when none has any. */
  longest(tokens: readonly number[]): Match<Entry> | undefined {
    let node = this.#root;
    let length = 0;
    for (let child = node.children.get(tokens[0] as number); child !== undefined; ) {
      const common = commonLength(child.label, tokens, length);
      length += common;
      node = child;
      if (common < child.label.length || length === tokens.length) break;
      child = node.children.get(tokens[length] as number);
    }
    if (length === 0) return undefined;
    let found = node;
    for (let next: Node<Entry> | undefined = node; next !== undefined && found.entry === undefined; ) {
      found = next;
      [next] = next.children.values();
    }
    return found.entry === undefined ? undefined : { value: found.entry.value, length };
  }
}

/** How many tokens of `label` are those of `tokens` from `at` on. */
function commonLength(label: readonly number[], tokens: readonly number[], at: number): number {
  const most = Math.min(label.length, tokens.length - at);
  let common = 0;
  while (common < most && label[common] === tokens[at + common]) common += 1;
  return common;
}

/** Puts a node into the middle of an edge. */
function split<Entry>(parent: Node<Entry>, child: Node<Entry>, at: number): Node<Entry> {
  const middle: Node<Entry> = { label: child.label.slice(0, at), children: new Map(), entry: undefined };
  parent.children.set(child.label[0] as number, middle);
  child.label = child.label.slice(at);
  middle.children.set(child.label[0] as number, child);
  return middle;
}

/** Takes out a node that stands for nothing any more, or joins it with its only child. */
function prune<Entry>(node: Node<Entry>, parent: Node<Entry>): void {
  if (node.entry !== undefined || node.children.size > 1) return;
  const first = node.label[0] as number;
  const [only] = node.children.values();
  if (only === undefined) parent.children.delete(first);
  else {
    only.label = [...node.label, ...only.label];
    parent.children.set(first, only);
  }
}
