/** How a load goes, on standard error: one line that redraws itself on a terminal, a line for each tenth when piped. */
import { durationText } from '../top/numbers.js';
import type { Output } from '../output.js';
import type { Window } from './recorder.js';

/** Shows windows as they end. */
export interface LoadProgress {
  readonly window: (window: Window) => void;
  /** Takes the line away. */
  readonly close: () => void;
}

const CLEAR_LINE = '\r\u001b[K';

/** Makes the view; programs that asked for JSON are shown nothing. */
export function loadProgress(
  name: string,
  durationMs: number,
  output: Output,
  stream: Pick<NodeJS.WriteStream, 'write' | 'isTTY'>,
): LoadProgress {
  if (output.json) return { window: () => {}, close: () => {} };
  let tenths = 0;
  return {
    window: (window) => {
      if (stream.isTTY) {
        stream.write(`${CLEAR_LINE}${lineOf(name, window, durationMs)}`);
        return;
      }
      const passed = Math.floor((window.endMs / durationMs) * 10);
      if (passed > tenths) stream.write(`${lineOf(name, window, durationMs)}\n`);
      tenths = passed;
    },
    close: () => {
      if (stream.isTTY) stream.write(CLEAR_LINE);
    },
  };
}

function lineOf(name: string, { endMs, wanted, achieved, failed, latencyMs }: Window, durationMs: number): string {
  const latency = latencyMs === undefined ? 'no reply' : `p99 ${durationText(latencyMs.p99)}`;
  const failures = failed === 0 ? '' : `, ${Math.ceil(failed)}/s fail`;
  return `${name}: ${durationText(endMs)} of ${durationText(durationMs)}, ${Math.round(achieved)}/s of ${Math.round(wanted)}/s, ${latency}${failures}`;
}
