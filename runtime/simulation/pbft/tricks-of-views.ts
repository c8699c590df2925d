/** Lies about views: what prepared is hidden or made up, views are asked for without a reason, new-views are bent. */
import { ordersOf } from '#protocols/pbft/evidence';
import type { Certificate, NewView, PbftMessage, PrePrepare, Signed, ViewChange } from '#protocols/pbft/message';
import { faulty, primaryOf, quorum } from '#protocols/pbft/settings';
import type { Liar, Trick } from './liar.js';

export const viewTricks: Readonly<Record<string, Trick>> = {
  /** Asks for a view as if nothing had prepared: nobody can prove the contrary. */
  'hide prepared': {
    send: (liar, _, message) => [own(liar, message) ? hidden(liar, message) : message],
  },
  /** Asks for a view as if it had never seen a checkpoint. */
  'stale checkpoint': {
    send(liar, _, message) {
      if (!own(liar, message)) return [message];
      liar.met('stale checkpoint in a view-change');
      const body = message;
      return [liar.lair.sign(liar.id, { ...body, stable: 0, proof: [], prepared: [] })];
    },
  },
  /** Asks for a view with proofs that are none. */
  'false certificates': {
    send: (liar, _, message) => [own(liar, message) ? withFalseCertificate(liar, message) : message],
  },
  /** Wants another view all the time. */
  'view-change spam': {
    act(liar) {
      const { random } = liar.lair;
      const { view, stable } = liar.node.state;
      liar.met('view-change without a reason');
      const wanted = { view: view + random.between(1, 4), stable: stable.seq, proof: stable.proof };
      liar.tellAll(liar.lair.sign(liar.id, { ...wanted, type: 'view-change', prepared: [], replica: liar.id }));
    },
  },
  /** Opens its view with orders that do not follow from its proofs, or with too few of them. */
  'bad new-view': {
    send: (liar, _, message) => [message.type === 'new-view' && ours(liar, message) ? bent(liar, message) : message],
  },
  /** Opens its view in two ways, both sound: to one half with its own prepared batches, to the other without. */
  'two new-views': {
    send(liar, to, message) {
      if (message.type !== 'new-view' || !ours(liar, message) || liar.lair.side(to) === 0) return [message];
      liar.met('two new-views');
      const viewChanges = message.viewChanges.map((one) =>
        liar.lair.liars.includes(one.replica) ? hidden(liar, one) : one,
      );
      return [newView(liar, message, viewChanges, ordersOf(viewChanges).orders)];
    },
  },
};

function own(liar: Liar, message: PbftMessage): message is Signed<ViewChange> {
  return message.type === 'view-change' && message.replica === liar.id;
}

function ours(liar: Liar, { view }: NewView): boolean {
  return primaryOf(liar.lair.settings, view) === liar.id;
}

/** A view-change of any of the liars without what prepared. */
function hidden(liar: Liar, body: Signed<ViewChange>): Signed<ViewChange> {
  if (body.prepared.length > 0) liar.met('prepared batches hidden');
  return liar.lair.sign(body.replica, { ...body, prepared: [] });
}

function withFalseCertificate(liar: Liar, body: Signed<ViewChange>): Signed<ViewChange> {
  liar.met('false certificate');
  const { lair, id } = liar;
  const { checkpointEvery } = lair.settings;
  if (lair.random.chance(0.3)) {
    // A checkpoint that one replica vouches for as often as there have to be voters.
    const seq = body.stable + checkpointEvery;
    const vote = lair.sign(id, { type: 'checkpoint', seq, digest: lair.wrongDigest(), replica: id });
    const proof = Array.from({ length: quorum(lair.settings) }, () => vote);
    return lair.sign(id, { ...body, stable: seq, proof, prepared: [] });
  }
  return lair.sign(id, { ...body, prepared: [...body.prepared, falseCertificate(liar, body)].slice(-1) });
}

