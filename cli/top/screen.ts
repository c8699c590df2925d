/**
 * A full screen in the terminal: the alternate buffer without a cursor, keys as they are typed, and everything as it
 * was before when it is left, by whichever way the program ends.
 */

/** The terminal. */
export interface Terminal {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
}

// Names of xterm's control sequences (DEC private modes): 1049 alternate buffer, 25 cursor, 7 wrapping at the margin.
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

/** What a terminal has that does not say: the size of the first of them. */
const FALLBACK = { columns: 80, rows: 24 };

/** A screen that is entered at once. */
export class Screen {
  readonly #terminal: Terminal;
  readonly #onKey: (key: string) => void;
  readonly #onResize: () => void;
  readonly #leave = (): void => this.leave();
  readonly #data = (data: Buffer): void => {
    for (const key of data.toString('utf8')) this.#onKey(key);
  };
  #left = false;

  constructor(terminal: Terminal, onKey: (key: string) => void, onResize: () => void) {
    this.#terminal = terminal;
    this.#onKey = onKey;
    this.#onResize = onResize;
    const { input, output } = terminal;
    output.write(ENTER);
    output.on('resize', this.#onResize);
    if (input.isTTY) input.setRawMode(true);
    input.on('data', this.#data);
    input.resume();
    process.once('exit', this.#leave);
  }

  get size(): { readonly columns: number; readonly rows: number } {
    const { columns, rows } = this.#terminal.output;
    return { columns: columns || FALLBACK.columns, rows: rows || FALLBACK.rows };
  }

  /** Shows these lines and nothing else; what was there is written over, so that nothing flickers. */
  draw(lines: readonly string[]): void {
    if (this.#left) return;
    const text = lines.map((line) => `${line}${CLEAR_LINE}`).join('\r\n');
    this.#terminal.output.write(`${HOME}${text}${CLEAR_BELOW}`);
  }

  /** Gives the terminal back; once. */
  leave(): void {
    if (this.#left) return;
    this.#left = true;
    const { input, output } = this.#terminal;
    process.off('exit', this.#leave);
    output.off('resize', this.#onResize);
    input.off('data', this.#data);
    if (input.isTTY) input.setRawMode(false);
    input.pause();
    output.write(LEAVE);
  }
}
