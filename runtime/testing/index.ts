/**
 * The front door of the testkit, `skep/testing`: systems whose every step is chosen by a seed, exploration over many
 * seeds, probes, faults and virtual time, for the tests of applications as for our own; and the simulator, for those who
 * write a protocol.
 */
export * from '../simulation/index.js';
export type { StepOrder } from './agenda.js';
export { crashing, PlannedCrash } from './crash.js';
export { explore, type Exploration, ExplorationError, type ExplorationReport } from './explore.js';
export type { CrashTarget, CrashTime, Fault, LinkFault } from './faults.js';
export type { ExpectOptions, Probe, ProbeCall, ProbeCast, ProbeDown, ProbeEvent, ProbeOptions } from './probe.js';
export {
  type Account,
  checkLinearizable,
  type CheckOptions,
  describeAccount,
  type History,
  type MapInput,
  mapOf,
  type Operation,
  type RegisterInput,
  registerOf,
  type RegisterOutput,
  type Specification,
  type Value,
  type Verdict,
} from './linearizability/index.js';
export { Random } from './random.js';
export type { TestSystemOptions } from './test-options.js';
export { TestSystem } from './test-system.js';
export { VirtualClock } from './virtual-clock.js';
