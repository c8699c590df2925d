/** The command tree of `skep`. */
import { Command } from 'commander';
import { auditCommand } from './commands/audit.js';
import { nodeCommand } from './commands/node.js';
import { version } from './version.js';

/** Makes the program; nothing runs until it parses. */
export function createProgram(): Command {
  const program = new Command('skep')
    .description('Supervised swarms of agents: audit a repository, run a cluster, talk to its actors.')
    .version(version)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true });
  auditCommand(program);
  nodeCommand(program);
  for (const command of program.commands) overrideExit(command);
  return program;
}

/** Sub-commands throw rather than exit, so that one place decides on the exit code. */
function overrideExit(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) overrideExit(child);
}
