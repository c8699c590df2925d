/**
 * The six scenarios of `skep load` in short form, against a cluster of two node processes of its own. What they say is
 * what a person would see with the same command, on this machine.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '#config';
import { ClusterProcess } from '#cli/launch/cluster-process';
import { nodeEnvironment } from '#cli/launch/node-options';
import { type LoadReport, runLoad } from '#cli/load/run-load';
import { type Scenario, scenarios } from '#cli/load/scenario';
import { machine } from '../harness/machine.js';
import type { MeasureOptions } from '../harness/measure.js';

/** What the scenarios said. */
export interface LoadAnswer {
  readonly kind: 'load';
  readonly question: 'load';
  readonly suite: 'load';
  readonly asks: string;
  readonly quick: boolean;
  /** The day, as YYYY-MM-DD, and the machine that it was measured on. */
  readonly day: string;
  readonly machine: string;
  readonly reports: readonly LoadReport[];
  readonly seconds: number;
}

/** What stands in the list of benches. */
export const loadBench = {
  name: 'load',
  suite: 'load',
  asks: 'How does a cluster of two nodes behave under the six scenarios of load?',
} as const;

const NODES = 2;
const CLUSTER = 'bench-load';
/** The expected load: what a modest machine keeps up with while it also runs the generator. */
const SPEC = { rate: 1_000, actors: 32, thresholds: { p99Ms: 100, errorPercent: 1 } };
const full = { scenarios, durationMs: 8_000 };
const quick = { scenarios: ['smoke', 'spike'] as readonly Scenario[], durationMs: 1_500 };

/** Starts the cluster and runs the scenarios. @throws Error when an acknowledged call had no effect, or nothing was. */
export async function measureLoad({ quick: isQuick, signal, say }: MeasureOptions): Promise<LoadAnswer> {
  const startMs = performance.now();
  const plan = isQuick ? quick : full;
  const dir = await mkdtemp(join(tmpdir(), 'skep-bench-load-'));
  const { config } = await loadConfig({ cwd: dir, env: {}, dotenv: false });
  const processes = await ClusterProcess.start({
    cluster: CLUSTER,
    nodes: NODES,
    executors: 1,
    logLevel: 'error',
    dir,
    modules: [],
    env: { ...nodeEnvironment(config, {}), SKEP_STORE_SYNC: 'off' },
    onReady: (node) => say(`${node.name} is ready`),
    signal,
  });
  try {
    const reached = {
      ...config,
      cluster: { ...config.cluster, name: CLUSTER },
      nats: { ...config.nats, url: processes.natsUrl },
    };
    const reports: LoadReport[] = [];
    for (const scenario of plan.scenarios) {
      signal.throwIfAborted();
      say(`${scenario}, ${plan.durationMs / 1_000} s`);
      const report = await runLoad({ ...SPEC, scenario, durationMs: plan.durationMs }, { config: reached, signal });
      signal.throwIfAborted();
      reports.push(checked(report));
    }
    return {
      ...loadBench,
      kind: 'load',
      question: 'load',
      quick: isQuick,
      day: new Date().toISOString().slice(0, 10),
      machine: machine(),
      reports,
      seconds: (performance.now() - startMs) / 1_000,
    };
  } finally {
    await processes.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

/** A threshold that is not kept is a finding; an acknowledged call without its effect is a failure. */
function checked(report: LoadReport): LoadReport {
  const { scenario, verified, totals } = report;
  if (verified.lost > 0) throw new Error(`${scenario}: ${verified.lost} acknowledged calls had no effect`);
  if (verified.unverified > 0)
    throw new Error(`${scenario}: ${verified.unverified} acknowledged calls were not checked`);
  if (totals.acknowledged === 0) throw new Error(`${scenario}: no call was acknowledged`);
  return report;
}
