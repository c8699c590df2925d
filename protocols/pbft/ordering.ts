/**
 * The three phases that give batches their order (OSDI 1999, section 4.2).
 *
 *     primary   --pre-prepare v,n,d + batch-->  backups accept: d is the digest of the batch, in view v, h < n <= H,
 *                                               and no other digest for v,n
 *     backups   --prepare v,n,d-->  all         prepared: the batch, the pre-prepare, 2f prepares of different backups
 *     all       --commit v,n,d-->   all         committed-local: prepared, and 2f + 1 commits of different replicas
 *
 * Prepared certificates are unique in a view because two of them share a correct replica, which prepares one digest.
 * Commits make the certificate known to enough replicas that every later view begins with it.
 */
import { batchBytes, NULL_DIGEST } from './encoding.js';
import type { Batch, Commit, PrePrepare, Prepare, Proposal, Request, Signed } from './message.js';
import { enqueue } from './requests.js';
import { faulty, primaryOf, quorum } from './settings.js';
import { betweenWatermarks, type Effects, isPrimary, type ReplicaState, slotAt } from './state.js';

/** The primary gives waiting requests sequence numbers, as far as the pipeline and the water marks let it. */
export function propose(state: ReplicaState, effects: Effects): void {
  const { config, assigned } = state;
  if (!state.active || !isPrimary(state)) return;
  while (state.next - 1 - state.executed < config.settings.pipeline && betweenWatermarks(state, state.next)) {
    const requests = nextBatch(state);
    if (requests.length === 0) return;
    const seq = state.next;
    state.next += 1;
    for (const { client, timestamp } of requests) assigned.set(client, timestamp);
    const digest = config.digest(batchBytes(requests));
    const prePrepare: PrePrepare = { type: 'pre-prepare', view: state.view, seq, digest };
    const removed = keepBatch(state, digest, seq, requests);
    const batch = { kind: 'batch', seq, digest, requests } as const;
    effects.persist([batch, { kind: 'slot', seq, prePrepare, signature: undefined }], removed);
    effects.sign(prePrepare);
  }
}

function nextBatch({ config, waiting, assigned }: ReplicaState): readonly Signed<Request>[] {
  const requests: Signed<Request>[] = [];
  for (const { request } of waiting.values()) {
    if (requests.length === config.settings.maxBatch) break;
    if (request.timestamp > (assigned.get(request.client) ?? -1)) requests.push(request);
  }
  return requests;
}

/** The pre-prepare of this replica as the primary is signed. */
export function proposed(state: ReplicaState, prePrepare: Signed<PrePrepare>, effects: Effects): void {
  if (!inView(state, prePrepare.view) || !betweenWatermarks(state, prePrepare.seq)) return;
  const batch = state.batches.get(prePrepare.digest);
  const slot = slotAt(state, prePrepare.seq);
  if (batch === undefined || slot.prePrepare !== undefined) return;
  slot.prePrepare = prePrepare;
  effects.multicast({ type: 'proposal', prePrepare, batch: batch.requests });
  tryPrepared(state, prePrepare.seq, effects);
}

/** A backup looks at a pre-prepare with its batch. */
export function receiveProposal(state: ReplicaState, proposal: Proposal, effects: Effects): void {
  const { prePrepare, batch } = proposal;
  const { view, seq, digest } = prePrepare;
  if (!inView(state, view)) return effects.refuse(proposal, 'view');
  if (isPrimary(state)) return effects.refuse(proposal, 'role');
  if (!betweenWatermarks(state, seq)) return effects.refuse(proposal, 'watermark');
  if (batch.length === 0) return effects.refuse(proposal, 'invalid');
  if (state.config.digest(batchBytes(batch)) !== digest) return effects.refuse(proposal, 'digest');
  const slot = slotAt(state, seq);
  if (slot.prePrepare?.digest === digest) {
    // What a new-view orders comes without its batch.
    if (state.batches.has(digest)) return effects.refuse(proposal, 'duplicate');
    return receiveBatch(state, { type: 'batch', requests: batch }, effects);
  }
  // Up to max-s the new-view alone orders, also what is not in the log because it was above the water mark.
  if (slot.prePrepare !== undefined || seq <= state.ordered) return effects.refuse(proposal, 'conflict');
  slot.prePrepare = prePrepare;
  const removed = keepBatch(state, digest, seq, batch);
  // The replica has received these requests: from now on it waits for their execution.
  for (const request of batch) enqueue(state, request);
  effects.persist(
    [
      { kind: 'batch', seq, digest, requests: batch },
      { kind: 'slot', seq, prePrepare: { type: 'pre-prepare', view, seq, digest }, signature: prePrepare.signature },
    ],
    removed,
  );
  prepare(state, prePrepare, effects);
  tryPrepared(state, seq, effects);
}

/** Enters what the new-view orders into the log, as far as the water marks reach; a backup prepares it. */
export function orderNewView(state: ReplicaState, effects: Effects): void {
  const { newView, stable, config } = state;
  const upTo = Math.min(state.ordered, stable.seq + config.settings.logSize);
  if (newView === undefined || state.entered >= upTo) return;
  const from = Math.max(state.entered, stable.seq);
  state.entered = upTo;
  for (const prePrepare of newView.prePrepares) {
    const { seq } = prePrepare;
    if (seq <= from || seq > upTo) continue;
    slotAt(state, seq).prePrepare = prePrepare;
    prepare(state, prePrepare, effects);
    tryPrepared(state, seq, effects);
  }
}

/** What a backup accepted it says so, once it is durable. */
export function prepare(state: ReplicaState, { view, seq, digest }: PrePrepare, effects: Effects): void {
  if (isPrimary(state)) return;
  effects.sign({ type: 'prepare', view, seq, digest, replica: state.config.id });
}

