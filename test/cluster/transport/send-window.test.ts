/** How unconfirmed bytes are counted, and when senders are asked to wait and told to go on. */
import t from 'tap';
import { SendWindow } from '#cluster/transport/send-window';

t.test('over the high-water mark senders wait until half of it is confirmed', async (t) => {
  const window = new SendWindow({ highWaterBytes: 800, limitBytes: 2_000 });
  t.equal(window.add(50), 'sent');
  t.notOk(window.beginRoundTrip(), 'a few bytes are not worth a round trip');
  t.equal(window.add(750), 'sent');
  t.ok(window.beginRoundTrip());
  t.notOk(window.beginRoundTrip(), 'one round trip at a time');
  t.equal(window.add(500), 'full');
  t.notOk(window.confirmed(), 'of 1300 bytes 800 are confirmed: 500 are more than half of the mark');
  t.ok(window.beginRoundTrip());
  t.ok(window.confirmed());
  t.equal(window.add(800), 'sent');
});

t.test('beyond the limit nothing is taken, but for one message that is alone', async (t) => {
  const window = new SendWindow({ highWaterBytes: 800, limitBytes: 2_000 });
  t.ok(window.admits(5_000));
  window.add(1_500);
  t.ok(window.admits(500));
  t.notOk(window.admits(501));
});

t.test('a lost connection takes its bytes with it; who waited goes on when the next one is there', async (t) => {
  const window = new SendWindow({ highWaterBytes: 800, limitBytes: 2_000 });
  window.add(1_000);
  window.beginRoundTrip();
  window.lost();
  t.ok(window.admits(2_000));
  t.ok(window.renewed());
  t.notOk(window.renewed(), 'told once');
  window.missed();
  t.ok(window.renewed());
});
