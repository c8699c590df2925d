/** The numbers of a quorum store: what they promise, and what is refused. */
import { consistencyOf, quorumSettings } from '#protocols/quorum/settings';
import t from 'tap';

t.test('R+W>N is asked for, and less is taken only where it is meant', (t) => {
  t.match(quorumSettings(), { n: 3, r: 2, w: 2, sloppy: false });
  t.throws(() => quorumSettings({ r: 1, w: 2 }), { code: 'BAD_CONFIG', message: /r \+ w is 3: expected more than n/ });
  t.throws(() => quorumSettings({ r: 4 }), { code: 'BAD_CONFIG', message: /neither above n/ });
  t.throws(() => quorumSettings({ w: 0 }), { code: 'BAD_CONFIG', message: /w is 0/ });
  t.throws(() => quorumSettings({ graceTicks: 0.5 }), { code: 'BAD_CONFIG', message: /graceTicks is 0.5/ });
  t.throws(() => quorumSettings({ fallbackTicks: 20 }), { code: 'BAD_CONFIG', message: /fallbackTicks/ });
  t.equal(quorumSettings({ r: 1, w: 1, weak: true }).w, 1);
  t.end();
});

t.test('sloppy quorum labelled non-linearizable, and so is R+W<=N', (t) => {
  t.equal(consistencyOf(quorumSettings()), 'regular');
  t.equal(consistencyOf(quorumSettings({ sloppy: true })), 'eventual');
  t.equal(consistencyOf(quorumSettings({ r: 1, w: 2, weak: true })), 'eventual');
  t.equal(consistencyOf(quorumSettings({ n: 5, r: 1, w: 5 })), 'regular');
  t.end();
});
