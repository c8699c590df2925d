/** `skep config print`: every setting with its value and where it came from. */
import type { Command } from 'commander';
import { printConfig } from '#config';
import { addCommand } from '../command.js';
import { wantsColour } from '../output.js';

interface ConfigOptions {
  readonly color?: boolean;
}

/** Adds `skep config` with its sub-command, which is also what it does without one. */
export function configCommand(program: Command): void {
  const config = program.command('config').description('Show the configuration that commands run with.');
  addCommand<ConfigOptions>(
    config,
    {
      usage: 'print',
      isDefault: true,
      summary: 'Print every setting with its value and origin; secrets are masked.',
      examples: [
        'skep config print',
        'skep config print --preset lan',
        'SKEP_NODE_EXECUTORS=2 skep config print --json',
      ],
      run: async ({ loaded, options, output }) => {
        const colour = wantsColour(process.stdout, options.color !== false, process.env);
        output.text(printConfig(loaded, { json: output.json, colour }));
        return undefined;
      },
    },
    ['cluster', 'name', 'nats', 'dataDir', 'executors', 'logLevel', 'logFormat'],
  );
}
