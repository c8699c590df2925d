/** `skep cast`: sends an actor a message that it does not answer. */
import { type Command, Option } from 'commander';
import { addCommand, type CommandContext } from '../command.js';
import type { ExitCode } from '../exit-codes.js';
import { castAnswer, readAnswer } from '../remote/answers.js';
import { jsonArgument } from '../remote/json-argument.js';
import { type Ask, withCluster } from '../remote/session.js';
import { traceOf, type TraceFlags, traceOptions } from '../remote/trace.js';
import { resolveTarget } from '../remote/target.js';

interface CastOptions extends TraceFlags {
  readonly node?: string;
}

/** Adds `skep cast`. */
export function castCommand(program: Command): void {
  addCommand<CastOptions>(
    program,
    {
      usage: 'cast <actor> <cast> [message]',
      summary: 'Send an actor, by address or name, a JSON message without waiting for a reply.',
      examples: [`skep cast hits reset '{"reason":"demo"}'`],
      options: [new Option('--node <node>', 'node on which the name is looked up (default: all)'), ...traceOptions()],
      run: runCast,
    },
    ['cluster', 'nats', 'dataDir'],
  );
}

async function runCast({
  args: [actor = '', cast = '', text],
  config,
  options,
  output,
  signal,
}: CommandContext<CastOptions>): Promise<ExitCode | undefined> {
  const message = jsonArgument('the message', text);
  const trace = traceOf(options, (text) => output.note(text));
  const send = async (ask: Ask) => {
    const target = await resolveTarget(ask, actor, options.node);
    return readAnswer(
      castAnswer,
      await ask('cast', { ...target, cast, ...(message === undefined ? {} : { message }) }),
    );
  };
  const { accepted } = await withCluster(config, signal, send, trace);
  output.result({ accepted }, accepted ? 'sent' : 'not accepted: the mailbox is over its high-water mark');
  return accepted ? undefined : 1;
}
