/** `skep simulate`: its options. The work is in `simulate/run-simulate.ts`, loaded when it is asked for. */
import { type Command, Option } from 'commander';
import { addCommand, repeated, wholeNumber } from '../command.js';
import { shippedModels } from '../simulate/models.js';
import type { SimulateFlags } from '../simulate/simulation.js';

const MOST = Number.MAX_SAFE_INTEGER;

/** Adds `skep simulate`. */
export function simulateCommand(program: Command): void {
  addCommand<SimulateFlags>(program, {
    usage: 'simulate <model>',
    summary: `Run whole clusters of a protocol in virtual time under faults, a seed each: ${[...shippedModels, 'all'].join(', ')}; exit code 1 when a promise is broken.`,
    examples: [
      'skep simulate all --seeds 2000',
      'skep simulate raft --seed 4711 --trace',
      'skep simulate raft --plan skep-simulation/raft-4711.plan.json --trace raft.txt',
      'skep simulate two-phase-commit --module ./two-phase-commit.js --json',
    ],
    options: [
      new Option('--seeds <n>', 'runs of each model, a seed each').default(1_000).argParser(wholeNumber(1, MOST)),
      new Option('--from <seed>', 'the first seed').default(1).argParser(wholeNumber(0, MOST)),
      new Option('--seed <seed>', 'one run, of this seed')
        .argParser(wholeNumber(0, MOST))
        .conflicts(['seeds', 'from', 'plan']),
      new Option('--plan <file>', 'one run, by the plan in a file that was written about a failure').conflicts([
        'seeds',
        'from',
      ]),
      new Option('--trace [file]', 'print all events of the one run, or write them to a file'),
      new Option('--trace-format <format>', 'text, or etcd for the traces that check a model of raft in TLA+')
        .choices(['text', 'etcd'])
        .default('text'),
      new Option('--jobs <n>', 'threads (default: one a core)').argParser(wholeNumber(1, 256)),
      new Option('--shrink', 'make a failed run smaller before it is reported (default)'),
      new Option('--no-shrink', 'report a failed run as it is'),
      new Option('--shrink-runs <n>', 'runs that making it smaller may take')
        .default(300)
        .argParser(wholeNumber(1, 1_000_000)),
      new Option('--out <dir>', 'folder for the plan and the trace of a failed run').default('skep-simulation'),
      new Option('--module <file>', 'compiled module that exports models; may be repeated')
        .argParser(repeated)
        .default([], 'none'),
    ],
    runsOnBadConfig: true,
    run: async (context) => (await import('../simulate/run-simulate.js')).runSimulate(context),
  });
}
