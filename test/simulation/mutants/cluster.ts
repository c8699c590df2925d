/** Bugs planted in the replicated supervisor and in what drives it, each of which the simulator has to find. */
import type { Mutant } from './mutant.js';

const core = (file: string, name: string, find: string, replace: string): Mutant => ({
  name,
  file: `protocols/supervisor/${file}.js`,
  find,
  replace,
});

const driver = 'runtime/simulation/cluster/voter.js';

export const clusterMutants: readonly Mutant[] = [
  // Epochs and fences.
  core(
    'apply',
    'a child that is placed again keeps its epoch',
    'const epoch = state.epoch;',
    'const epoch = child.epoch || state.epoch;',
  ),
  core('fence', 'the fence does not look at the epoch', 'epoch < (fence.get(child) ?? 0)', 'epoch < 0'),
  core(
    'ledger',
    'a completion of an old epoch is accepted',
    'assigned.epoch === said.epoch && attempt === said.attempt',
    'said.epoch > 0',
  ),
  // Leases.
  core(
    'lease',
    'a lease is given away before it is over',
    'askedMs + giveAwayMs(settings)',
    'askedMs + giveAwayMs(settings) / 2',
  ),
  core(
    'settings',
    'the drift of clocks is not allowed for',
    '((leaseMs + stopMs) * (1 + clockDrift)) / (1 - clockDrift)',
    'leaseMs + stopMs',
  ),
  core('agent', 'a node does not stop when its lease is over', 'if (nowMs < untilMs)', 'if (nowMs < Infinity)'),
  core(
    'agent',
    'a child is started again under an epoch that has ended',
    '!run || epoch <= (state.floor.get(child) ?? 0)',
    '!run',
  ),
  {
    name: 'a leader gives leases without asking its quorum',
    file: driver,
    find: 'this.#driver.read(id);',
    replace: 'this.readable(this.#driver, id);',
  },
  // Placement and restarts.
  core(
    'apply',
    'a child is placed on a node that is dead by then, restarted, or to be empty',
    '!fits || !there || state.escalatedMs !== undefined',
    '!fits || state.escalatedMs !== undefined',
  ),
  core('apply', 'restarts are forgotten with each place', 'state.epoch += 1;', 'state.epoch += 1; state.crashes = [];'),
  core(
    'state',
    'restarts are forgotten with a snapshot',
    'const { timeMs, epoch, escalatedMs, crashes } = dump;',
    'const { timeMs, epoch, escalatedMs } = dump; const crashes = [];',
  ),
  // The ledger.
  {
    name: 'a task is acknowledged before it is committed',
    file: driver,
    find: 'lead.submits.set(proposal, { from, submit });',
    replace: "reply('accepted');",
  },
  core('state', 'settled tasks are forgotten with a snapshot', 'acked: [...state.acked]', 'acked: []'),
  core('ledger', 'a task is accepted as new each time', 'const again = state.tasks.has(task);', 'const again = false;'),
  core('ledger', 'a settled task is accepted anew', 'seq <= floor && !state.tasks.has(task)', 'false'),
  core('ledger', 'a completion counts twice', '{ ...task, assigned: undefined, result }', '{ ...task, result }'),
  core('apply', 'the tasks of a child that ended stay with it', 'requeueAll(state, name, out);', ''),
];
