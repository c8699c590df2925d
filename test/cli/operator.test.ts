/** The operator's commands on a cluster of two real nodes: what they show is what the actors did. */
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { run, up } from '#test/support/cli';
import { eventually } from '#test/support/eventually';
import { openTerminal } from '#test/support/terminal';

const runtime = JSON.stringify(new URL('../../runtime/index.js', import.meta.url).href);
const program = fileURLToPath(new URL('../../cli/main.js', import.meta.url));

/** A box with room for two, and one who floods it. */
const modules = `
import { defineActor } from ${runtime};

export const box = defineActor({
  name: 'box',
  mailbox: { capacity: 2 },
  init: () => ({ got: [], key: new Map([['secret', 'hidden']]) }),
  calls: { got: (state) => [...state.got], hold: () => new Promise(() => {}), trace: (_state, _message, ctx) => ctx.traceparent ?? null },
  casts: { put: (state, message) => void state.got.push(message) },
});

export const flood = defineActor({
  name: 'flood',
  init: () => ({ sent: 0 }),
  calls: {
    send: (state, { to, count }, ctx) => {
      const ref = ctx.ref(box, to);
      for (let n = 0; n < count; n += 1) ref.cast('put', { n, password: 'hunter2' });
      return (state.sent += count);
    },
  },
});
`;

interface Letter {
  readonly id: string;
  readonly reason: string;
  readonly replayed: boolean;
  readonly payload?: unknown;
}

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

