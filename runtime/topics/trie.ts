/**
 * A trie of patterns: which subscriptions a topic meets, in time that depends on the topic's tokens and not on the number
 * of patterns. Each node has its literal children, one for `*`, and what ends there:
 *
 *     orders ─┬─ eu ── created  [a]           orders.eu.created
 *             ├─ *  ── created  [b]           orders.*.created
 *             └─ >              [c]           orders.>
 */
interface Node<T> {
  children: Map<string, Node<T>> | undefined;
  star: Node<T> | undefined;
  /** Values of patterns that end here. */
  here: Set<T> | undefined;
  /** Values of patterns that end here with `>`. */
  tail: Set<T> | undefined;
}

export class PatternTrie<T> {
  readonly #root: Node<T> = emptyNode();
  #size = 0;

  /** Entries: pairs of a pattern and a value. */
  get size(): number {
    return this.#size;
  }

  /** Whether no node is left. */
  get empty(): boolean {
    return isEmpty(this.#root);
  }

  /** Adds a value under a pattern; false when it was there. */
  add(pattern: readonly string[], value: T): boolean {
    let node = this.#root;
    for (const token of pattern) {
      if (token === '>') break;
      node = child(node, token);
    }
    const values = pattern.at(-1) === '>' ? (node.tail ??= new Set()) : (node.here ??= new Set());
    if (values.has(value)) return false;
    values.add(value);
    this.#size += 1;
    return true;
  }

  /** Takes a value out and prunes what is empty; false when it was not there. */
  remove(pattern: readonly string[], value: T): boolean {
    const removed = this.#remove(this.#root, pattern, 0, value);
    if (removed) this.#size -= 1;
    return removed;
  }

  /** Calls `found` for each entry whose pattern the topic meets, once an entry. */
  match(topic: readonly string[], found: (value: T) => void): void {
    if (this.#size > 0) this.#match(this.#root, topic, 0, found);
  }

  #match(node: Node<T>, topic: readonly string[], at: number, found: (value: T) => void): void {
    const token = topic[at];
    if (token === undefined) {
      node.here?.forEach(found);
      return;
    }
    node.tail?.forEach(found);
    const next = node.children?.get(token);
    if (next !== undefined) this.#match(next, topic, at + 1, found);
    if (node.star !== undefined) this.#match(node.star, topic, at + 1, found);
  }

  #remove(node: Node<T>, pattern: readonly string[], at: number, value: T): boolean {
    const token = pattern[at];
    if (token === undefined || token === '>') {
      const values = token === undefined ? node.here : node.tail;
      const removed = values?.delete(value) ?? false;
      if (values?.size === 0) node[token === undefined ? 'here' : 'tail'] = undefined;
      return removed;
    }
    const next = token === '*' ? node.star : node.children?.get(token);
    if (next === undefined || !this.#remove(next, pattern, at + 1, value)) return false;
    if (!isEmpty(next)) return true;
    if (token === '*') node.star = undefined;
    else {
      node.children?.delete(token);
      if (node.children?.size === 0) node.children = undefined;
    }
    return true;
  }
}

function emptyNode<T>(): Node<T> {
  return { children: undefined, star: undefined, here: undefined, tail: undefined };
}

function child<T>(node: Node<T>, token: string): Node<T> {
  if (token === '*') return (node.star ??= emptyNode());
  const children = (node.children ??= new Map<string, Node<T>>());
  const next = children.get(token) ?? emptyNode<T>();
  children.set(token, next);
  return next;
}

function isEmpty<T>({ children, star, here, tail }: Node<T>): boolean {
  return children === undefined && star === undefined && here === undefined && tail === undefined;
}
