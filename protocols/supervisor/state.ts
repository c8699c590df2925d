/**
 * The state of a replicated supervisor: what its children are and where they run, who is there to run them, and the
 * ledger of tasks. It changes by committed commands alone (`apply.ts`), so it is the same on all voters at the same index
 * of the log. Items are never changed once made, only replaced; so what was read of the state stays as it was.
 *
 *     child     homeless ──place, epoch + 1──> home ──node dead, lease over, drained, ...──> leaving ──┐
 *                  ^                            │                                                       │
 *                  └──────── ended by itself ───┴───────── ended, or its lease is over <───────────────┘
 *
 *     task      ready ──assign, attempt + 1──> assigned to a child in an epoch ──complete, in that epoch──> done
 *                 ^                               │
 *                 └── failed, or the epoch ended ─┘
 */

/** What somebody asked to be run. */
export interface ChildSpec {
  readonly name: string;
  /** Labels that its node must have. */
  readonly required: readonly string[];
}

/** Where a child runs, or may still run. */
export interface Home {
  readonly node: string;
  /** The life of the node that it was placed on: a node that was restarted runs nothing of before. */
  readonly life: number;
  /** Its lease is not given any more. */
  readonly leaving: boolean;
}

/** A child. */
export interface Child extends ChildSpec {
  /** Of its last placement, 0 before the first: the fencing token of all that it does there. */
  readonly epoch: number;
  readonly home: Home | undefined;
  /** It is not placed before this time of the log. */
  readonly notBeforeMs: number;
  /** It was removed, and is gone for good once it has no home. */
  readonly removed: boolean;
}

export type MemberStatus = 'alive' | 'dead' | 'left';

/** A node, as the leaders saw it. */
export interface Member {
  readonly node: string;
  /** Numbers the processes that a node was, one after the other. */
  readonly life: number;
  /** Of that life, as SWIM counts. */
  readonly incarnation: number;
  readonly status: MemberStatus;
  readonly labels: readonly string[];
  /** Nothing is placed there any more. */
  readonly draining: boolean;
}

/** A task that was accepted. */
export interface Task {
  readonly client: string;
  /** Counted from 1 by the client. */
  readonly seq: number;
  readonly payload: string;
  /** How often it was assigned. */
  readonly attempt: number;
  readonly assigned: { readonly child: string; readonly epoch: number } | undefined;
  /** Of the completion that was committed first. */
  readonly result: string | undefined;
}

/** The supervisor. */
export interface SupervisorState {
  /** The latest time that a command carried, in milliseconds: it stands still while nobody leads. */
  timeMs: number;
  /** The highest epoch that was ever given. One counter for all children: none is reused, nor by a child added anew. */
  epoch: number;
  /** When it gave up, by the time of the log; undefined while it is running. */
  escalatedMs: number | undefined;
  /** Times of crashes of children within the window of the intensity, oldest first, as OTP counts: all together. */
  crashes: readonly number[];
  /** In the order in which they were added. */
  readonly children: Map<string, Child>;
  readonly members: Map<string, Member>;
  /** By {@link taskId}, in the order in which they were accepted. */
  readonly tasks: Map<string, Task>;
  /** By client: it knows the results of all tasks up to this number. */
  readonly acked: Map<string, number>;
}

/** A supervisor of these children, which run nowhere yet. */
export function newSupervisor(specs: readonly ChildSpec[]): SupervisorState {
  const child = { epoch: 0, home: undefined, notBeforeMs: 0, removed: false };
  return {
    timeMs: 0,
    epoch: 0,
    escalatedMs: undefined,
    crashes: [],
    children: new Map(specs.map(({ name, required }) => [name, { name, required, ...child }])),
    members: new Map(),
    tasks: new Map(),
    acked: new Map(),
  };
}

/** The name of a task: whose it is, and its number there. */
export function taskId({ client, seq }: Pick<Task, 'client' | 'seq'>): string {
  return `${client}/${seq}`;
}

/** The state as plain data, for a snapshot. Lists keep the order of the maps, which is part of the state. */
export interface SupervisorDump {
  readonly timeMs: number;
  readonly epoch: number;
  readonly escalatedMs: number | undefined;
  readonly crashes: readonly number[];
  readonly children: readonly Child[];
  readonly members: readonly Member[];
  readonly tasks: readonly Task[];
  readonly acked: readonly (readonly [string, number])[];
}

/** For a snapshot. */
export function dumpSupervisor(state: SupervisorState): SupervisorDump {
  const { timeMs, epoch, escalatedMs, crashes } = state;
  return {
    ...{ timeMs, epoch, escalatedMs, crashes },
    children: [...state.children.values()],
    members: [...state.members.values()],
    tasks: [...state.tasks.values()],
    acked: [...state.acked],
  };
}

/** From a snapshot. */
export function loadSupervisor(dump: SupervisorDump): SupervisorState {
  const { timeMs, epoch, escalatedMs, crashes } = dump;
  return {
    ...{ timeMs, epoch, escalatedMs, crashes },
    children: new Map(dump.children.map((child) => [child.name, child])),
    members: new Map(dump.members.map((member) => [member.node, member])),
    tasks: new Map(dump.tasks.map((task) => [taskId(task), task])),
    acked: new Map(dump.acked),
  };
}
