/** `skep call`: asks an actor and prints its reply; of a stream, its items. */
import { type Command, Option } from 'commander';
import { addCommand, type CommandContext, wholeNumber } from '../command.js';
import type { ExitCode } from '../exit-codes.js';
import { callAnswer, readAnswer } from '../remote/answers.js';
import { jsonArgument } from '../remote/json-argument.js';
import { type Ask, withCluster } from '../remote/session.js';
import { traceOf, type TraceFlags, traceOptions } from '../remote/trace.js';
import { resolveTarget } from '../remote/target.js';

interface CallOptions extends TraceFlags {
  readonly node?: string;
  readonly timeout?: number;
  readonly maxItems: number;
}

/** Adds `skep call`. */
export function callCommand(program: Command): void {
  addCommand<CallOptions>(
    program,
    {
      usage: 'call <actor> <call> [message]',
      summary: 'Call an actor, by address or name, with a JSON message; prints the reply, or a stream line by line.',
      examples: [
        `skep call hits add '{"amount":2}'`,
        'skep call node-1@k3f9/2/17 get --timeout 500',
        `skep call hits countdown '{"step":1}' --max-items 10`,
      ],
      options: [
        new Option('--node <node>', 'node on which the name is looked up (default: all)'),
        new Option('--timeout <ms>', 'deadline of the reply in milliseconds (default: calls.timeoutMs)').argParser(
          wholeNumber(1, 600_000),
        ),
        new Option('--max-items <n>', 'items to read of a stream').default(1_000).argParser(wholeNumber(1, 100_000)),
        ...traceOptions(),
      ],
      run: runCall,
    },
    ['cluster', 'nats', 'dataDir'],
  );
}

async function runCall({
  args: [actor = '', call = '', text],
  config,
  options,
  output,
  signal,
}: CommandContext<CallOptions>): Promise<ExitCode | undefined> {
  const message = jsonArgument('the message', text);
  const timeoutMs = options.timeout ?? Math.min(config.calls.timeoutMs, 600_000);
  const trace = traceOf(options, (text) => output.note(text));
  const talk = async (ask: Ask) => {
    const target = await resolveTarget(ask, actor, options.node);
    const request = {
      ...target,
      call,
      timeoutMs,
      maxItems: options.maxItems,
      ...(message === undefined ? {} : { message }),
    };
    return readAnswer(callAnswer, await ask('call', request, timeoutMs));
  };
  const answer = await withCluster(config, signal, talk, trace);
  if ('reply' in answer) {
    output.result(answer.reply ?? null, JSON.stringify(answer.reply ?? null));
    return undefined;
  }
  output.result(answer.items, answer.items.map((item) => JSON.stringify(item)).join('\n'));
  if (!answer.complete) output.warn(`the stream goes on after ${answer.items.length} items; --max-items reads more`);
  return undefined;
}
