/**
 * `skep bench`: measures skep beside its peers on this machine. The benchmarks are a program of their own, because they
 * start many others; this command finds it, hands the flags on and passes its exit code on.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Command, Option } from 'commander';
import { SkepError } from '#protocols/wire/error';
import { addCommand, type CommandContext } from '../command.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';

interface BenchOptions {
  readonly quick?: boolean;
  readonly out?: string;
  readonly against?: string;
  readonly profile?: boolean;
  readonly profileTo?: string;
  readonly list?: boolean;
  readonly json?: boolean;
}

const program = fileURLToPath(new URL('../../bench/main.js', import.meta.url));

/** Adds `skep bench`. */
export function benchCommand(parent: Command): void {
  addCommand<BenchOptions>(parent, {
    usage: 'bench [names...]',
    summary:
      'Measure skep on this machine, beside the peers that are installed: all benchmarks, or those of a name or suite; `compare SAVED [CURRENT]` compares two results.',
    examples: [
      'skep bench --list',
      'skep bench ping-pong --quick',
      'skep bench savina --out before.json',
      'skep bench ping-pong --profile',
      'skep bench compare before.json bench/results.json',
    ],
    options: [
      new Option('--quick', 'small work and few rounds: to see that all works'),
      new Option('--out <file>', 'JSON file to write, with RESULTS.md beside it (default: bench/results.json)'),
      new Option(
        '--against <file>',
        'compare with saved results afterwards; exit code 1 when a ratio lost over a tenth',
      ),
      new Option('--profile', 'take CPU profiles, one a thread, that open in DevTools, in the place of measuring'),
      new Option('--profile-to <dir>', 'folder for the profiles (default: bench-profiles)'),
      new Option('--list', 'show what there is'),
    ],
    runsOnBadConfig: true,
    run: runBench,
  });
}

async function runBench({ args, options, signal }: CommandContext<BenchOptions>): Promise<ExitCode | undefined> {
  if (!existsSync(program))
    throw new SkepError(
      'INTERNAL',
      `${program} is missing: this installation of skep has no benchmarks; run \`npm run build\``,
    );
  const { quick, out, against, profile, profileTo, list, json } = options;
  const flags = [
    ...Object.entries({ quick, profile, list, json }).flatMap(([name, set]) => (set === true ? [`--${name}`] : [])),
    ...Object.entries({ out, against, 'profile-to': profileTo }).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, value],
    ),
  ];
  const names = (args[0] ?? []) as unknown as readonly string[];
  const child = spawn(process.execPath, [program, ...names, ...flags], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both; a signal to this process alone is handed on.
  signal.addEventListener('abort', () => child.kill('SIGINT'), { once: true });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code !== null && code in exitCodes ? (code as ExitCode) : 1;
}
