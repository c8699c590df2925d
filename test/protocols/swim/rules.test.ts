/** Which message about a member overrides what is known of it: the table in alive.ts, row by row, and by fast-check. */
import { lan } from '#protocols/swim/settings';
import fc from 'fast-check';
import t from 'tap';
import { alive, dead, Group, suspect } from './group.js';

/** A node that knows `m` in incarnation 5, in some status. */
function knowing(status: 'alive' | 'suspect' | 'dead' | 'left'): Group {
  const group = new Group();
  group.start('n1');
  group.receive('@n1', alive('m', 5));
  if (status === 'suspect') group.receive('@n1', suspect('m', 5, 'n9'));
  if (status === 'dead') group.receive('@n1', dead('m', 5, 'n9'));
  if (status === 'left') group.receive('@n1', dead('m', 5, 'm'));
  group.forget();
  return group;
}

const statuses = ['alive', 'suspect', 'dead', 'left'] as const;

t.test('every message about every status: what overrides what', (t) => {
  // Message, then the view and the event of a node that knows the member as alive, suspect, dead and left, each in 5.
  const table = [
    ['alive 4', 'alive 5', 'suspect 5', 'dead 5', 'left 5'],
    ['alive 5', 'alive 5', 'suspect 5', 'dead 5', 'left 5'],
    ['alive 6', 'alive 6', 'alive 6 > alive m 6', 'alive 6 > join m 6', 'alive 6 > join m 6'],
    ['suspect 4', 'alive 5', 'suspect 5', 'dead 5', 'left 5'],
    ['suspect 5', 'suspect 5 > suspect m 5', 'suspect 5', 'dead 5', 'left 5'],
    ['suspect 6', 'suspect 6 > suspect m 6', 'suspect 5', 'dead 5', 'left 5'],
    ['dead 4', 'alive 5', 'suspect 5', 'dead 5', 'left 5'],
    ['dead 5', 'dead 5 > failed m 5', 'dead 5 > failed m 5', 'dead 5', 'left 5'],
    ['dead 6', 'dead 6 > failed m 6', 'dead 6 > failed m 6', 'dead 5', 'left 5'],
    ['left 4', 'alive 5', 'suspect 5', 'dead 5', 'left 5'],
    ['left 5', 'left 5 > left m 5', 'left 5 > left m 5', 'left 5', 'left 5'],
    ['left 6', 'left 6 > left m 6', 'left 6 > left m 6', 'left 5', 'left 5'],
  ] as const;
  for (const [message, ...wanted] of table) {
    const [type = '', number = ''] = message.split(' ');
    const incarnation = Number(number);
    const sent =
      type === 'alive'
        ? alive('m', incarnation)
        : type === 'suspect'
          ? suspect('m', incarnation, 'n8')
          : dead('m', incarnation, type === 'left' ? 'm' : 'n8');
    const seen = statuses.map((status) => {
      const group = knowing(status);
      group.receive('@n1', sent);
      return [group.view('@n1', 'm'), ...group.events('@n1')].join(' > ');
    });
    t.same(seen, wanted, message);
  }
  t.end();
});

t.test('old-incarnation alive/suspect/dead ignored: what is ignored is not told on either', (t) => {
  for (const status of statuses) {
    const group = knowing(status);
    group.node('@n1').state.queue.byMember.clear();
    group.receive('@n1', alive('m', 4), suspect('m', 4, 'n8'), dead('m', 4, 'n8'), dead('m', 4, 'm'));
    t.equal(group.node('@n1').state.queue.byMember.size, 0, status);
    t.same(group.events('@n1'), []);
  }
  t.end();
});

t.test('dead→alive replay ignored: a late alive of before the death brings nobody back', (t) => {
  const group = knowing('dead');
  group.receive('@n1', alive('m', 5));
  group.run(60_000);
  group.receive('@n1', alive('m', 5), alive('m', 1));
  t.equal(group.view('@n1', 'm'), 'dead 5');
  t.end();
});

t.test('two lives of a node in one incarnation: whoever sees both tells the node, and it goes beyond', (t) => {
  const group = new Group();
  group.together('n1', 'n2', 'n3');
  const { incarnation, metadata } = group.node('@n1').state.members.get('n1') ?? {
    incarnation: 0,
    metadata: { life: 0 },
  };
  // n3 still believes a life of n1 before this one, and by chance of the same incarnation.
  const old = { life: metadata.life + 100, base: 0, version: 0, entries: [] };
  const believed = group.node('@n3').state.members.get('n1');
  if (believed !== undefined) believed.metadata.life = old.life;
  group.receive('@n2', { type: 'alive', node: 'n1', address: '@n1', incarnation, metadata: old });
  group.run(2_000);
  for (const address of ['@n1', '@n2', '@n3']) {
    t.equal(group.view(address, 'n1'), `alive ${incarnation + 1}`);
    t.equal(
      group.node(address).state.members.get('n1')?.metadata.life,
      metadata.life,
      `${address} knows which life it is`,
    );
  }
  t.equal(group.node('@n2').state.counts.twoLives, 1, 'and is not asked again');
  t.end();
});

