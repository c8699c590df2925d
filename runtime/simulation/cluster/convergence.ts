/**
 * Whether all has come right once the faults are over: every child runs once, where the log says, by a lease that holds;
 * all tasks are done; everybody sees exactly those that run; voters are in one state.
 */
import type { Member, SupervisorState } from '#protocols/supervisor/state';
import { nameOf } from './names.js';
import type { Node } from './node.js';

/** Looks at all nodes that run, as the leader's log has it. */
export function converged(leader: Node, running: readonly Node[], size: number): boolean {
  const { voter } = leader;
  if (voter?.leads !== true) return false;
  const { machine, state: raft } = voter.driver;
  const { state } = machine;
  const byName = new Map(running.map((node) => [node.name, node]));
  return (
    state.escalatedMs === undefined &&
    [...state.tasks.values()].every(({ result }) => result !== undefined) &&
    everyChildRuns(state, byName) &&
    running.every((node) => runsOnlyItsOwn(state, node)) &&
    running.every((node) => sees(node, running)) &&
    Array.from({ length: size }, (_, place) => nameOf(place)).every((name) =>
      isRight(state.members.get(name), byName.get(name)),
    ) &&
    running.every((node) => {
      const driver = node.voter?.driver;
      return driver === undefined || (driver.state.applied === raft.applied && driver.machine.hash === machine.hash);
    })
  );
}

function everyChildRuns({ children }: SupervisorState, nodes: ReadonlyMap<string, Node>): boolean {
  for (const { name, epoch, home, removed } of children.values()) {
    if (home === undefined || home.leaving || removed) return false;
    const node = nodes.get(home.node);
    const lease = node?.agent.running.get(name);
    if (node === undefined || lease?.epoch !== epoch || lease.untilMs <= node.clockMs) return false;
    if (node.children.epochOf(name) !== epoch) return false;
  }
  return true;
}

function runsOnlyItsOwn({ children }: SupervisorState, { name, agent }: Node): boolean {
  for (const [child, { epoch }] of agent.running) {
    const known = children.get(child);
    if (known?.epoch !== epoch || known.home?.node !== name) return false;
  }
  return true;
}

/** A node sees, by SWIM, exactly those that run. */
function sees({ process: { state } }: Node, running: readonly Node[]): boolean {
  if (state.live !== running.length) return false;
  return running.every(({ name, agent }) => {
    const member = state.members.get(name);
    return member?.status === 'alive' && member.metadata.life === agent.life;
  });
}

/** The log has of a node what is true. */
function isRight(member: Member | undefined, node: Node | undefined): boolean {
  if (node === undefined) return member?.status !== 'alive';
  return member?.status === 'alive' && member.life === node.agent.life && !member.draining;
}
