/** The core of membership as scenarios: what goes in with its time, and what comes out. Time is a number. */
import fc from 'fast-check';
import t from 'tap';
import type { Heartbeat, Phase } from '#cluster/membership/beat';
import {
  initialHeartbeat,
  stepHeartbeat,
  type HeartbeatEffect,
  type HeartbeatInput,
  type HeartbeatState,
} from '#cluster/membership/heartbeat';
import { compareIncarnations } from '#cluster/membership/port';
import { memberOf } from './member.js';

const options = { timeoutMs: 2_000, joinMs: 300, instance: 'me' };

/** Runs the core of one node and keeps what it does, in words. */
class Node {
  state: HeartbeatState;
  readonly said: string[] = [];

  constructor(name: string, incarnation = 'k100', instance = 'me') {
    this.state = initialHeartbeat(memberOf(name, incarnation), { ...options, instance }, 0);
  }

  /** A node that has joined. */
  static alive(name: string, incarnation = 'k100', instance = 'me'): Node {
    const node = new Node(name, incarnation, instance);
    for (const nowMs of [0, 150, 300]) node.step({ type: 'tick', nowMs, load: 0 });
    return node;
  }

  /** Carries out an input; gives what it did this time, broadcasts left out. */
  step(input: HeartbeatInput): readonly string[] {
    const { state, effects } = stepHeartbeat(this.state, input);
    this.state = state;
    this.said.push(...effects.map(words));
    return effects.filter((effect) => effect.type !== 'broadcast').map(words);
  }

  tick(nowMs: number): readonly string[] {
    return this.step({ type: 'tick', nowMs, load: 0 });
  }

  hear(nowMs: number, beat: Heartbeat): readonly string[] {
    return this.step({ type: 'heartbeat', nowMs, beat });
  }

  /** Whether the last thing it did was to make itself heard. */
  answers(): boolean {
    return this.said.splice(0).at(-1)?.startsWith('broadcast') === true;
  }
}

function words(effect: HeartbeatEffect): string {
  switch (effect.type) {
    case 'broadcast':
      return `broadcast ${effect.beat.phase}`;
    case 'joined':
      return 'joined';
    case 'member-up':
      return `up ${effect.member.name}@${effect.member.incarnation}`;
    case 'member-down':
      return `down ${effect.member.name}@${effect.member.incarnation} ${effect.reason}`;
    case 'name-conflict':
      return `conflict with ${effect.other.incarnation}`;
  }
}

function beat(
  name: string,
  incarnation = 'k100',
  phase: Phase = 'alive',
  instance = `${name}-${incarnation}`,
): Heartbeat {
  return { phase, instance, member: memberOf(name, incarnation) };
}

t.test('a node asks for its name, and is a member when nobody objected for joinMs', async (t) => {
  const node = new Node('a');
  t.same(node.tick(0), []);
  t.same(node.tick(150), []);
  t.same(node.tick(300), ['joined']);
  t.same(node.said, ['broadcast joining', 'broadcast joining', 'broadcast alive', 'joined']);
});

t.test(
  'a member answers at once who joins, and whom it sees for the first time; whom it knows it does not',
  async (t) => {
    const node = Node.alive('a');
    node.said.splice(0);
    t.same(node.hear(310, beat('b', 'k100', 'joining')), [], 'who joins is no member yet');
    t.ok(node.answers());
    t.same(node.hear(320, beat('b')), ['up b@k100']);
    t.ok(node.answers());
    t.same(node.hear(330, beat('b')), []);
    t.notOk(node.answers());
  },
);

t.test('a silent member is down after the time-out, and up again when it is heard again', async (t) => {
  const node = Node.alive('a');
  node.hear(400, beat('b'));
  const heard: string[] = [];
  for (let nowMs = 700; nowMs <= 3_000; nowMs += 400) heard.push(...node.tick(nowMs).map((each) => `${nowMs} ${each}`));
  t.same(heard, ['2700 down b@k100 timeout']);
  t.same(node.hear(3_100, beat('b')), ['up b@k100']);
});

t.test('a member that says goodbye left, and its stragglers do not bring it back', async (t) => {
  const node = Node.alive('a');
  node.hear(400, beat('b'));
  t.same(node.hear(500, beat('b', 'k100', 'leaving')), ['down b@k100 left']);
  t.same(node.hear(510, beat('b')), []);
  t.same(node.hear(520, beat('b', 'k200')), ['up b@k200'], 'its next life is someone else');
});

t.test('a goodbye of someone unknown is nothing', async (t) => {
  t.same(Node.alive('a').hear(400, beat('b', 'k100', 'leaving')), []);
});

t.test('a later life of the same name replaces the earlier one, which is ignored from then on', async (t) => {
  const node = Node.alive('a');
  node.hear(400, beat('b', 'k100'));
  t.same(node.hear(500, beat('b', 'k200')), ['down b@k100 replaced', 'up b@k200']);
  t.same(node.hear(600, beat('b', 'k100')), []);
  t.same(node.hear(600, beat('b', 'k100', 'leaving')), [], 'nor can it take the later one away');
  t.same(
    [...node.state.peers.values()].map((peer) => peer.member.incarnation),
    ['k200'],
  );
});

t.test('incarnations compare as numbers in base 36', async (t) => {
  t.ok(compareIncarnations('zz', '100') < 0);
  t.ok(compareIncarnations('k9', 'ka') < 0);
  t.ok(compareIncarnations('kb', 'ka') > 0);
  t.equal(compareIncarnations('k1', 'k1'), 0);
});

