/** Every benchmark there is, in the order of the results. */
import { existsSync } from 'node:fs';
import { type Bench, benchOf, benchOfSweep, loadScenarios } from './harness/section.js';
import { durableMany, durableOne } from './questions/durability/durable.js';
import { inferenceQuestions } from './questions/inference/index.js';
import { local } from './questions/local/index.js';
import { idleActors, spawn } from './questions/memory/idle-actors.js';
import { nodesQuestions } from './questions/nodes/index.js';
import { savina } from './questions/savina/index.js';
import { simulator } from './questions/simulation/simulator.js';
import { startQuestions } from './questions/start/index.js';
import { executorDeath } from './questions/supervision/executor-death.js';
import { supervisorRestarts } from './questions/supervision/supervisor-restarts.js';
import { threads } from './questions/threads/index.js';
import { sweeps } from './sweeps/index.js';

// The jobs use what tests use to make repositories and to kill nodes, which a package from the registry leaves out.
const jobs = existsSync(new URL('../test/support', import.meta.url))
  ? (await import('./questions/jobs/index.js')).jobs
  : [];

export const benches: readonly Bench[] = [
  ...[
    ...local,
    ...threads,
    ...nodesQuestions,
    idleActors,
    spawn,
    ...savina,
    durableOne,
    durableMany,
    supervisorRestarts,
    executorDeath,
    ...startQuestions,
    simulator,
    ...jobs,
    ...inferenceQuestions,
  ].map(benchOf),
  ...sweeps.map(benchOfSweep),
  loadScenarios,
];
