/** `skep ask` from the question to the exit code: the model is found, its answer streams, and an interrupt ends it there. */
import { askModel } from '#actors/inference/client';
import type { CommandContext } from '../command.js';
import type { ExitCode } from '../exit-codes.js';
import { type Answer, gatherAnswer, statsLine, terminalText, writePaced } from './answer.js';
import { openModels } from './models.js';
import { askRequestOf, readQuestion, type RequestOptions } from './question.js';
import { modelTarget } from './target.js';

/** Options of the command. */
export interface AskFlags extends RequestOptions {
  readonly model?: string;
  readonly stats?: boolean;
  readonly cluster?: string;
}

/** Asks. */
export async function runAsk({
  args: [argument],
  config,
  options,
  output,
  signal,
}: CommandContext<AskFlags>): Promise<ExitCode | undefined> {
  const target = modelTarget(options.model ?? config.inference.model);
  const question = await readQuestion(argument, process.stdin, signal);
  const request = await askRequestOf(question, options);
  const reader = readerOf(process.stdout);
  const models = await openModels(target, { config, signal, cluster: options.cluster });
  let answer: Answer;
  try {
    const want = models.name === undefined ? {} : { model: models.name };
    const parts = askModel(models.find, want, request, {
      signal: AbortSignal.any([signal, reader.gone]),
      ...(options.deadline === undefined ? {} : { timeoutMs: options.deadline }),
    });
    answer = await gatherAnswer(parts, output.json ? undefined : reader.take);
  } catch (error) {
    // Whoever read the answer has left: the model was told, and there is nobody to tell.
    if (reader.gone.aborted && !signal.aborted) return undefined;
    reader.end();
    throw error;
  } finally {
    await models.stop();
  }
  if (output.json) output.result(answer, '');
  else reader.end();
  if (options.stats === true) output.note(statsLine(answer));
  return verdict(answer, output);
}

/** Who reads the answer: takes its text, and is gone when the pipe is closed. */
function readerOf(stdout: NodeJS.WriteStream) {
  const gone = new AbortController();
  for (const event of ['close', 'error']) stdout.once(event, () => gone.abort());
  let last = '';
  return {
    gone: gone.signal,
    take: async (text: string): Promise<void> => {
      if (text === '') return;
      last = text;
      await writePaced(stdout, stdout.isTTY ? terminalText(text) : text);
    },
    /** Ends the line that the answer left open. */
    end: (): void => {
      if (last !== '' && !last.endsWith('\n')) stdout.write('\n');
      last = '';
    },
  };
}

function verdict({ finish, usage }: Answer, output: { warn(text: string): void }): ExitCode | undefined {
  if (finish === 'length') output.warn(`the answer was cut off after ${usage.output} tokens; --max-tokens allows more`);
  if (finish !== 'refusal') return undefined;
  output.warn('the provider withheld the answer');
  return 1;
}
