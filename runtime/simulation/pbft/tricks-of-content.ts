/** Lies by what a message says: other digests, two faces of one primary, invented requests, states and results. */
import { batchBytes } from '#protocols/pbft/encoding';
import type { PbftMessage, Proposal, Request, Signed } from '#protocols/pbft/message';
import { primaryOf, quorum, type ReplicaId } from '#protocols/pbft/settings';
import type { Face } from './lair.js';
import type { Liar, Trick } from './liar.js';
import { mutated } from './mutation.js';

export const bodyTricks: Readonly<Record<string, Trick>> = {
  /** As a primary it proposes one batch to one half of the group and another to the other; all liars vote for both. */
  equivocate: { send: equivocate },
  /** A digest that belongs to nothing. */
  'wrong digest': { send: (liar, _, message) => [withWrongDigest(liar, message)] },
  /** Proposes what no client signed. */
  invent: { send: (liar, _, message) => [message.type === 'proposal' ? invented(liar, message) : message] },
  /** Sends other batches and states than it was asked for. */
  'bad transfer': { send: (liar, _, message) => [badTransfer(liar, message)] },
  /** Tells clients other results. */
  'lie to clients': {
    reply(liar, body) {
      liar.met('false reply');
      // All liars tell the same, as loudly as they can.
      const said = liar.lair.sign(liar.id, { ...body, result: Uint8Array.from([1, 2, 3]) });
      // And now and then in the name of another, which the signature is not of.
      return liar.lair.random.chance(0.3) ? { ...said, replica: liar.anybody() } : said;
    },
  },
  /** Changes anything a little, and signs it anew where it can (Winter et al., "Randomized testing of BFT", 2023). */
  mutate: {
    send(liar, _, message) {
      liar.met('mutation');
      return [mutated(liar, message)];
    },
  },
  /** Checkpoints of states that there never were, and of sequence numbers long gone or not yet there. */
  'false checkpoints': {
    act(liar) {
      const { random, settings } = liar.lair;
      const { stable } = liar.node.state;
      const seq = Math.max(0, stable.seq + random.between(-2, 3) * settings.checkpointEvery);
      liar.met('false checkpoint');
      const digest = random.chance(0.3) ? stable.digest : liar.lair.wrongDigest();
      liar.tellAll(liar.lair.sign(liar.id, { type: 'checkpoint', seq, digest, replica: liar.id }));
    },
  },
};

function equivocate(liar: Liar, to: ReplicaId, message: PbftMessage): readonly PbftMessage[] {
  const { lair, id } = liar;
  if (message.type === 'proposal' && liarIsPrimary(liar, message.prePrepare.view)) {
    const { view, seq } = message.prePrepare;
    const { digest, batch } = facesOf(liar, message)[lair.side(to) === 0 ? 0 : 1];
    return [{ type: 'proposal', prePrepare: lair.sign(id, { type: 'pre-prepare', view, seq, digest }), batch }];
  }
  if ((message.type !== 'prepare' && message.type !== 'commit') || message.replica !== id) return [message];
  const faces = lair.faces.get(`${message.view}/${message.seq}`);
  if (faces === undefined) return [message];
  const body = message;
  return [lair.sign(id, { ...body, digest: faces[lair.side(to) === 0 ? 0 : 1].digest })];
}

function liarIsPrimary(liar: Liar, view: number): boolean {
  return primaryOf(liar.lair.settings, view) === liar.id;
}

/** What each half is told for the place of a proposal. */
function facesOf(liar: Liar, { prePrepare, batch }: Proposal): readonly [Face, Face] {
  const { lair } = liar;
  const place = `${prePrepare.view}/${prePrepare.seq}`;
  const known = lair.faces.get(place);
  if (known !== undefined) return known;
  liar.met('equivocation');
  const other = anotherBatch(liar, batch);
  const faces = [
    { digest: prePrepare.digest, batch },
    { digest: lair.digest(batchBytes(other)), batch: other },
  ] as const;
  lair.faces.set(place, faces);
  vouch(liar, prePrepare.view, prePrepare.seq, faces);
  return faces;
}

/** All liars prepare and commit to each half what it is told, the primary too, whose prepare is worth nothing. */
function vouch(liar: Liar, view: number, seq: number, faces: readonly [Face, Face]): void {
  const { lair } = liar;
  for (const replica of lair.liars)
    for (let to = 0; to < lair.settings.replicas; to += 1) {
      const { digest } = faces[lair.side(to) === 0 ? 0 : 1];
      const vote = { view, seq, digest, replica };
      liar.tell(to, lair.sign(replica, { ...vote, type: 'prepare' }));
      liar.tell(to, lair.sign(replica, { ...vote, type: 'commit' }));
    }
}

/** The same requests in another order, or one less, or one that was executed long ago: all of them authentic. */
function anotherBatch(liar: Liar, batch: readonly Signed<Request>[]): readonly Signed<Request>[] {
  const [first] = liar.lair.requests;
  if (batch.length > 1) return batch.toReversed();
  return first === undefined ? batch : [first, ...batch].slice(0, liar.lair.settings.maxBatch);
}

function withWrongDigest(liar: Liar, message: PbftMessage): PbftMessage {
  const { lair, id } = liar;
  switch (message.type) {
    case 'prepare':
    case 'commit':
    case 'checkpoint': {
      if (message.replica !== id) return message;
      liar.met('wrong digest');
      const body = message;
      return lair.sign(id, { ...body, digest: lair.wrongDigest() });
    }
    case 'proposal': {
      if (!liarIsPrimary(liar, message.prePrepare.view)) return message;
      liar.met('wrong digest');
      const body = message.prePrepare;
      return { ...message, prePrepare: lair.sign(id, { ...body, digest: lair.wrongDigest() }) };
    }
    default:
      return message;
  }
}

function invented(liar: Liar, message: Proposal): Proposal {
  const { lair, id } = liar;
  const [first] = message.batch;
  if (first === undefined || !liarIsPrimary(liar, message.prePrepare.view)) return message;
  liar.met('invented request');
  const request = { ...first, timestamp: first.timestamp + 1, operation: Uint8Array.from([9]) };
  const batch = [request, ...message.batch.slice(1)];
  const body = message.prePrepare;
  return { type: 'proposal', prePrepare: lair.sign(id, { ...body, digest: lair.digest(batchBytes(batch)) }), batch };
}

function badTransfer(liar: Liar, message: PbftMessage): PbftMessage {
  const { requests, random } = liar.lair;
  if (message.type === 'batch' && requests.length > 0) {
    liar.met('bad batch');
    return { type: 'batch', requests: [random.pick(requests)] };
  }
  if (message.type !== 'transfer') return message;
  liar.met('bad state');
  const [first, ...rest] = message.proof;
  if (first !== undefined && random.chance(0.3)) return { ...message, proof: [first, ...rest.map(() => first)] };
  const state = message.state.slice();
  if (state.length > 0) state[random.below(state.length)] = random.below(256);
  if (first === undefined || random.chance(0.5)) return { ...message, state };
  // With a proof that liars alone can make.
  const digest = liar.lair.digest(state);
  const { liars, settings } = liar.lair;
  const own = liars.map((replica) => liar.lair.sign(replica, { type: 'checkpoint', seq: first.seq, digest, replica }));
  return {
    ...message,
    state,
    proof: Array.from({ length: quorum(settings) }, (_, index) => own.slice(index % own.length)).flatMap((rest) =>
      rest.slice(0, 1),
    ),
  };
}
