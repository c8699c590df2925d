/**
 * Finds texts in a stream of text, wherever the borders of its parts lie: the sequences that end an answer, and the
 * opening of a tool call. What could be the beginning of one is held back until it is known.
 */

/** What came of a part: text that is no beginning of anything, and the needle that was found. */
export interface Found {
  readonly text: string;
  /** The needle, and what followed it in the same part. */
  readonly needle?: { readonly text: string; readonly rest: string };
}

/** Looks for needles in a stream. */
export class NeedleStream {
  readonly #needles: readonly string[];
  readonly #longest: number;
  #held = '';

  constructor(needles: readonly string[]) {
    this.#needles = needles.filter((needle) => needle !== '');
    this.#longest = Math.max(0, ...this.#needles.map((needle) => needle.length));
  }

  /** Takes a part. Of several needles the one that is complete first is found, and of those the longest. */
  push(part: string): Found {
    if (this.#longest === 0) return { text: part };
    const all = this.#held + part;
    const found = this.#first(all);
    if (found !== undefined) {
      this.#held = '';
      return {
        text: all.slice(0, found.at),
        needle: { text: found.needle, rest: all.slice(found.at + found.needle.length) },
      };
    }
    const kept = this.#beginning(all);
    this.#held = all.slice(all.length - kept);
    return { text: all.slice(0, all.length - kept) };
  }

  /** What was held back; the stream is over. */
  end(): string {
    const held = this.#held;
    this.#held = '';
    return held;
  }

  #first(text: string): { readonly at: number; readonly needle: string } | undefined {
    let best: { at: number; end: number; needle: string } | undefined;
    for (const needle of this.#needles) {
      const at = text.indexOf(needle);
      const end = at + needle.length;
      if (at === -1) continue;
      if (best === undefined || end < best.end || (end === best.end && at < best.at)) best = { at, end, needle };
    }
    return best;
  }

  /** Length of the longest end of a text that a needle begins with. */
  #beginning(text: string): number {
    for (let length = Math.min(text.length, this.#longest - 1); length > 0; length -= 1) {
      const end = text.slice(text.length - length);
      if (this.#needles.some((needle) => needle.startsWith(end))) return length;
    }
    return 0;
  }
}
