/** Progress of a long run: one line that is rewritten on a terminal, one line a step elsewhere. */

/** Shows what is going on. */
export interface Progress {
  /** Begins the next benchmark. @returns how to tell its steps. */
  readonly begin: (name: string) => (line: string) => void;
  /** A line that stays. */
  readonly line: (text: string) => void;
  readonly end: () => void;
}

/** Shows progress over so many benchmarks on a stream. */
export function progressTo(stream: NodeJS.WriteStream, total: number): Progress {
  const startMs = performance.now();
  let begun = 0;
  const clear = stream.isTTY ? '\r\u001B[2K' : '';
  const show = (text: string): void => {
    const seconds = Math.round((performance.now() - startMs) / 1_000);
    const line = `[${begun}/${total} ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}] ${text}`;
    stream.write(stream.isTTY ? `${clear}${line.slice(0, (stream.columns || 80) - 1)}` : `${line}\n`);
  };
  return {
    begin: (name) => {
      begun += 1;
      show(name);
      return show;
    },
    line: (text) => void stream.write(`${clear}${text}\n`),
    end: () => void stream.write(clear),
  };
}