t.test(
  'two nodes of one name: the later learns of the conflict at the first heartbeat, the earlier makes itself heard',
  async (t) => {
    for (const phase of ['joining', 'alive'] as const) {
      const earlier = Node.alive('a', 'k100');
      const later = new Node('a', 'k200', 'other');
      later.tick(400);
      t.same(earlier.hear(400, beat('a', 'k200', 'joining', 'other')), []);
      t.ok(earlier.answers(), 'so that the later one hears of it at once');
      t.same(later.hear(401, beat('a', 'k100', phase, 'me')), ['conflict with k100']);
    }
  },
);

t.test('two nodes of one name and one millisecond: exactly one of them stays', async (t) => {
  const [left, right] = [Node.alive('a', 'k100', 'one'), Node.alive('a', 'k100', 'two')];
  t.same(left.hear(400, beat('a', 'k100', 'alive', 'two')), []);
  t.same(right.hear(400, beat('a', 'k100', 'alive', 'one')), ['conflict with k100']);
});

t.test('a node does not mistake its own echo for another of its name', async (t) => {
  const node = Node.alive('a');
  node.said.splice(0);
  t.same(node.hear(400, beat('a', 'k100', 'alive', 'me')), []);
  t.same(node.said, []);
});

t.test('cut off from the transport nobody is suspected, and after the return all have a full time-out', async (t) => {
  const node = Node.alive('a');
  node.hear(400, beat('b'));
  t.same(node.step({ type: 'connection', nowMs: 500, connected: false }), []);
  node.said.splice(0);
  for (let nowMs = 900; nowMs <= 60_000; nowMs += 400) t.same(node.tick(nowMs), []);
  t.same(node.said, [], 'nor does it speak to nobody');
  t.same(node.step({ type: 'connection', nowMs: 60_100, connected: true }), []);
  t.ok(node.answers(), 'it makes itself heard at once');
  const heard: string[] = [];
  for (let nowMs = 60_500; nowMs <= 62_500; nowMs += 400)
    heard.push(...node.tick(nowMs).map((each) => `${nowMs} ${each}`));
  t.same(heard, ['62100 down b@k100 timeout']);
});

t.test('a node that was cut off while joining listens for the full time again', async (t) => {
  const node = new Node('a');
  node.tick(0);
  node.step({ type: 'connection', nowMs: 100, connected: false });
  t.same(node.tick(1_000), []);
  node.step({ type: 'connection', nowMs: 1_100, connected: true });
  t.same(node.tick(1_250), []);
  t.same(node.tick(1_400), ['joined']);
});

t.test('a node that stalls while joining does not take unread objections for none', async (t) => {
  const node = new Node('a');
  node.tick(0);
  t.same(node.tick(4_000), []);
  t.same(node.tick(4_150), ['joined']);
});

t.test('after a stall of our own, nobody is blamed for what we did not read', async (t) => {
  const node = Node.alive('a');
  node.hear(400, beat('b'));
  node.tick(700);
  t.same(node.tick(5_000), [], 'the tick came 4.3 s late');
  t.same(node.tick(5_400), []);
  const heard: string[] = [];
  for (let nowMs = 5_800; nowMs <= 7_400; nowMs += 400)
    heard.push(...node.tick(nowMs).map((each) => `${nowMs} ${each}`));
  t.same(heard, ['7000 down b@k100 timeout']);
});

t.test('a node that leaves says so once and takes no more part', async (t) => {
  const node = Node.alive('a');
  node.hear(400, beat('b'));
  node.said.splice(0);
  node.step({ type: 'leave', nowMs: 500 });
  node.step({ type: 'leave', nowMs: 501 });
  node.tick(10_000);
  node.hear(10_001, beat('c', 'k100', 'joining'));
  node.step({ type: 'connection', nowMs: 10_002, connected: false });
  node.step({ type: 'connection', nowMs: 10_003, connected: true });
  t.same(node.said, ['broadcast leaving']);
});

t.test('what a heartbeat says of its node replaces what was known, without a change of members', async (t) => {
  const node = Node.alive('a');
  node.hear(400, beat('b'));
  t.same(node.hear(500, { ...beat('b'), member: { ...memberOf('b'), load: 0.7 } }), []);
  t.equal(node.state.peers.get('b')?.member.load, 0.7);
});

t.test(
  'whatever the jitter: who is heard within the time-out is never down, who falls silent is down in time, once',
  async (t) => {
    const scenario = fc.record({
      gaps: fc.array(fc.integer({ min: 1, max: 1_599 }), { minLength: 1, maxLength: 60 }),
      ticks: fc.array(fc.integer({ min: 100, max: 400 }), { minLength: 300, maxLength: 300 }),
    });
    fc.assert(
      fc.property(scenario, ({ gaps, ticks }) => {
        const node = Node.alive('a');
        const beats = times(400, gaps);
        const lastBeatMs = beats.at(-1) ?? 0;
        const endMs = lastBeatMs + 2_000 + 400;
        const downs: number[] = [];
        let next = 0;
        for (const nowMs of times(300, ticks).filter((ms) => ms <= endMs)) {
          for (; (beats[next] ?? Infinity) <= nowMs; next += 1) node.hear(beats[next] ?? 0, beat('b'));
          if (node.tick(nowMs).some((each) => each.startsWith('down'))) downs.push(nowMs);
        }
        const covered = 300 + ticks.reduce((sum, each) => sum + each, 0) >= endMs;
        return downs.every((ms) => ms >= lastBeatMs + 2_000) && downs.length <= 1 && (!covered || downs.length === 1);
      }),
      { numRuns: 300 },
    );
    t.pass('300 runs');
  },
);

/** Times that begin at `startMs` and are apart by the gaps. */
function times(startMs: number, gaps: readonly number[]): readonly number[] {
  let nowMs = startMs;
  return gaps.map((gap) => (nowMs += gap));
}
