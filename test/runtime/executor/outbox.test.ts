/** Outboxes and routes: bounds, order and back-pressure on the way to another executor. */
import { formatAddress } from '#protocols/wire/address';
import type { Envelope } from '#protocols/wire/envelope';
import { SkepError } from '#protocols/wire/error';
import { decodeFrame } from '#runtime/codec/frame';
import { type FrameLink, Outbox } from '#runtime/executor/outbox';
import { Routes } from '#runtime/executor/routes';
import { VirtualClock } from '#runtime/testing/virtual-clock';
import t from 'tap';

const to = formatAddress({ node: 'a', incarnation: 'i', executor: 1, serial: 16 });
const cast = (message: unknown): Envelope => ({ kind: 'cast', to, from: to, name: 'n', message });
const stop: Envelope = {
  kind: 'signal',
  to,
  from: to,
  signal: { type: 'stop', reason: { class: 'shutdown', message: '' } },
};

/** A link that keeps what it was given. */
function recorder(
  answer: () => boolean = () => true,
): FrameLink & { readonly frames: Uint8Array[]; received(): unknown[] } {
  const frames: Uint8Array[] = [];
  return {
    frames,
    maxFrameBytes: 200,
    send: (frame) => (frames.push(frame), answer()),
    received: () =>
      frames.flatMap((frame) =>
        decodeFrame(frame).map((envelope) => ('message' in envelope ? envelope.message : envelope.kind)),
      ),
  };
}

t.test('many messages leave in order, split into frames of at most the size of the link', async (t) => {
  const link = recorder();
  const outbox = new Outbox(link, () => t.fail('nothing is refused'));
  const sent = Array.from({ length: 600 }, (_, n) => n);
  for (const n of sent) outbox.push(cast(n));
  outbox.flush();
  t.same(link.received(), sent);
  t.ok(link.frames.every((frame) => frame.length <= 200));
});

t.test(
  'what a long turn sends leaves before it ends, and what it does to a message afterwards is not seen',
  async (t) => {
    const link = { ...recorder(), maxFrameBytes: 1_000_000 };
    const outbox = new Outbox(link, () => t.fail('nothing is refused'));
    const message = { n: 0 };
    for (; message.n < 600; message.n += 1) outbox.push(cast(message));
    t.equal(link.frames.length, 2, 'two frames of 256 are on their way');
    outbox.flush();
    t.equal(link.frames.length, 3);
    t.same(
      link.received(),
      Array.from({ length: 600 }, (_, n) => ({ n })),
    );
  },
);

t.test('a message that is no plain data is handed back, and its neighbours go in order', async (t) => {
  const link = recorder();
  const refused: unknown[] = [];
  const outbox = new Outbox(link, (envelope) => refused.push('message' in envelope && typeof envelope.message));
  for (const message of [1, () => {}, 2]) outbox.push(cast(message));
  outbox.flush();
  t.same(link.received(), [1, 2]);
  t.same(refused, ['function']);
});

t.test('a link that throws refuses that message alone, with its error', async (t) => {
  const link = recorder();
  const tooLarge = new SkepError('FRAME_TOO_LARGE', 'too large');
  const picky: FrameLink = {
    maxFrameBytes: 1_000,
    send: (frame) => {
      if (frame.length > 500) throw tooLarge;
      return link.send(frame);
    },
  };
  const refused: unknown[] = [];
  const outbox = new Outbox(picky, (_envelope, cause) => refused.push(cause));
  for (const message of ['a', 'x'.repeat(2_000), 'b']) outbox.push(cast(message));
  outbox.flush();
  t.same(link.received(), ['a', 'b']);
  t.same(refused, [tooLarge]);
});

t.test('a backlog over the high-water mark makes push false; drained waits for the flush', async (t) => {
  const clock = new VirtualClock();
  const routes = new Routes(
    'a',
    () => {},
    () => {},
  );
  routes.connect(1, { maxFrameBytes: 1_000_000, send: () => true });
  let accepted = 0;
  while (routes.push('a', 1, cast(accepted)) === true) accepted += 1;
  t.equal(accepted, 4_096);
  let drained = false;
  const waiting = routes.drained('a', 1, clock).then(() => {
    drained = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  t.notOk(drained);
  routes.flush();
  await waiting;
  t.equal(routes.push('a', 1, cast('again')), true);
});

t.test('a congested link pauses its senders, and asks it before they go on', async (t) => {
  const clock = new VirtualClock();
  let congested = true;
  const routes = new Routes(
    'a',
    () => {},
    () => {},
  );
  routes.connect(1, { maxFrameBytes: 1_000, send: () => !congested, congested: () => congested });
  routes.push('a', 1, cast(1));
  routes.flush();
  t.equal(routes.push('a', 1, cast(2)), false);
  let drained = false;
  const waiting = routes.drained('a', 1, clock).then(() => {
    drained = true;
  });
  clock.advance(10);
  await new Promise((resolve) => setImmediate(resolve));
  t.notOk(drained, 'still congested after a pause');
  congested = false;
  clock.advance(10);
  await waiting;
  t.equal(clock.pending, 0);
});

t.test('mail for an executor that is not there yet waits within bounds; signals have more room', async (t) => {
  const link = recorder();
  const routes = new Routes(
    'a',
    () => {},
    () => {},
  );
  let kept = 0;
  while (routes.push('a', 1, cast(kept)) !== undefined) kept += 1;
  t.equal(kept, 4_096);
  t.not(routes.push('a', 1, stop), undefined);
  routes.connect(1, link);
  routes.flush();
  const received = link.received();
  t.same(received.slice(0, 3), [0, 1, 2]);
  t.equal(received.length, 4_097);
  t.equal(received.at(-1), 'signal');
});

t.test('what waits for an executor that dies is handed back as lost, and nothing is left waiting for it', async (t) => {
  const lost: unknown[] = [];
  const routes = new Routes(
    'a',
    () => {},
    (envelope) => lost.push('message' in envelope && envelope.message),
  );
  for (const n of [1, 2]) routes.push('a', 1, cast(n));
  routes.disconnect(1);
  t.same(lost, [1, 2]);
  await routes.drained('a', 1, new VirtualClock());
});

t.test('what a turn has sent to an executor that dies before the turn ends is handed back as lost', async (t) => {
  const link = recorder();
  const lost: unknown[] = [];
  const routes = new Routes(
    'a',
    () => {},
    (envelope) => lost.push('message' in envelope && envelope.message),
  );
  routes.connect(1, link);
  for (const n of [1, 2]) routes.push('a', 1, cast(n));
  routes.disconnect(1);
  routes.flush();
  t.same(lost, [1, 2]);
  t.same(link.received(), []);
});

t.test('answers to countless senders that do not exist do not fill the table of routes', async (t) => {
  const routes = new Routes(
    'a',
    () => {},
    () => {},
  );
  let links = 0;
  routes.setRemote(() => {
    links += 1;
    return { maxFrameBytes: 1_000, send: () => true };
  });
  for (let n = 0; n < 10_000; n += 1) {
    routes.push(`node-${n}`, 0, cast(n));
    routes.flush();
  }
  t.equal(links, 10_000);
  // The first ones were swept away; a later message makes their link anew.
  routes.push('node-0', 0, cast(1));
  t.equal(links, 10_001);
});

t.test('a node without a route gets nothing', async (t) => {
  const routes = new Routes(
    'a',
    () => {},
    () => {},
  );
  t.equal(routes.push('b', 0, cast(1)), undefined);
});
