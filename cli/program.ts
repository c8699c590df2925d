/** The command tree of `skep`. */
import { Command, type CommanderError } from 'commander';
import { askCommand } from './commands/ask.js';
import { auditCommand } from './commands/audit.js';
import { benchCommand } from './commands/bench.js';
import { callCommand } from './commands/call.js';
import { castCommand } from './commands/cast.js';
import { configCommand } from './commands/config.js';
import { deadLettersCommand } from './commands/dead-letters.js';
import { describeCommand } from './commands/describe.js';
import { doctorCommand } from './commands/doctor.js';
import { downCommand } from './commands/down.js';
import { inspectCommand } from './commands/inspect.js';
import { loadCommand } from './commands/load.js';
import { metricsCommand } from './commands/metrics.js';
import { modelCommand } from './commands/model.js';
import { nodeCommand } from './commands/node.js';
import { simulateCommand } from './commands/simulate.js';
import { reloadCommand } from './commands/reload.js';
import { spawnCommand } from './commands/spawn.js';
import { statusCommand } from './commands/status.js';
import { stopCommand } from './commands/stop.js';
import { treeCommand } from './commands/tree.js';
import { topCommand } from './commands/top.js';
import { upCommand } from './commands/up.js';
import { surviveClosedPipes } from './output.js';
import { version } from './version.js';

/** Every command, in the order in which help shows them. */
const commands = [
  auditCommand,
  askCommand,
  modelCommand,
  upCommand,
  downCommand,
  statusCommand,
  treeCommand,
  spawnCommand,
  callCommand,
  castCommand,
  stopCommand,
  describeCommand,
  inspectCommand,
  topCommand,
  metricsCommand,
  loadCommand,
  deadLettersCommand,
  reloadCommand,
  nodeCommand,
  simulateCommand,
  benchCommand,
  configCommand,
  doctorCommand,
];

/** Makes the program; nothing runs until it parses. */
export function createProgram(): Command {
  surviveClosedPipes();
  const program = new Command('skep')
    .description('Supervised swarms of agents: audit a repository, run a cluster, talk to its actors.')
    .version(version)
    .configureHelp({ showGlobalOptions: true });
  for (const add of commands) add(program);
  overrideExit(program);
  return program;
}

/** Commands throw rather than exit, so that one place decides on the exit code. */
function overrideExit(command: Command): void {
  command.exitOverride((error) => {
    tellPrograms(error, command);
    throw error;
  });
  for (const child of command.commands) overrideExit(child);
}

/** Commander has told people; whoever asked for JSON gets the error in that form as well. */
function tellPrograms(error: CommanderError, command: Command): void {
  if (error.exitCode === 0 || !process.argv.includes('--json')) return;
  const message =
    error.code === 'commander.help'
      ? `no command given to ${command.name()}`
      : error.message.replace(/^error: /, '').replaceAll('\n', ' ');
  process.stdout.write(
    `${JSON.stringify({ error: { code: 'BAD_USAGE', message, remedy: 'See --help of the command.' } }, null, 2)}\n`,
  );
}