t.test('whoever was never heard of is only believed to be alive', (t) => {
  const group = new Group();
  group.start('n1');
  group.receive('@n1', suspect('m', 5, 'n8'), dead('m', 5, 'n8'), dead('m', 5, 'm'));
  t.equal(group.view('@n1', 'm'), '-');
  group.receive('@n1', alive('m', 2));
  t.same(group.events('@n1'), ['join m 2']);
  t.end();
});

t.test('refute by incarnation bump: above what it is accused of, and everybody hears of it', (t) => {
  const group = new Group();
  group.together('n1', 'n2', 'n3');
  const n1 = group.node('@n1').state;
  for (const [accusation, answer] of [
    [suspect('n1', 1, 'n2'), 2],
    [dead('n1', 7, 'n2'), 8],
    [dead('n1', 8, 'n1'), 9],
    [suspect('n1', 3, 'n2'), 9],
  ] as const) {
    group.receive('@n1', accusation);
    t.equal(group.view('@n1', 'n1'), `alive ${answer}`);
  }
  t.equal(n1.awareness, 3, 'each refutation makes it doubt itself');
  group.run(1_000);
  t.equal(group.view('@n2', 'n1'), 'alive 9');
  t.equal(group.view('@n3', 'n1'), 'alive 9');
  t.end();
});

t.test('graceful leave ≠ dead: others see it leave, no probe follows, and it may come back at once', (t) => {
  const group = new Group();
  group.together('n1', 'n2', 'n3', 'n4');
  group.step('@n4', { type: 'leave' });
  group.runUntil(() => group.node('@n4').effects.some(({ type }) => type === 'left'), 5_000);
  group.kill('@n4');
  group.run(30_000);
  for (const address of ['@n1', '@n2', '@n3']) t.same(group.events(address), ['left n4 1']);
  const n4 = group.start('n4', { address: '@elsewhere' });
  group.step('@elsewhere', { type: 'join', seeds: ['@n1'] });
  group.run(2_000);
  t.equal(n4.live, 4);
  for (const address of ['@n1', '@n2', '@n3']) {
    t.match(group.events(address)[1], /^join n4 /);
    t.equal(group.node(address).state.members.get('n4')?.address, '@elsewhere', 'its name was free');
    t.notOk(group.events(address).some((event) => event.startsWith('failed')));
  }
  t.end();
});

t.test('graceful leave: a node without anybody to tell has left at once, and one that nobody hears in time', (t) => {
  const group = new Group();
  group.start('n1');
  t.ok(group.step('@n1', { type: 'leave' }).some(({ type }) => type === 'left'));
  const parted = new Group({ gossipIntervalMs: 1_000_000 });
  parted.start('n1');
  parted.receive('@n1', alive('n2', 1));
  t.notOk(parted.step('@n1', { type: 'leave' }).some(({ type }) => type === 'left'));
  parted.run(lan.leaveTimeoutMs);
  t.ok(parted.node('@n1').effects.some(({ type }) => type === 'left'));
  t.end();
});

t.test('graceful leave ≠ dead: who missed it and declared a death learns better, and does not knock', (t) => {
  const group = knowing('dead');
  group.receive('@n1', dead('m', 5, 'm'));
  t.equal(group.view('@n1', 'm'), 'left 5');
  t.same(group.events('@n1'), []);
  group.run(120_000);
  t.notOk(group.sent.some(({ to }) => to === '@m'));
  t.end();
});

t.test('address conflict reported: the name stays where it is', (t) => {
  for (const status of ['alive', 'suspect', 'dead'] as const) {
    const group = knowing(status);
    group.receive('@n1', alive('m', 9, { address: '@thief' }));
    t.same(group.events('@n1'), ['conflict m @m @thief']);
    t.equal(group.view('@n1', 'm'), `${status} 5`);
  }
  const group = new Group();
  group.start('n1');
  group.receive('@n1', alive('n1', 9, { address: '@thief' }));
  t.same(group.events('@n1'), ['conflict n1 @n1 @thief'], 'the owner hears of it, too');
  t.equal(group.view('@n1', 'n1'), 'alive 1');
  t.end();
});

