/** `skep stop`: stops one actor in order. */
import { type Command, Option } from 'commander';
import { addCommand, type CommandContext } from '../command.js';
import type { ExitCode } from '../exit-codes.js';
import { readAnswer, refAnswer } from '../remote/answers.js';
import { withCluster } from '../remote/session.js';
import { resolveTarget } from '../remote/target.js';

interface StopOptions {
  readonly node?: string;
}

/** Adds `skep stop`. */
export function stopCommand(program: Command): void {
  addCommand<StopOptions>(
    program,
    {
      usage: 'stop <actor>',
      summary: 'Stop an actor, by address or name; the cluster goes on (see down).',
      examples: ['skep stop hits', 'skep stop node-1@k3f9/2/17'],
      options: [new Option('--node <node>', 'node on which the name is looked up (default: all)')],
      run: runStop,
    },
    ['cluster', 'nats', 'dataDir'],
  );
}

async function runStop({
  args: [actor = ''],
  config,
  options,
  output,
  signal,
}: CommandContext<StopOptions>): Promise<ExitCode | undefined> {
  const { ref } = await withCluster(config, signal, async (ask) =>
    readAnswer(refAnswer, await ask('stop', await resolveTarget(ask, actor, options.node))),
  );
  output.result({ ref }, `${ref} is asked to stop`);
  return undefined;
}
