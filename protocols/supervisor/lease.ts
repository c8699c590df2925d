/**
 * Leases as a leader knows them. (Gray and Cheriton, "Leases: an efficient fault-tolerant mechanism for distributed file
 * cache consistency", SOSP 1989; how a new leader inherits them as in Chubby, OSDI 2006, 2.9.) They are not in the log:
 * a node renews each lease several times before it ends, and a commit each time would be the price of every child.
 *
 *     node     s: ask ───────────┐                       runs until s + leaseMs by its clock
 *     leader              a: arrives ── quorum: still leader ── answer        nothing before a + giveAwayMs by its clock
 *
 * Why at most one node runs a child by a lease that holds:
 *
 * 1. An answer is a linearizable read of the log (ReadIndex), made after the ask. So an answer with the lease of (child,
 *    epoch) is to an ask from before the commit of whatever withdrew that epoch.
 * 2. Answers of this leader: it knows when their asks arrived, which is after they were sent. Answers of leaders before:
 *    their quorum still stood by them after the ask, so the ask was sent before this leader was elected.
 * 3. So once an epoch is withdrawn, all leases of it end at most `leaseMs` of their holder's clock after the later of the
 *    last such arrival and the election; {@link giveAwayMs} later by the leader's clock they are over in truth.
 * 4. Only then does the leader propose the next place. If that is committed, its entry reached the log of every later
 *    leader before that one was elected, so nobody gave another lease of the old epoch in between.
 */
import type { Outcome } from './command.js';
import type { Answer, Ask } from './message.js';
import { giveAwayMs, type SupervisorSettings } from './settings.js';
import type { SupervisorState } from './state.js';

/** When a node was heard last. */
export interface Heard {
  readonly life: number;
  readonly atMs: number;
}

/** What a leader knows of leases, for one term. Times are of its own monotonic clock, but for `logMs`. */
export interface Leases {
  readonly term: number;
  readonly electedMs: number;
  /** The time of the log when it was elected. */
  readonly logMs: number;
  /** By child: before this time its lease may hold somewhere. Without an entry the election counts. */
  readonly untilMs: Map<string, number>;
  /** By node. */
  readonly heard: Map<string, Heard>;
}

/** A leader begins: it knows of no lease and takes all for just renewed. */
export function newLeases(term: number, nowMs: number, logMs: number): Leases {
  return { term, electedMs: nowMs, logMs, untilMs: new Map(), heard: new Map() };
}

/** The time of the log: it goes on by the leader's clock from where it was found. */
export function logTimeMs({ logMs, electedMs }: Leases, nowMs: number): number {
  return logMs + Math.max(0, nowMs - electedMs);
}

/** A node was heard. */
export function hear({ heard }: Leases, node: string, life: number, nowMs: number): void {
  if (life >= (heard.get(node)?.life ?? 0)) heard.set(node, { life, atMs: nowMs });
}

/** A lease of the child may hold that was asked for at or before this time. */
export function extend({ untilMs }: Leases, child: string, askedMs: number, settings: SupervisorSettings): void {
  untilMs.set(child, Math.max(untilMs.get(child) ?? 0, askedMs + giveAwayMs(settings)));
}

/** The leader applied an entry: a node on which something was placed gets the time of a lease to ask for it. */
export function notePlaced(
  leases: Leases,
  outcomes: readonly Outcome[],
  nowMs: number,
  settings: SupervisorSettings,
): void {
  for (const outcome of outcomes) if (outcome.type === 'placed') extend(leases, outcome.child, nowMs, settings);
}

/** Whether no lease of the child can hold any more, if none was given since. */
export function isOver(
  { electedMs, untilMs }: Leases,
  child: string,
  nowMs: number,
  settings: SupervisorSettings,
): boolean {
  return nowMs >= Math.max(untilMs.get(child) ?? 0, electedMs + giveAwayMs(settings));
}

/**
 * The answer to an ask by a leader that was confirmed after the ask arrived: what has a home on the node, as of `index`.
 * The leases in it are noted in `leases`, from the arrival of the ask on.
 */
export function answerTo(
  state: SupervisorState,
  index: number,
  { node, life, seq }: Pick<Ask, 'node' | 'life' | 'seq'>,
  leases: Leases | undefined,
  arrivedMs: number,
  settings: SupervisorSettings,
): Answer {
  const homes: Answer['homes'] = [];
  for (const { name, epoch, home } of state.children.values()) {
    if (home?.node !== node || home.life !== life) continue;
    const run = !home.leaving;
    if (run && leases !== undefined) extend(leases, name, arrivedMs, settings);
    homes.push({ child: name, epoch, run, tasks: run ? tasksOf(state, name) : [] });
  }
  return { type: 'answer', life, seq, index, homes };
}

function tasksOf(state: SupervisorState, child: string): Answer['homes'][number]['tasks'] {
  const tasks: Answer['homes'][number]['tasks'] = [];
  for (const [id, { assigned, attempt, payload }] of state.tasks)
    if (assigned?.child === child) tasks.push({ task: id, attempt, payload });
  return tasks;
}
