/** Links and exit signals, by the rules of Erlang's process manual, under many orders of what happens. */
import assert from 'node:assert/strict';
import { type ActorAddress, type ActorContext, type ActorRef, defineActor, type ExitReason, type Info } from '#runtime';
import { explore, type TestSystem } from '#runtime/testing/index';
import type { Test } from 'tap';
import t from 'tap';

interface Notes {
  readonly infos: Info[];
  readonly ends: string[];
}

function peersOf(notes: Notes) {
  const handlers = {
    init: (args: { readonly id: string }) => args,
    calls: {
      /** Does something with its context; scenarios run in one process. */
      act: (_state: { readonly id: string }, action: (ctx: ActorContext) => unknown, ctx: ActorContext) => action(ctx),
    },
    casts: {
      crash: (): never => {
        throw new Error('boom');
      },
      hang: () => new Promise<never>(() => {}),
    },
    info: (_state: { readonly id: string }, info: Info): void => void notes.infos.push(info),
    terminate: (state: { readonly id: string }, reason: ExitReason): void =>
      void notes.ends.push(`${state.id} ${reason.class}`),
  };
  const peer = defineActor({ name: 'peer', ...handlers });
  const trapper = defineActor({ name: 'trapper', ...handlers, trapExits: true });
  return { peer, trapper };
}

type Peer = ActorRef<ReturnType<typeof peersOf>['peer']>;

interface World {
  readonly system: TestSystem;
  readonly notes: Notes;
  /** Starts an actor; every one is on an executor of its own where there are several. */
  make(id: string, traps?: boolean): Promise<Peer>;
  act<T>(ref: Peer, action: (ctx: ActorContext) => T): Promise<T>;
  lives(ref: Peer): boolean;
}

/** Scenarios with functions in messages have one executor; those that send none are run across executors, too. */
function linked(scenario: (world: World) => Promise<void>, seeds = 200): (t: Test) => Promise<void> {
  return async (t) => {
    const notes: Notes = { infos: [], ends: [] };
    const { peer, trapper } = peersOf(notes);
    const report = await explore({
      seeds,
      options: { executors: 0, definitions: [peer, trapper], freezeMessages: false },
      scenario: async (system) => {
        notes.infos.length = 0;
        notes.ends.length = 0;
        await scenario({
          system,
          notes,
          make: (id, traps = false) => system.spawn(traps ? trapper : peer, { id }, { restart: 'temporary' }),
          act: <T>(ref: Peer, action: (ctx: ActorContext) => T) => ref.call('act', action) as Promise<T>,
          lives: (ref) => system.list().some(({ address }) => address === ref.address),
        });
      },
    });
    t.ok(report.seeds > 0);
  };
}

const crash: ExitReason = { class: 'crash', message: 'on purpose' };
const normal: ExitReason = { class: 'normal', message: 'done' };

t.test(
  'a linked actor that crashes takes the other down with the same reason, whichever of the two linked',
  linked(async ({ make, act, system, lives, notes }) => {
    for (const victim of [0, 1]) {
      const pair = [await make('x'), await make('y')] as const;
      await act(pair[0], (ctx) => ctx.link(pair[1].address));
      pair[victim]?.cast('crash');
      await system.settle();
      assert.ok(!lives(pair[0]) && !lives(pair[1]));
      assert.deepEqual(notes.ends.splice(0).sort(), ['x crash', 'y crash']);
    }
  }),
);

t.test(
  'an actor that traps exits is told by an info instead, and lives on',
  linked(async ({ make, act, system, lives, notes }) => {
    const [x, y] = [await make('x', true), await make('y')];
    await act(x, (ctx) => ctx.link(y.address));
    y.cast('crash');
    await system.settle();
    assert.ok(lives(x));
    assert.deepEqual(notes.infos, [
      { type: 'exit-signal', from: y.address, reason: { class: 'crash', message: 'boom' }, linked: true },
    ]);
  }),
);

t.test(
  'an end with reason normal kills nobody, and one that traps is told of it',
  linked(async ({ make, act, system, lives, notes }) => {
    const [x, y, z] = [await make('x'), await make('y'), await make('z', true)];
    for (const ref of [x, z]) await act(ref, (ctx) => ctx.link(y.address));
    await act(y, (ctx) => ctx.stop(ctx.self, normal));
    await system.settle();
    assert.ok(lives(x) && lives(z));
    assert.deepEqual(notes.infos, [{ type: 'exit-signal', from: y.address, reason: normal, linked: true }]);
  }),
);

t.test(
  'a link to an actor that is not there breaks at once with noproc',
  linked(async ({ make, act, system, lives, notes }) => {
    const [x, y, gone] = [await make('x', true), await make('y'), await make('gone')];
    system.stopActor(gone.address);
    await system.settle();
    for (const ref of [x, y]) await act(ref, (ctx) => ctx.link(gone.address));
    await system.settle();
    assert.ok(lives(x) && !lives(y));
    assert.deepEqual(
      notes.infos.map((info) => 'reason' in info && info.reason.class),
      ['noproc'],
    );
  }),
);

