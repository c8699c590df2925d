/**
 * Delta debugging: from a list that fails, a part of it that fails and of which no single item can be left out. (Zeller
 * and Hildebrandt, "Simplifying and isolating failure-inducing input", IEEE TSE 28(2), 2002: algorithm ddmin.)
 *
 *     parts = 2        try each part alone           fails -> go on with that part, parts = 2
 *                      try the list without each     fails -> go on with the rest, parts - 1
 *                      neither                             -> twice as many parts, until each is one item
 */

/** `fails` tells whether some of the items, in their order, still fail; it is asked about no selection twice. */
export function ddmin<T>(items: readonly T[], fails: (some: readonly T[]) => boolean): readonly T[] {
  const tried = new Set<string>();
  const test = (some: readonly number[]): boolean => {
    const key = some.join();
    if (tried.has(key)) return false;
    tried.add(key);
    return fails(some.map((index) => items[index] as T));
  };
  let left: readonly number[] = items.map((_, index) => index);
  if (left.length === 0 || test([])) return [];
  for (let parts = 2; left.length > 1; ) {
    const chunks = split(left, parts);
    const part = chunks.find(test);
    if (part !== undefined) {
      left = part;
      parts = 2;
      continue;
    }
    const cut = chunks.find((chunk) => test(without(left, chunk)));
    if (cut !== undefined) {
      left = without(left, cut);
      parts = Math.max(2, parts - 1);
      continue;
    }
    if (parts >= left.length) break;
    parts = Math.min(left.length, 2 * parts);
  }
  return left.map((index) => items[index] as T);
}

/** Parts of nearly the same length, none empty. */
function split(list: readonly number[], parts: number): readonly (readonly number[])[] {
  const bound = (part: number): number => Math.floor((part * list.length) / parts);
  return Array.from({ length: parts }, (_, part) => list.slice(bound(part), bound(part + 1)));
}

function without(list: readonly number[], chunk: readonly number[]): readonly number[] {
  return list.filter((index) => !chunk.includes(index));
}
