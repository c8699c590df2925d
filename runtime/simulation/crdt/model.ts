/**
 * Replicas of many documents in a world, beside a dumb twin that knows what each of them should read. After each event
 * the documents that changed are looked at:
 *
 * | invariant           | says                                                                                         |
 * |---------------------|----------------------------------------------------------------------------------------------|
 * | OracleValue         | a replica reads what the operations that it has seen come to, by the history of causality    |
 * | CausalDelivery      | a state has seen all updates of a replica before the last that it has seen: no gaps          |
 * | Inflation           | a state has seen all that it had seen before                                                 |
 * | DurableBeforeSent   | what a power loss takes was never seen by another                                            |
 * | AcceptedIsDurable   | what a power loss takes was never accepted                                                   |
 * | UniqueDots          | no replica meets dots of its own that it did not make                                        |
 * | ClockBound          | a hybrid clock never goes back, and is never further ahead than allowed                      |
 * | BufferBound         | delta buffers stay within their bounds                                                       |
 *
 * At the end all states are the same bytes and read the same, no accepted operation is missing, and pruned ids are gone.
 */
import type { Random } from '../../testing/random.js';
import type { Knobs } from '../knobs.js';
import type { Model, Planned, Simulated } from '../model.js';
import type { World } from '../world.js';
import { busyUs, drawPlan, type Setup, type SimulatedOperation } from './plan.js';
import { Cluster } from './cluster.js';

/** Delta-state replicated data types. */
export const crdtModel: Model<Setup, SimulatedOperation> = {
  name: 'crdt',
  about: 'delta-state CRDTs under anti-entropy: convergence to what the history says, and nothing accepted is lost',
  faults: [
    'kill',
    'power',
    'pause',
    'partition',
    'oneway',
    'bridge',
    'clog',
    'jump',
    'slowdisk',
    'fulldisk',
    'badsync',
  ],
  sometimes: [
    'gap in delta-intervals',
    'whole state sent',
    'delta evicted',
    'message for another life',
    'stamp ahead of the clock',
    'store damaged',
    'new id after damage',
    'unaccepted operation lost',
    'delete of what was not there',
    'late rejoin',
    'departed id adopted',
    'departed id retired',
  ],
  busyUs,
  settleUs: 900_000_000,
  plan: (random: Random, _knobs: Knobs): Planned<Setup, SimulatedOperation> => drawPlan(random),
  start: (world: World, plan: Planned<Setup, SimulatedOperation>): Simulated<SimulatedOperation> =>
    new Cluster(world, plan),
};
