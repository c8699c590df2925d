/** What the parts of `skep simulate` share: its flags, and what one run of the command has. */
import type { CommandContext } from '../command.js';
import type { Threads } from './threads.js';

/** Options of the command. */
export interface SimulateFlags {
  readonly seeds: number;
  readonly from: number;
  readonly seed?: number;
  /** File of a plan. */
  readonly plan?: string;
  /** True for standard output, else a file. */
  readonly trace?: true | string;
  readonly traceFormat: 'text' | 'etcd';
  readonly jobs?: number;
  readonly shrink?: boolean;
  readonly shrinkRuns: number;
  readonly out: string;
  readonly module: readonly string[];
}

/** One run of the command. */
export interface Simulation {
  readonly context: CommandContext<SimulateFlags>;
  readonly threads: Threads;
  /** How many of them there are. */
  readonly jobs: number;
  /** Folder for what is written about failures. */
  readonly out: string;
}
