/** How a campaign goes, on standard error: a line that redraws itself on a terminal, a line for each tenth when piped. */
import { countText } from '../top/numbers.js';
import type { Output } from '../output.js';
import type { CampaignProgress } from './campaign.js';

/** Shows how far it is. */
export interface SimulationProgress {
  readonly campaign: (progress: CampaignProgress) => void;
  /** What else is being done. */
  readonly say: (text: string) => void;
  /** Takes the line away. */
  readonly close: () => void;
}

const CLEAR_LINE = '\r\u001b[K';
/** A terminal is not told more often. */
const REDRAW_MS = 100;

/** Makes the view; programs that asked for JSON are shown nothing. */
export function simulationProgress(
  output: Output,
  stream: Pick<NodeJS.WriteStream, 'write' | 'isTTY'>,
): SimulationProgress {
  if (output.json) return { campaign: () => {}, say: () => {}, close: () => {} };
  let shown = { model: '', tenths: 0, ms: 0 };
  return {
    campaign: (progress) => {
      const { model, ms, tally, seeds } = progress;
      const tenths = Math.floor((10 * tally.runs) / seeds);
      const fresh = model !== shown.model;
      if (stream.isTTY ? fresh || ms - shown.ms >= REDRAW_MS : tenths > (fresh ? 0 : shown.tenths)) {
        stream.write(stream.isTTY ? `${CLEAR_LINE}${lineOf(progress)}` : `${lineOf(progress)}\n`);
        shown = { model, tenths, ms };
      }
    },
    say: (text) => void stream.write(stream.isTTY ? `${CLEAR_LINE}${text}` : `${text}\n`),
    close: () => {
      if (stream.isTTY) stream.write(CLEAR_LINE);
    },
  };
}

function lineOf({ model, seeds, tally, ms }: CampaignProgress): string {
  const perSecond = countText((tally.events * 1_000) / Math.max(1, ms));
  return `simulate ${model}: ${tally.runs} of ${seeds} seeds, ${perSecond} events/s`;
}