t.test(
  'address conflict: the name of a member that failed is free after a while, that of one that left at once',
  (t) => {
    const group = knowing('dead');
    group.run(lan.deadNodeReclaimMs);
    group.receive('@n1', alive('m', 1, { address: '@new' }));
    t.same(group.events('@n1'), ['conflict m @m @new'], 'not yet');
    group.run(50);
    group.receive('@n1', alive('m', 1, { address: '@new' }));
    t.equal(group.view('@n1', 'm'), 'alive 1', 'though its incarnation is lower');
    const left = knowing('left');
    left.receive('@n1', alive('m', 1, { address: '@new' }));
    t.same(left.events('@n1'), ['join m 1']);
    const never = new Group({ deadNodeReclaimMs: 0 });
    never.start('n1');
    never.receive('@n1', alive('m', 5), dead('m', 5, 'n9'));
    never.run(600_000, ['@n1'], 500);
    never.receive('@n1', alive('m', 6, { address: '@new' }));
    t.equal(never.view('@n1', 'm'), 'dead 5');
    t.end();
  },
);

t.test('rejoin after death: a node that starts again goes beyond the life before', (t) => {
  const group = new Group();
  group.together('n1', 'n2', 'n3');
  group.receive('@n3', suspect('n3', 6, 'n1'));
  group.run(1_000);
  group.kill('@n3');
  group.runUntil(() => group.view('@n1', 'n3') === 'dead 7' && group.view('@n2', 'n3') === 'dead 7', 60_000);
  group.forget();
  group.start('n3');
  group.step('@n3', { type: 'join', seeds: ['@n1'] });
  group.run(1_000);
  t.equal(group.view('@n3', 'n3'), 'alive 8');
  t.same(group.events('@n1'), ['join n3 8']);
  t.same(group.events('@n2'), ['join n3 8']);
  t.end();
});

t.test(
  'rejoin before its death was noticed: another life with other metadata is believed after it has refuted',
  (t) => {
    const group = new Group();
    group.together('n1', 'n2', 'n3');
    group.kill('@n3');
    group.start('n3', { metadata: [{ key: 'zone', value: 'b' }] });
    group.step('@n3', { type: 'join', seeds: ['@n1'] });
    group.run(1_000);
    t.same(group.events('@n1'), ['update n3 2']);
    t.same(group.events('@n2'), ['update n3 2']);
    t.end();
  },
);

const messageAboutM = fc
  .tuple(
    fc.constantFrom('alive', 'suspect', 'dead', 'left'),
    fc.integer({ min: 1, max: 6 }),
    fc.constantFrom('a', 'b', 'c'),
  )
  .map(([type, incarnation, from]) =>
    type === 'alive'
      ? alive('m', incarnation)
      : type === 'suspect'
        ? suspect('m', incarnation, from)
        : dead('m', incarnation, type === 'left' ? 'm' : from),
  );

t.test(
  'in whatever order messages come, twice or not, the incarnation never goes back and the newest alive wins',
  (t) => {
    fc.assert(
      fc.property(fc.array(messageAboutM, { maxLength: 30 }), (messages) => {
        const group = new Group();
        group.start('n1');
        let before = 0;
        for (const message of messages) {
          group.receive('@n1', message);
          const now = group.node('@n1').state.members.get('m')?.incarnation ?? 0;
          if (now < before) return false;
          before = now;
        }
        group.receive('@n1', alive('m', 7));
        return group.view('@n1', 'm') === 'alive 7';
      }),
      { numRuns: 300 },
    );
    t.end();
  },
);

t.test('two nodes that got the same messages in different orders agree after one more exchange with the owner', (t) => {
  fc.assert(
    fc.property(fc.array(messageAboutM, { minLength: 1, maxLength: 12 }), fc.nat(), (messages, seed) => {
      const group = new Group();
      group.start('n1');
      group.start('n2');
      const owner = group.start('m');
      group.receive('@n1', ...messages);
      const turned = seed % messages.length;
      group.receive('@n2', ...messages.slice(turned), ...messages.slice(0, turned));
      group.step('@m', { type: 'join', seeds: ['@n1', '@n2'] });
      group.run(3_000);
      const wanted = `alive ${owner.members.get('m')?.incarnation}`;
      return group.view('@n1', 'm') === wanted && group.view('@n2', 'm') === wanted;
    }),
    { numRuns: 100 },
  );
  t.end();
});