/** A prepare of another backup, or the own one as it comes back signed. */
export function receivePrepare(state: ReplicaState, message: Signed<Prepare>, effects: Effects): void {
  if (!takesVote(state, message, effects)) return;
  // The primary has said what it has to say with its pre-prepare; a prepare of it would count it twice.
  if (message.replica === primaryOf(state.config.settings, message.view)) return effects.refuse(message, 'role');
  const { prepares } = slotAt(state, message.seq);
  if (prepares.has(message.replica)) return effects.refuse(message, 'duplicate');
  prepares.set(message.replica, message);
  effects.multicastOwn(message);
  tryPrepared(state, message.seq, effects);
}

/** A commit of another replica, or the own one as it comes back signed. */
export function receiveCommit(state: ReplicaState, message: Signed<Commit>, effects: Effects): void {
  if (!takesVote(state, message, effects)) return;
  const { commits } = slotAt(state, message.seq);
  if (commits.has(message.replica)) return effects.refuse(message, 'duplicate');
  commits.set(message.replica, message);
  effects.multicastOwn(message);
  tryCommitted(state, message.seq, effects);
}

function takesVote(state: ReplicaState, message: Signed<Prepare> | Signed<Commit>, effects: Effects): boolean {
  if (!inView(state, message.view)) effects.refuse(message, 'view');
  else if (!betweenWatermarks(state, message.seq)) effects.refuse(message, 'watermark');
  else return true;
  return false;
}

/** A batch that was missing; what its digest is not known to be needed for is not kept. */
export function receiveBatch(state: ReplicaState, message: Batch, effects: Effects): void {
  const digest = state.config.digest(batchBytes(message.requests));
  const seq = missing(state).get(digest);
  if (seq === undefined) return effects.refuse(message, 'unwanted');
  const removed = keepBatch(state, digest, seq, message.requests);
  for (const request of message.requests) enqueue(state, request);
  effects.persist([{ kind: 'batch', seq, digest, requests: message.requests }], removed);
  for (const [at, { prePrepare }] of state.slots) if (prePrepare?.digest === digest) tryPrepared(state, at, effects);
}

/** Digests of batches that are ordered and not here, with the highest sequence number of each. */
export function missing({ slots, decided, batches }: ReplicaState): ReadonlyMap<string, number> {
  const wanted = new Map<string, number>();
  const want = (digest: string, seq: number): void => {
    if (digest !== NULL_DIGEST && !batches.has(digest)) wanted.set(digest, Math.max(seq, wanted.get(digest) ?? 0));
  };
  for (const [seq, { prePrepare }] of slots) if (prePrepare !== undefined) want(prePrepare.digest, seq);
  for (const [seq, digest] of decided) want(digest, seq);
  return wanted;
}

/** prepared(m, v, n, i): the batch, the pre-prepare, and 2f prepares of different backups that match it. */
function tryPrepared(state: ReplicaState, seq: number, effects: Effects): void {
  const { config, certificates, view } = state;
  const { prePrepare, prepares } = slotAt(state, seq);
  if (prePrepare === undefined || certificates.get(seq)?.prePrepare.view === view) return;
  const { digest } = prePrepare;
  if (digest !== NULL_DIGEST && !state.batches.has(digest)) return;
  const matching = [...prepares.values()].filter((vote) => vote.digest === digest);
  const enough = 2 * faulty(config.settings);
  if (matching.length < enough) return;
  const certificate = { prePrepare, prepares: matching.slice(0, enough) };
  certificates.set(seq, certificate);
  effects.persist([{ kind: 'prepared', seq, certificate }]);
  effects.push({ type: 'prepared', view, seq, digest });
  effects.sign({ type: 'commit', view, seq, digest, replica: config.id });
  tryCommitted(state, seq, effects);
}

/** committed-local(m, v, n, i): prepared, and 2f + 1 commits of different replicas that match the pre-prepare. */
function tryCommitted(state: ReplicaState, seq: number, effects: Effects): void {
  const { config, certificates, decided, view } = state;
  const prePrepare = certificates.get(seq)?.prePrepare;
  if (prePrepare?.view !== view || decided.get(seq) === prePrepare.digest) return;
  const { digest } = prePrepare;
  let matching = 0;
  for (const commit of slotAt(state, seq).commits.values()) if (commit.digest === digest) matching += 1;
  if (matching < quorum(config.settings)) return;
  decided.set(seq, digest);
  effects.push({ type: 'committed', view, seq, digest });
}

function inView(state: ReplicaState, view: number): boolean {
  return state.active && view === state.view;
}

/**
 * Keeps a batch until its sequence number is below the low water mark: a later view may need it. Gives the keys of records
 * that are not needed any more.
 */
function keepBatch(
  { batches, slots, certificates, decided, config }: ReplicaState,
  digest: string,
  seq: number,
  requests: readonly Signed<Request>[],
): readonly string[] {
  batches.set(digest, { seq: Math.max(seq, batches.get(digest)?.seq ?? 0), requests });
  // Each view adds at most one batch to a sequence number, but liars may be primaries of many views: the oldest that is
  // in no log goes first.
  if (batches.size <= 4 * config.settings.logSize) return [];
  const needed = new Set([digest, ...decided.values()]);
  for (const { prePrepare } of slots.values()) if (prePrepare !== undefined) needed.add(prePrepare.digest);
  for (const { prePrepare } of certificates.values()) needed.add(prePrepare.digest);
  for (const old of batches.keys())
    if (!needed.has(old)) {
      batches.delete(old);
      return [`batch/${old}`];
    }
  return [];
}
