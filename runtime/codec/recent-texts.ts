/**
 * Short texts that came lately. Messages say the same words again and again (names, addresses, states, keys), and a
 * text that is known costs neither a string nor its hash: it is found by its bytes, and is the same string each time.
 */

/** Places for texts; each text has one, and the later of two with the same place takes it. */
const PLACES = 4_096;

export class RecentTexts {
  readonly #texts: string[] = new Array<string>(PLACES).fill('');

  /** The text of so many ASCII bytes; undefined when some are not. */
  ascii(bytes: Buffer, at: number, length: number): string | undefined {
    const end = at + length;
    // FNV-1a, four bytes at a time would be no faster: texts are short.
    let hash = length;
    let all = 0;
    for (let index = at; index < end; index += 1) {
      const byte = bytes[index] as number;
      all |= byte;
      hash = Math.imul(hash ^ byte, 0x01000193);
    }
    if (all > 0x7f) return undefined;
    const place = (hash ^ (hash >>> 15)) & (PLACES - 1);
    const known = this.#texts[place] as string;
    if (isText(known, bytes, at, length)) return known;
    const text = bytes.toString('latin1', at, end);
    this.#texts[place] = text;
    return text;
  }
}

function isText(text: string, bytes: Buffer, at: number, length: number): boolean {
  if (text.length !== length) return false;
  for (let index = 0; index < length; index += 1) if (text.charCodeAt(index) !== bytes[at + index]) return false;
  return true;
}

/** Those of this thread. */
export const recentTexts = new RecentTexts();
