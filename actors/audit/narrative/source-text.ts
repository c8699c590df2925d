/** Who wrote a narrative, in a sentence for every report. Plain text: each report escapes it in its own way. */
import { unreachable } from '#protocols/wire/error';
import { formatCount, formatDuration } from '../report/quantity.js';
import type { NarrativeSource } from './narrative.js';

/** Such as `Written by the model qwen (812 tokens in, 240 out, 3.1 s); the digest does not cover it.` */
export function sourceText(source: NarrativeSource): string {
  switch (source.type) {
    case 'model': {
      const { model, usage, durationMs } = source;
      const tokens = `${formatCount(usage.input)} tokens in, ${formatCount(usage.output)} out`;
      return `Written by the model ${model} (${tokens}, ${formatDuration(durationMs)}); the digest does not cover it.`;
    }
    case 'counts':
      return `Made from the counts (${source.reason}).`;
    default:
      return unreachable(source);
  }
}
