/**
 * The simulator for authors of protocols, part of `skep/testing`: a {@link Model} says what to build and what must hold,
 * {@link simulate} runs whole clusters of it through faults, a seed each.
 */
export type { Met, Tally } from './campaign.js';
export { type Disk, DiskFull } from './disk.js';
export { crash, describeFault, type Fault as PlannedFault } from './faults.js';
export { calm, drawKnobs, type FaultKind, faultKinds, type Knobs } from './knobs.js';
export type { Model, Planned, Simulated } from './model.js';
export type { Network } from './network.js';
export { describePlan, type Failure, type Outcome, planOf, type RunOptions, type RunPlan, runSeed } from './run.js';
export { shrink, type ShrinkOptions, type Shrunk } from './shrink.js';
export {
  simulate,
  type SimulateOptions,
  SimulationError,
  type SimulationReport,
  VacuousSimulation,
} from './simulate.js';
export { Violation } from './violation.js';
export { type Chances, World } from './world.js';
