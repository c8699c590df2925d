/**
 * Retransmission by the receiver's word (TOCS 2002, section 5.2): a replica tells the others from time to time what it
 * has, and each of them sends again what it lacks. Nobody keeps timers for messages, nothing is sent again to whom it
 * reached, and a replica that was away learns of the present view from the proof that opened it. Answers to one peer are
 * bounded in number and rate, so that asking is never worth more than it costs.
 */
import { missing } from './ordering.js';
import {
  COMMITTED,
  HAS_PRE_PREPARE,
  PREPARED,
  type Batch,
  type PbftMessage,
  type Signed,
  type Status,
} from './message.js';
import { type Effects, peerOf, type ReplicaState } from './state.js';
import { changesHeld, replicasHeld } from './view-change.js';

/** A replica with nothing to wish for says so this much more rarely. */
const REST = 8;

/** Whether it is time for a status message. */
export function statusDue(state: ReplicaState): boolean {
  const { statusTicks } = state.config.settings;
  return state.ticks % (lacking(state) ? statusTicks : REST * statusTicks) === 0;
}

function lacking({ active, waiting, target, slots, executed, peers }: ReplicaState): boolean {
  if (!active || waiting.size > 0 || target !== undefined) return true;
  for (const seq of slots.keys()) if (seq > executed) return true;
  for (const { stable } of peers.values()) if (stable > executed) return true;
  return false;
}

/** What this replica has. */
export function statusOf(state: ReplicaState): Status {
  const { config, view, active, stable, executed } = state;
  const highest = Math.max(executed, ...state.slots.keys());
  const slots: number[] = [];
  for (let seq = executed + 1; seq <= highest; seq += 1) slots.push(bitsOf(state, seq));
  return {
    type: 'status',
    replica: config.id,
    view,
    active,
    stable: stable.seq,
    executed,
    slots,
    held: active ? [] : replicasHeld(state),
    missing: [...missing(state).keys()].slice(0, Math.min(config.settings.burst, config.settings.logSize)),
  };
}

function bitsOf({ slots, certificates, decided, view }: ReplicaState, seq: number): number {
  return (
    (slots.get(seq)?.prePrepare === undefined ? 0 : HAS_PRE_PREPARE) |
    (certificates.get(seq)?.prePrepare.view === view ? PREPARED : 0) |
    (decided.has(seq) ? COMMITTED : 0)
  );
}

/** A peer tells what it has: it gets what it lacks and this replica has. */
export function receiveStatus(state: ReplicaState, status: Signed<Status>, effects: Effects): void {
  const { config, ticks } = state;
  const { burst, statusTicks } = config.settings;
  const peer = peerOf(state, status.replica);
  peer.stable = Math.max(peer.stable, status.stable);
  if (peer.answeredAt >= 0 && 2 * (ticks - peer.answeredAt) < statusTicks) return effects.refuse(status, 'overload');
  peer.answeredAt = ticks;
  const answers = [
    ...viewFor(state, status),
    ...checkpointsFor(state, status),
    ...votesFor(state, status),
    ...batchesFor(state, status),
  ];
  for (const answer of answers.slice(0, burst)) effects.send(status.replica, answer);
}

/** What opened the view, or what asks for it. */
function viewFor(state: ReplicaState, status: Status): readonly PbftMessage[] {
  const { view, active, newView, viewChanges, config } = state;
  if (status.view > view || (status.view === view && status.active)) return [];
  if (active) return newView === undefined ? [] : [newView];
  if (status.view === view) return changesHeld(state).filter(({ replica }) => !status.held.includes(replica));
  const own = viewChanges.get(config.id);
  return own === undefined ? [] : [own];
}

/** The proof of the stable checkpoint, and own ones that are not stable. */
function checkpointsFor(state: ReplicaState, status: Status): readonly PbftMessage[] {
  const { stable, checkpoints, config } = state;
  const messages: PbftMessage[] = [];
  // Who has not executed as far needs the state, and asks for that.
  if (status.stable < stable.seq && status.executed >= stable.seq) messages.push(...stable.proof);
  for (const [seq, votes] of checkpoints) {
    const own = votes.get(config.id);
    if (own !== undefined && seq > status.stable) messages.push(own);
  }
  return messages;
}

/** Pre-prepares, which prove themselves whoever sends them, and own votes. */
function votesFor(state: ReplicaState, status: Status): readonly PbftMessage[] {
  const { slots, batches, config } = state;
  if (!state.active || !status.active || status.view !== state.view) return [];
  const messages: PbftMessage[] = [];
  for (const [seq, { prePrepare, prepares, commits }] of slots) {
    if (seq <= status.executed) continue;
    const bits = status.slots[seq - status.executed - 1] ?? 0;
    const batch = prePrepare === undefined ? undefined : batches.get(prePrepare.digest);
    if ((bits & HAS_PRE_PREPARE) === 0 && prePrepare !== undefined && batch !== undefined)
      messages.push({ type: 'proposal', prePrepare, batch: batch.requests });
    const prepare = prepares.get(config.id);
    if ((bits & PREPARED) === 0 && prepare !== undefined) messages.push(prepare);
    const commit = commits.get(config.id);
    if ((bits & COMMITTED) === 0 && commit !== undefined) messages.push(commit);
  }
  return messages;
}

function batchesFor({ batches }: ReplicaState, status: Status): readonly Batch[] {
  return status.missing.flatMap((digest) => {
    const batch = batches.get(digest);
    return batch === undefined ? [] : [{ type: 'batch' as const, requests: batch.requests }];
  });
}