t.test(
  'linking twice is linking once: one unlink undoes both, on both sides',
  linked(async ({ make, act, system, lives }) => {
    const [x, y] = [await make('x'), await make('y')];
    await act(x, (ctx) => ctx.link(y.address));
    await act(y, (ctx) => ctx.link(x.address));
    await act(x, (ctx) => ctx.link(y.address));
    await system.settle();
    await act(x, (ctx) => ctx.unlink(y.address));
    await system.settle();
    y.cast('crash');
    await system.settle();
    assert.ok(lives(x));
  }),
);

t.test(
  'after unlink no exit info of that link is given, not even one that waits',
  linked(async ({ make, act, system, notes }) => {
    const [x, y] = [await make('x', true), await make('y')];
    await act(x, (ctx) => ctx.link(y.address));
    let told = 0;
    const unlinked = act(x, (ctx) => {
      told = notes.infos.length;
      ctx.unlink(y.address);
    });
    y.cast('crash');
    await unlinked;
    await system.settle();
    assert.equal(notes.infos.length, told, 'nothing after the unlink');
  }),
);

t.test(
  'an exit info that waits behind a busy handler is dropped by the unlink in that handler',
  linked(async ({ make, act, system, notes }) => {
    const [x, y] = [await make('x', true), await make('y')];
    await act(x, (ctx) => ctx.link(y.address));
    let go = (): void => {};
    const gate = new Promise<void>((resolve) => (go = resolve));
    const busy = act(x, async (ctx) => {
      await gate;
      ctx.unlink(y.address);
    });
    await system.settle();
    y.cast('crash');
    await system.settle();
    go();
    await busy;
    await system.settle();
    assert.deepEqual(notes.infos, []);
  }),
);

t.test(
  'an exit signal that is sent: trapped by one, fatal for another, and normal for nobody',
  linked(async ({ make, act, system, lives, notes }) => {
    const [x, y, z] = [await make('x', true), await make('y'), await make('z')];
    await act(z, (ctx) => ctx.exit(y.address, normal));
    await system.settle();
    assert.ok(lives(y));
    await act(z, (ctx) => [x, y].forEach((ref) => ctx.exit(ref.address, crash)));
    await system.settle();
    assert.ok(lives(x) && !lives(y));
    assert.deepEqual(notes.infos, [{ type: 'exit-signal', from: z.address, reason: crash, linked: false }]);
  }),
);

t.test(
  'kill cannot be trapped, runs no terminate, and reaches links as killed, which can be',
  linked(async ({ make, act, system, lives, notes }) => {
    const [x, y, z] = [await make('x', true), await make('y', true), await make('z')];
    await act(x, (ctx) => ctx.link(y.address));
    y.cast('hang');
    await system.settle();
    await act(z, (ctx) => ctx.exit(y.address, 'kill'));
    await system.settle();
    assert.ok(lives(x) && !lives(y));
    assert.deepEqual(notes.ends, []);
    assert.deepEqual(
      notes.infos.map((info) => 'reason' in info && info.reason.class),
      ['killed'],
    );
  }),
);

t.test(
  'spawn with link ties parent and child: a child that crashes takes its parent down',
  linked(async ({ make, act, system, lives }) => {
    const x = await make('x');
    const { peer } = peersOf({ infos: [], ends: [] });
    const child = await act(x, (ctx) => ctx.spawn(peer, { id: 'child' }, { link: true }));
    system.cast(child.address, 'crash', undefined);
    await system.settle();
    assert.ok(!lives(x));
  }),
);

t.test(
  'a supervised actor whose link breaks is restarted like one that crashed, without the link',
  linked(async ({ make, act, system, lives }) => {
    const { peer } = peersOf({ infos: [], ends: [] });
    const x: Peer = await system.spawn(peer, { id: 'x' }, { restart: 'permanent' });
    const [y, z] = [await make('y'), await make('z')];
    await act(x, (ctx) => ctx.link(y.address));
    y.cast('crash');
    await system.advance(100);
    assert.equal(await act(x, (ctx) => ctx.incarnation), 2);
    await act(z, (ctx) => ctx.exit(x.address, crash));
    await system.advance(100);
    assert.equal(await act(x, (ctx) => ctx.incarnation), 3);
    assert.ok(lives(z));
  }),
);

t.test('links across executors: a crash, and the death of an executor, take the other side down', async (t) => {
  const notes: Notes = { infos: [], ends: [] };
  /** Links itself to what it is told. */
  const linker = defineActor({
    name: 'linker',
    init: (args: { readonly to: ActorAddress | null }, ctx) => {
      if (args.to !== null) ctx.link(args.to);
      return null;
    },
    casts: {
      crash: (): never => {
        throw new Error('boom');
      },
    },
    terminate: (_state, reason) => void notes.ends.push(reason.class),
  });
  const report = await explore({
    seeds: 200,
    options: { executors: 2, definitions: [linker] },
    scenario: async (system, random) => {
      notes.ends.length = 0;
      const lives = (address: ActorAddress): boolean => system.list().some((actor) => actor.address === address);
      const options = { restart: 'temporary' } as const;
      const x = await system.spawn(linker, { to: null }, { ...options, executor: 1 });
      const y = await system.spawn(linker, { to: x.address }, { ...options, executor: 2 });
      await system.settle();
      const byDeath = random.chance(0.5);
      if (byDeath) system.killExecutor(1);
      else x.cast('crash', undefined);
      await system.advance(1_000);
      assert.ok(!lives(y.address));
      assert.equal(notes.ends.at(-1), 'crash');
    },
  });
  t.ok(report.distinct > 1);
});