t.test('inspect, dead-letters, metrics and top tell of two nodes what happened there', async (t) => {
  const cwd = t.testdir({ 'load.mjs': modules });
  const skep = async (...args: readonly string[]) => {
    const result = await run(args, { cwd });
    return { ...result, json: () => JSON.parse(result.stdout) as unknown };
  };
  await up(t, ['--nodes', '2', '--module', 'load.mjs'], { cwd });
  const box = (await skep('spawn', 'box', '--name', 'it', '--node', 'node-2')).stdout.trim();
  await skep('spawn', 'flood', '--name', 'flood', '--node', 'node-1');

  await t.test('inspect shows what an actor has in hand and what waits for it', async (t) => {
    t.equal((await skep('call', 'it', 'hold', '--timeout', '50')).code, 75, 'it holds its message for ever');
    const { stdout } = await skep('call', 'flood', 'send', JSON.stringify({ to: box, count: 5 }));
    t.equal(stdout, '5\n');
    await eventually('two letters wait', async () => /mailbox\s+2 of 2/.test((await skep('inspect', 'it')).stdout));
    const text = (await skep('inspect', 'it@node-2')).stdout;
    t.match(text, new RegExp(`^it {2}${box}\n`));
    t.match(text, /status +running, life 1, up /);
    t.match(text, /in hand +hold from node-\d@\w+\/1000\/0, for .*, its caller has given up/);
    t.notMatch(text, /state/);
    const seen = (await skep('inspect', box, '--state', '--json')).json();
    t.match(seen, { address: box, definition: 'box', mailbox: 2, state: { value: { got: [], key: '[Map]' } } });
    t.match(await skep('inspect', 'it@node-1'), { code: 64, stderr: /NO_SUCH_ACTOR/ });
    t.match(await skep('inspect', 'it@node-2', '--node', 'node-1'), { code: 64, stderr: /BAD_USAGE/ });
    t.match(await skep('inspect', 'nobody'), { code: 64, stderr: /NO_SUCH_ACTOR/ });
  });

  await t.test('dead letters are listed without payloads, and sent again once', async (t) => {
    const listed = await skep('dead-letters', '--node', 'node-2', '--reason', 'mailbox-full', '--json');
    const letters = listed.json() as readonly Letter[];
    t.equal(letters.length, 3, listed.stdout);
    t.notMatch(listed.stdout, /hunter2/);
    const [newest, second] = letters;
    const shown = (await skep('dead-letters', '--payload', '--limit', '1')).stdout;
    t.match(shown, /mailbox-full +cast +put .* \{"n":4,"password":"hunter2"\}/);
    t.notMatch((await skep('dead-letters')).stdout, /hunter2/);

    const id = newest?.id ?? '';
    t.match(await skep('dead-letters', 'replay', id), { code: 1, stdout: /refused \(mailbox-full\)/ }, 'still full');
    const heir = (await skep('spawn', 'box', '--name', 'heir', '--node', 'node-1')).stdout.trim();
    const sent = await skep('dead-letters', 'replay', id, '--to', 'heir', '--json');
    t.same(sent.json(), [{ id, outcome: 'sent', to: heir }]);
    t.equal(sent.code, 0);
    await eventually('it arrives', async () => (await skep('call', 'heir', 'got')).stdout.includes('"n":4'));
    t.match(await skep('dead-letters', 'replay', id, '--to', heir), { code: 1, stdout: /already-replayed/ });
    const all = await skep('dead-letters', 'replay', '--all', '--reason', 'mailbox-full', '--to', heir, '--json');
    t.match(all.json(), [{ outcome: 'sent' }, { id: second?.id, outcome: 'sent' }], 'the two that were left, in order');
    await eventually('they arrive', async () => ((await skep('call', 'heir', 'got')).json() as unknown[]).length === 3);
    t.match((await skep('call', 'heir', 'got')).json(), [{ n: 4 }, { n: 2 }, { n: 3 }]);
    t.match(await skep('dead-letters', 'replay', '--all', '--node', 'node-2'), {
      code: 0,
      stdout: 'nothing to send again\n',
    });
    t.match(await skep('dead-letters', 'replay'), { code: 64, stderr: /--all/ });
    t.match(await skep('dead-letters', 'replay', id, '--all'), { code: 64, stderr: /--all/ });
    t.match(await skep('dead-letters', 'replay', 'x'), { code: 64, stderr: /"x" is no id/ });
  });

  await t.test('metrics are those of the node that was asked for', async (t) => {
    const text = (await skep('metrics', 'node-2')).stdout;
    t.match(text, /^skep_dead_letters_total\{node="node-2",executor="1",reason="mailbox-full"\} 4$/m);
    t.match(text, /^skep_mailbox_messages\{node="node-2",executor="1",definition="box",version="1"\} 2$/m);
    t.notMatch(text, /node-1/);
    t.match((await skep('metrics')).stdout, /node="node-1"[^]*node="node-2"/);
    t.match(await skep('metrics', 'node-9'), { code: 64, stderr: /NO_SUCH_NODE/ });
  });

  await t.test('top prints one picture where there is no terminal, and the same as JSON', async (t) => {
    const { stdout, code } = await skep('top', '--interval', '0.2');
    t.equal(code, 0);
    t.match(stdout, /^skep top: default: 2 nodes, \d+ actors, .* 4 dead\n/);
    t.match(stdout, new RegExp(`${box} +2 +it +box`));
    t.notMatch(stdout, /\u001b/);
    t.match((await skep('top', '--once', '--json', '--interval', '0.2', '--sort', 'name')).json(), {
      cluster: 'default',
      sort: 'name',
      nodes: 2,
      deadLetterCount: 4,
      mailboxes: [{ address: box, mailbox: 2 }],
    });
    t.match(await skep('top', '--interval', '0'), { code: 64, stderr: /0\.1 to 3600/ });
  });

  await t.test('a command begins a trace or continues one', async (t) => {
    const call = ['call', 'heir', 'trace'] as const;
    t.equal((await skep(...call)).stdout, 'null\n');
    t.equal((await skep(...call, '--traceparent', traceparent)).stdout, `"${traceparent}"\n`);
    const { stdout, stderr } = await skep(...call, '--trace');
    const id = /^trace ([0-9a-f]{32})$/m.exec(stderr)?.[1] ?? 'none';
    t.match(stdout, new RegExp(`^"00-${id}-[0-9a-f]{16}-01"\n$`));
    t.match(await skep(...call, '--traceparent', 'x'), { code: 64, stderr: /BAD_USAGE.*--traceparent/ });
  });

  await t.test('top in a terminal draws, obeys its keys, and leaves the screen as it was', async (t) => {
    const terminal = openTerminal(t, cwd);
    const shows = (what: string, pattern: RegExp): Promise<void> =>
      eventually(what, () => pattern.test(terminal.screen().join('\n')), 20_000);
    const begin = async (): Promise<void> => {
      terminal.type(`${process.execPath} ${program} top --interval 0.2; echo code=$?`, 'Enter');
      await shows('the first picture', /skep top: default: 2 nodes[^]*EXECUTOR/);
      t.same(terminal.state(), { alternate: true, cursor: false });
    };
    terminal.type('clear; echo before', 'Enter');
    await shows('the shell is there', /^before$/m);

    await begin();
    t.ok(terminal.screen().every((line) => line.length <= 80));
    t.notMatch(terminal.screen().join('\n'), /before/);
    await shows('rates, once there are two looks', /by rate/);
    terminal.type('s');
    await shows('the next sort', /by mailbox/);
    terminal.type('p');
    await shows('that it is paused', /PAUSED/);
    terminal.resize(60, 12);
    await shows('everything in the new size', /\(\d+ of \d+\)/);
    t.ok(terminal.screen().every((line) => line.length <= 60));
    terminal.resize(80, 24);
    terminal.type('p');
    await shows('that it goes on', /every 200 ms/);
    terminal.type('q');
    await shows('exit code 0 below what was there', /^before$[^]*^code=0$/m);
    t.same(terminal.state(), { alternate: false, cursor: true });
    t.notMatch(terminal.screen().join('\n'), /EXECUTOR/);

    terminal.type('clear', 'Enter');
    await begin();
    terminal.type('C-c');
    await shows('exit code 0 after Ctrl-C', /^code=0$/m);
    t.same(terminal.state(), { alternate: false, cursor: true });
    terminal.type('clear; echo typed', 'Enter');
    await shows('the terminal echoes what is typed', /^typed$/m);
  });
});
