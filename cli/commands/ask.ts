/** `skep ask`: its options. The work is in `inference/run-ask.ts`, loaded when it is asked for. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { addCommand, wholeNumber } from '../command.js';
import type { AskFlags } from '../inference/run-ask.js';

/** Adds `skep ask`. */
export function askCommand(program: Command): void {
  addCommand<AskFlags>(
    program,
    {
      usage: 'ask [question]',
      summary: 'Ask a model and print its answer as it comes; Ctrl-C ends it at the model.',
      examples: [
        'skep ask --model examples/models/tiny-chat.gguf "What is an actor?"',
        'skep ask --model qwen --system "Answer in one sentence." - < question.txt',
        'skep ask --model qwen --schema person.json --json "Ada Lovelace, born 1815"',
      ],
      options: [
        new Option('--model <model>', 'model of the cluster or configuration, or a GGUF file that is run here'),
        new Option('--system <text>', 'system message before the question'),
        new Option('--max-tokens <n>', 'tokens of the answer at most (default: as the model is configured)').argParser(
          wholeNumber(1, 10_000_000),
        ),
        new Option('--temperature <t>', 'from 0, always the likeliest token, to 2 (default: 0)').argParser(temperature),
        new Option('--seed <n>', 'seed of the draws').argParser(wholeNumber(0, 0xffff_ffff)),
        new Option('--schema <file>', 'JSON schema of the answer, which is then JSON'),
        new Option('--agent <name>', 'whose share of the model this is'),
        new Option('--deadline <ms>', 'give up after so many milliseconds, loading included').argParser(
          wholeNumber(1, 86_400_000),
        ),
        new Option('--stats', 'tell tokens and times on standard error'),
      ],
      run: async (context) => (await import('../inference/run-ask.js')).runAsk(context),
    },
    ['cluster', 'nats', 'dataDir'],
  );
}

function temperature(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 0 && value <= 2) return value;
  throw new InvalidArgumentError('expected a number from 0 to 2.');
}
