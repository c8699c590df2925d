/** `skep model bench`: opens the model, measures it level by level with a line of progress, and prints the table. */
import { askModel } from '#actors/inference/client';
import type { CommandContext } from '../command.js';
import type { ExitCode } from '../exit-codes.js';
import { type Output, table } from '../output.js';
import { durationText } from '../top/numbers.js';
import { type BenchLevel, benchLevels } from './bench.js';
import { openModels } from './models.js';
import { type FileOptions, modelTarget } from './target.js';

/** Options of the command. */
export interface BenchFlags extends FileOptions {
  readonly tokens: number;
  readonly rounds: number;
  readonly cluster?: string;
}

const DEFAULT_SEQUENCES = 4;

/** Measures. */
export async function runBench({
  args: [given],
  config,
  options,
  output,
  signal,
}: CommandContext<BenchFlags>): Promise<ExitCode | undefined> {
  const sequences = options.sequences ?? DEFAULT_SEQUENCES;
  const file = { ...options, sequences };
  const models = await openModels(modelTarget(given), { config, signal, cluster: options.cluster, file });
  const line = progressLine(output, process.stderr);
  let levels: readonly BenchLevel[];
  try {
    const want = models.name === undefined ? {} : { model: models.name };
    const common = { maxTokens: options.tokens, temperature: 0 };
    levels = await benchLevels({
      sequences,
      rounds: options.rounds,
      ask: (content) => askModel(models.find, want, { messages: [{ role: 'user', content }], ...common }, { signal }),
      nowMs: () => performance.now(),
      onAnswer: (level, done, total) => line.show(`${level} at a time: ${done}/${total} answers`),
      onLevel: (level) => line.done(`${level.sequences} at a time: ${level.tokensPerSecond.toFixed(1)} tokens/s`),
    });
  } finally {
    line.clear();
    await models.stop();
  }
  output.result({ model: models.name ?? null, where: models.where, levels }, tableText(levels, output));
  return undefined;
}

function tableText(levels: readonly BenchLevel[], { colours }: Output): string {
  const headings = ['AT A TIME', 'TOKENS/S', 'GAIN', 'FIRST TOKEN', 'SLOWEST', 'TOKENS', 'CACHED', 'TIME'];
  const rows = levels.map((level) => [
    String(level.sequences),
    level.tokensPerSecond.toFixed(1),
    `${level.gain.toFixed(2)}x`,
    durationText(level.firstTokenMs.p50),
    durationText(level.firstTokenMs.max),
    String(level.outputTokens),
    `${level.cachedTokens}/${level.inputTokens}`,
    durationText(level.seconds * 1_000),
  ]);
  return table(headings, rows, colours.bold);
}

/** One line that redraws itself on a terminal; elsewhere only what is done is told. */
function progressLine(output: Output, stream: NodeJS.WriteStream) {
  const live = stream.isTTY && !output.json;
  const clear = (): void => void (live && stream.write('\r\u001b[2K'));
  return {
    show: (text: string): void => void (live && stream.write(`\r\u001b[2K${text}`)),
    done: (text: string): void => {
      clear();
      output.note(text);
    },
    clear,
  };
}
