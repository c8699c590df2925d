/** Lies by what is said to whom and when: silence, half-silence, repetition, another's name, noise. */
import type { PbftMessage } from '#protocols/pbft/message';
import type { Liar, Trick } from './liar.js';

export const speechTricks: Readonly<Record<string, Trick>> = {
  /** As if it were dead. */
  silent: { send: (liar) => nothing(liar, 'silence') },
  /** Alive in everything but what only a primary can do. */
  'silent primary': {
    send: (liar, _, message) =>
      message.type === 'proposal' || message.type === 'new-view' ? nothing(liar, 'silent primary') : [message],
  },
  /** Helps batches to prepare, and never to commit. */
  'withhold commits': {
    send: (liar, _, message) => (message.type === 'commit' ? nothing(liar, 'commit withheld') : [message]),
  },
  /** Speaks to one half of the group. */
  'one side': {
    send: (liar, to, message) => (liar.lair.side(to) === 1 ? nothing(liar, 'one side only') : [message]),
  },
  /** Says again what anybody said before, of old views too. */
  replay: {
    act(liar) {
      const { overheard, random } = liar.lair;
      if (overheard.length === 0) return;
      liar.met('replay');
      for (let count = random.between(1, 4); count > 0; count -= 1) liar.tell(liar.anybody(), random.pick(overheard));
    },
  },
  /** Speaks in the name of another replica; its own signature is all it has. */
  forge: {
    send: (liar, _, message) => ('replica' in message ? [message, forged(liar, message)] : [message]),
  },
  /** Bytes that are nothing. */
  noise: {
    act(liar) {
      const { random } = liar.lair;
      liar.met('noise');
      liar.tell(
        liar.anybody(),
        Uint8Array.from({ length: random.between(0, 200) }, () => random.below(256)),
      );
    },
  },
  /** Votes for places far away and for every place near, questions, and claims of being ahead. */
  flood: { act: flood },
  /** Votes at once for what it hears proposed, and never again: quorums of the earliest moment. */
  'hasty votes': {
    hear(liar, message) {
      if (message.type !== 'proposal') return;
      const { view, seq, digest } = message.prePrepare;
      liar.met('hasty vote');
      liar.tellAll(liar.lair.sign(liar.id, { type: 'prepare', view, seq, digest, replica: liar.id }));
      liar.tellAll(liar.lair.sign(liar.id, { type: 'commit', view, seq, digest, replica: liar.id }));
    },
  },
  /**
   * Works with one side alone: hands it what is proposed, votes for it there at once and more than once, and to the others
   * not at all. With a quorum that is one too small, or with voters counted twice, that side commits what nobody else knows.
   */
  court: {
    send: (liar, to, message) =>
      message.type === 'prepare' || message.type === 'commit'
        ? liar.lair.side(to) === 1
          ? [message]
          : nothing(liar, 'one side courted')
        : [message],
    hear(liar, message) {
      if (message.type !== 'proposal') return;
      const { lair } = liar;
      const { view, seq, digest } = message.prePrepare;
      for (let to = 0; to < lair.settings.replicas; to += 1) {
        if (lair.side(to) === 0) continue;
        liar.tell(to, message);
        for (const replica of [...lair.liars, ...lair.liars]) {
          liar.tell(to, lair.sign(replica, { type: 'prepare', view, seq, digest, replica }));
          liar.tell(to, lair.sign(replica, { type: 'commit', view, seq, digest, replica }));
        }
      }
    },
  },
};

function nothing(liar: Liar, what: string): readonly PbftMessage[] {
  liar.met(what);
  return [];
}

function forged(liar: Liar, message: Extract<PbftMessage, { readonly replica: number }>): PbftMessage {
  liar.met('forged sender');
  const { random, settings } = liar.lair;
  const honest = Array.from({ length: settings.replicas }, (_, id) => id).filter((id) => !liar.lair.liars.includes(id));
  const body = message;
  const { signature } = liar.lair.sign(liar.id, { ...body, replica: liar.id });
  return { ...message, replica: random.pick(honest), signature };
}

function flood(liar: Liar): void {
  const { lair, node, id } = liar;
  const { random, settings } = lair;
  const { view, stable, executed } = node.state;
  liar.met('flood');
  for (let count = 0; count < 8; count += 1) {
    const far = random.chance(0.5) ? random.below(2 ** 30) : stable.seq + random.below(2 * settings.logSize);
    const digest = lair.wrongDigest();
    const vote = { view: random.chance(0.8) ? view : random.below(2 ** 30), seq: far, digest, replica: id };
    liar.tell(liar.anybody(), lair.sign(id, { ...vote, type: random.chance(0.5) ? 'prepare' : 'commit' }));
  }
  const ahead = executed + random.below(2 ** 20);
  const claims = { view: random.below(view + 2), active: random.chance(0.5), stable: ahead };
  const wants = { executed: random.below(executed + 1), slots: [], held: [], missing: [lair.wrongDigest()] };
  liar.tellAll(lair.sign(id, { type: 'status', replica: id, ...claims, ...wants }));
  liar.tellAll(lair.sign(id, { type: 'fetch', replica: id, executed: random.below(executed + 1) }));
}
