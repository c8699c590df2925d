/**
 * Configurations as values, and what a change makes of one. A configuration is joint while it has outgoing voters.
 * (Dissertation, 4.1 and 4.3; the rules are those of etcd's confchange package.)
 *
 *     (1 2 3)  --add 4, remove 1-->  (2 3 4)&&(1 2 3)  --leave-->  (2 3 4)
 *       simple: one voter at most       joint                        decided by the new voters alone
 */
import { unreachable } from '../wire/error.js';
import type { Config, ConfigChange, MemberChange, NodeId } from './types.js';

/** A configuration of these voters and learners that is not joint. */
export function newConfig(voters: readonly NodeId[], learners: readonly NodeId[] = []): Config {
  return {
    voters: sorted(new Set(voters)),
    votersOutgoing: [],
    learners: sorted(new Set(learners)),
    learnersNext: [],
    autoLeave: false,
  };
}

export function isJoint(config: Config): boolean {
  return config.votersOutgoing.length > 0;
}

/** Whether the node votes, by the new configuration or by the one that is being left. */
export function isVoter(config: Config, node: NodeId): boolean {
  return config.voters.includes(node) || config.votersOutgoing.includes(node);
}

export function isLearner(config: Config, node: NodeId): boolean {
  return config.learners.includes(node);
}

/** All who get the log, in the order of their ids. */
export function membersOf({ voters, votersOutgoing, learners }: Config): readonly NodeId[] {
  return sorted(new Set([...voters, ...votersOutgoing, ...learners]));
}

/** Whether the change ends a joint configuration. */
export function leavesJoint(change: ConfigChange): boolean {
  return change.changes.length === 0;
}

/** The configuration after a change; undefined when the change cannot be made. The same on every node. */
export function changeConfig(config: Config, change: ConfigChange): Config | undefined {
  if (leavesJoint(change)) return leave(config);
  if (isJoint(config)) return undefined;
  const joint = change.transition !== 'auto' || change.changes.length > 1;
  const draft = draftOf(config);
  if (joint) draft.votersOutgoing = new Set(draft.voters);
  for (const member of change.changes) changeMember(draft, member);
  if (draft.voters.size === 0) return undefined;
  // One voter at most, so that majorities of before and after overlap. (4.1)
  if (!joint && difference(config.voters, draft.voters) > 1) return undefined;
  return {
    voters: sorted(draft.voters),
    votersOutgoing: sorted(draft.votersOutgoing),
    learners: sorted(draft.learners),
    learnersNext: sorted(draft.learnersNext),
    autoLeave: joint && change.transition !== 'joint-explicit',
  };
}

interface Draft {
  readonly voters: Set<NodeId>;
  votersOutgoing: Set<NodeId>;
  readonly learners: Set<NodeId>;
  readonly learnersNext: Set<NodeId>;
}

function draftOf({ voters, votersOutgoing, learners, learnersNext }: Config): Draft {
  return {
    voters: new Set(voters),
    votersOutgoing: new Set(votersOutgoing),
    learners: new Set(learners),
    learnersNext: new Set(learnersNext),
  };
}

function changeMember(draft: Draft, { type, node }: MemberChange): void {
  switch (type) {
    case 'add-voter':
      draft.learners.delete(node);
      draft.learnersNext.delete(node);
      draft.voters.add(node);
      return;
    case 'add-learner':
      if (draft.learners.has(node)) return;
      draft.voters.delete(node);
      // Nobody is voter and learner at once: one who still votes in the outgoing configuration waits until it is left.
      (draft.votersOutgoing.has(node) ? draft.learnersNext : draft.learners).add(node);
      return;
    case 'remove':
      draft.voters.delete(node);
      draft.learners.delete(node);
      draft.learnersNext.delete(node);
      return;
    default:
      unreachable(type);
  }
}

function leave(config: Config): Config | undefined {
  if (!isJoint(config)) return undefined;
  return {
    voters: config.voters,
    votersOutgoing: [],
    learners: sorted(new Set([...config.learners, ...config.learnersNext])),
    learnersNext: [],
    autoLeave: false,
  };
}

/** Nodes that are in one of the two and not in the other. */
function difference(before: readonly NodeId[], after: ReadonlySet<NodeId>): number {
  const kept = before.filter((node) => after.has(node)).length;
  return before.length - kept + (after.size - kept);
}

function sorted(nodes: ReadonlySet<NodeId>): readonly NodeId[] {
  return [...nodes].toSorted();
}