/** A digest that nobody prepared, with as many signatures as liars can get together. */
function falseCertificate(liar: Liar, { view, stable, prepared }: ViewChange): Certificate {
  const { lair } = liar;
  const known = prepared.at(-1);
  // One vote as many times as votes are needed.
  if (known !== undefined && lair.random.chance(0.5)) {
    const [vote] = known.prepares;
    return { ...known, prepares: vote === undefined ? [] : known.prepares.map(() => vote) };
  }
  // Of a view in which a liar was the primary, if there was one, so that at least the pre-prepare is good.
  const views = Array.from({ length: Math.min(view, lair.settings.replicas) }, (_, back) => view - 1 - back);
  const of = views.find((one) => lair.liars.includes(primaryOf(lair.settings, one))) ?? view - 1;
  const seq = stable + lair.random.between(1, 3);
  const digest = lair.wrongDigest();
  const prePrepare = lair.sign(liar.id, { type: 'pre-prepare', view: of, seq, digest });
  const voters = lair.liars.filter((replica) => replica !== primaryOf(lair.settings, of));
  // In the names of others, with signatures that are none of theirs.
  if (lair.random.chance(0.3)) {
    const others = Array.from({ length: lair.settings.replicas }, (_, replica) => replica);
    const backups = others.filter((replica) => replica !== primaryOf(lair.settings, of));
    const vote = { view: of, seq, digest, type: 'prepare' } as const;
    const { signature } = lair.sign(liar.id, { ...vote, replica: liar.id });
    const prepares = backups.slice(0, 2 * faulty(lair.settings)).map((replica) => ({ ...vote, replica, signature }));
    return { prePrepare, prepares };
  }
  // Where the only liar was the primary it votes for itself.
  const votes = (voters.length > 0 ? voters : [liar.id]).map((replica) =>
    lair.sign(replica, { type: 'prepare', view: of, seq, digest, replica }),
  );
  const needed = 2 * faulty(lair.settings);
  return {
    prePrepare,
    prepares: Array.from({ length: needed }, (_, index) =>
      votes.slice(index % votes.length, (index % votes.length) + 1),
    ).flat(),
  };
}

function bent(liar: Liar, message: Signed<NewView>): PbftMessage {
  const { random } = liar.lair;
  liar.met('bad new-view');
  const { viewChanges } = message;
  const orders: readonly PrePrepare[] = message.prePrepares;
  const last = orders.at(-1);
  switch (random.below(6)) {
    case 0:
      return newView(liar, message, viewChanges, orders.slice(0, -1));
    case 1: {
      const digest = liar.lair.wrongDigest();
      const more = {
        type: 'pre-prepare',
        view: message.view,
        seq: (last?.seq ?? liar.node.state.stable.seq) + 1,
        digest,
      } as const;
      return newView(liar, message, viewChanges, [...orders, more]);
    }
    case 2: {
      // What prepared becomes the null request.
      return newView(
        liar,
        message,
        viewChanges,
        orders.map((order) => ({ ...order, digest: 'null' })),
      );
    }
    case 3: {
      const [first] = viewChanges;
      return newView(liar, message, first === undefined ? [] : viewChanges.map(() => first), orders);
    }
    case 4: {
      // All in order, but for what its own view-change proves.
      const set = viewChanges.map((one) => (one.replica === liar.id ? withFalseCertificate(liar, one) : one));
      return newView(liar, message, set, ordersOf(set).orders);
    }
    default:
      return newView(liar, message, viewChanges.slice(1), ordersOf(viewChanges.slice(1)).orders);
  }
}

function newView(
  liar: Liar,
  { view }: NewView,
  viewChanges: readonly Signed<ViewChange>[],
  orders: readonly PrePrepare[],
): Signed<NewView> {
  const prePrepares = orders.map((order) => liar.lair.sign(liar.id, order));
  return liar.lair.sign(liar.id, { type: 'new-view', view, viewChanges, prePrepares });
}
