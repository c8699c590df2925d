/**
 * What messages prove. The driver verifies every signature that {@link signaturesIn} lists before it hands a message to
 * the core, nested ones too; with that done, the functions here decide by counting and comparing alone whether a message
 * is the proof that it claims to be (OSDI 1999, sections 4.2 to 4.4). All of them are pure, so that anybody who is handed
 * a view-change or a new-view comes to the same answer.
 */
import { unreachable } from '../wire/error.js';
import { NULL_DIGEST, signedBytes } from './encoding.js';
import type {
  Body,
  Certificate,
  Checkpoint,
  NewView,
  PbftMessage,
  PrePrepare,
  Reply,
  Signed,
  ViewChange,
} from './message.js';
import { type ClientId, faulty, type PbftSettings, primaryOf, quorum, type ReplicaId } from './settings.js';

/** A signature that somebody has to have made. */
export interface Claim {
  readonly signer: { readonly replica: ReplicaId } | { readonly client: ClientId };
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

/** All signatures in a message. One that does not verify makes the whole message worthless. */
export function signaturesIn(message: PbftMessage | Signed<Reply>, settings: PbftSettings): readonly Claim[] {
  const claims: Claim[] = [];
  const claim = (signed: Signed<Body>): void => {
    claims.push({ signer: signerOf(signed, settings), bytes: signedBytes(signed), signature: signed.signature });
  };
  const claimViewChange = (viewChange: Signed<ViewChange>): void => {
    claim(viewChange);
    viewChange.proof.forEach(claim);
    for (const { prePrepare, prepares } of viewChange.prepared) [prePrepare, ...prepares].forEach(claim);
  };
  switch (message.type) {
    case 'request':
    case 'reply':
    case 'prepare':
    case 'commit':
    case 'checkpoint':
    case 'status':
    case 'fetch':
      claim(message);
      break;
    case 'proposal':
      claim(message.prePrepare);
      message.batch.forEach(claim);
      break;
    case 'view-change':
      claimViewChange(message);
      break;
    case 'new-view':
      claim(message);
      message.viewChanges.forEach(claimViewChange);
      message.prePrepares.forEach(claim);
      break;
    case 'batch':
      message.requests.forEach(claim);
      break;
    case 'transfer':
      message.proof.forEach(claim);
      break;
    default:
      unreachable(message);
  }
  return claims;
}

/** Who has to have signed it: pre-prepares and new-views are of the primary of their view. */
export function signerOf(body: Body, settings: PbftSettings): Claim['signer'] {
  switch (body.type) {
    case 'request':
      return { client: body.client };
    case 'pre-prepare':
    case 'new-view':
      return { replica: primaryOf(settings, body.view) };
    default:
      return { replica: body.replica };
  }
}

/** C: 2f + 1 different replicas say the same of one sequence number. At 0 there is nothing to prove. */
export function provesStable(proof: readonly Checkpoint[], seq: number, settings: PbftSettings): boolean {
  if (seq === 0) return proof.length === 0;
  const [first] = proof;
  return (
    first !== undefined &&
    seq % settings.checkpointEvery === 0 &&
    different(proof) >= quorum(settings) &&
    proof.every((checkpoint) => checkpoint.seq === seq && checkpoint.digest === first.digest)
  );
}

/** An element of P: a pre-prepare, and 2f prepares of different backups that match it. */
export function provesPrepared({ prePrepare, prepares }: Certificate, settings: PbftSettings): boolean {
  const { view, seq, digest } = prePrepare;
  const primary = primaryOf(settings, view);
  return (
    different(prepares) >= 2 * faulty(settings) &&
    prepares.every(
      (prepare) =>
        prepare.view === view && prepare.seq === seq && prepare.digest === digest && prepare.replica !== primary,
    )
  );
}

/** A view-change that proves all that it says. */
export function validViewChange(viewChange: ViewChange, settings: PbftSettings): boolean {
  const { view, stable, proof, prepared } = viewChange;
  if (view === 0 || !provesStable(proof, stable, settings)) return false;
  let before = stable;
  for (const certificate of prepared) {
    const { prePrepare } = certificate;
    // In order, so none twice; of a view before; and between the water marks of the sender.
    if (prePrepare.seq <= before || prePrepare.seq > stable + settings.logSize) return false;
    if (prePrepare.view >= view || !provesPrepared(certificate, settings)) return false;
    before = prePrepare.seq;
  }
  return true;
}

/** A new-view whose V is sound and whose O is what V leaves no choice about. */
export function validNewView(newView: NewView, settings: PbftSettings): boolean {
  const { view, viewChanges, prePrepares } = newView;
  if (view === 0 || different(viewChanges) < quorum(settings) || different(viewChanges) !== viewChanges.length)
    return false;
  if (!viewChanges.every((viewChange) => viewChange.view === view && validViewChange(viewChange, settings)))
    return false;
  const { orders } = ordersOf(viewChanges);
  return orders.length === prePrepares.length && orders.every((order, index) => same(order, prePrepares[index]));
}

function same(order: PrePrepare, prePrepare: PrePrepare | undefined): boolean {
  return (
    prePrepare !== undefined &&
    prePrepare.view === order.view &&
    prePrepare.seq === order.seq &&
    prePrepare.digest === order.digest
  );
}

/** What V leaves no choice about: where it begins (min-s) and a pre-prepare for each sequence number up to max-s. */
export interface Orders {
  /** The latest stable checkpoint in V, with its proof. */
  readonly minSeq: number;
  readonly proof: readonly Signed<Checkpoint>[];
  /** O without signatures, in order. A sequence number that nothing prepared at gets the null request. */
  readonly orders: readonly PrePrepare[];
}

/** O for a set V of view-changes for one view (section 4.4). */
export function ordersOf(viewChanges: readonly ViewChange[]): Orders {
  let minSeq = 0;
  let proof: readonly Signed<Checkpoint>[] = [];
  for (const viewChange of viewChanges)
    if (viewChange.stable > minSeq) {
      minSeq = viewChange.stable;
      proof = viewChange.proof;
    }
  const highest = new Map<number, PrePrepare>();
  let maxSeq = minSeq;
  for (const { prepared } of viewChanges)
    for (const { prePrepare } of prepared) {
      const { seq, view } = prePrepare;
      if (seq <= minSeq) continue;
      maxSeq = Math.max(maxSeq, seq);
      if (view >= (highest.get(seq)?.view ?? 0)) highest.set(seq, prePrepare);
    }
  const view = viewChanges[0]?.view ?? 0;
  const orders: PrePrepare[] = [];
  for (let seq = minSeq + 1; seq <= maxSeq; seq += 1)
    orders.push({ type: 'pre-prepare', view, seq, digest: highest.get(seq)?.digest ?? NULL_DIGEST });
  return { minSeq, proof, orders };
}

/** How many different replicas the messages are of. */
function different(messages: readonly { readonly replica: ReplicaId }[]): number {
  return new Set(messages.map(({ replica }) => replica)).size;
}
