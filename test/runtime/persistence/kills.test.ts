/**
 * The promise that everything else is for: a node is killed with SIGKILL at random moments, its start included, while
 * clients in another process count with ids and repeat what was not acknowledged. `SKEP_KILL_ROUNDS` says how often.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Durability } from '#runtime';
import t from 'tap';
import { eventually } from '#test/support/eventually';
import type { Answer, Command } from '#test/testdata/counter-node';

const program = fileURLToPath(new URL('../../testdata/counter-node.js', import.meta.url));
const rounds = Number(process.env['SKEP_KILL_ROUNDS'] ?? 4);
const CLIENTS = 8;
t.setTimeout(60_000 + rounds * 20_000);

/** Clients that count through whichever life of the node there is. */
class Clients {
  acknowledged = 0;
  issued = 0;
  repeated = 0;
  readonly #open = new Map<string, Command>();
  #node: ChildProcess | undefined;
  #stopped = false;

  /** A life of the node is ready: what has no answer yet is sent again, under the same id. */
  attach(node: ChildProcess): void {
    this.#node = node;
    node.on('message', (answer: Answer) => {
      if ('ready' in answer || node !== this.#node || !this.#open.has(answer.id)) return;
      if (!('count' in answer)) throw new Error(`command ${answer.id} failed with ${answer.code}`);
      this.#open.delete(answer.id);
      this.acknowledged += 1;
      this.#next();
    });
    this.repeated += this.#open.size;
    for (const command of this.#open.values()) this.#send(command);
    while (this.#open.size < CLIENTS && !this.#stopped) this.#next();
  }

  /** Nothing new is begun; resolves when everything has its answer. */
  async finish(): Promise<void> {
    this.#stopped = true;
    await eventually('every command is acknowledged', () => this.#open.size === 0, 60_000);
  }

  #next(): void {
    if (this.#stopped) return;
    const command = { id: `command-${this.issued}`, amount: 1 };
    this.issued += 1;
    this.#open.set(command.id, command);
    this.#send(command);
  }

  /** A node that has just been killed takes nothing any more, and says so. */
  #send(command: Command): void {
    if (this.#node?.connected === true) this.#node.send(command, () => {});
  }
}

async function start(path: string, sync: Durability): Promise<ChildProcess> {
  return fork(program, [path, sync], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
}

async function ready(node: ChildProcess): Promise<boolean> {
  const told = once(node, 'message').then(() => true);
  return Promise.race([told, once(node, 'exit').then(() => false)]);
}

/** The count of a node to which no other question is under way. */
async function ask(node: ChildProcess): Promise<number> {
  const answered = once(node, 'message') as Promise<[Answer]>;
  node.send({ id: 'look' } satisfies Command);
  const [answer] = await answered;
  if (!('count' in answer)) throw new Error(`no count: ${JSON.stringify(answer)}`);
  return answer.count;
}

async function kill(node: ChildProcess): Promise<void> {
  const exited = once(node, 'exit');
  node.kill('SIGKILL');
  await exited;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

for (const sync of ['disk', 'process'] as const) {
  const times = sync === 'disk' ? rounds : Math.ceil(rounds / 5);
  t.test(
    `with sync ${sync}, kill -9 of the node at random moments loses no acknowledged increment and counts none twice`,
    async (t) => {
      const path = `${t.testdir()}/store`;
      const clients = new Clients();
      let duringStart = 0;
      /** Increments that were stored and whose answers were lost with the node. */
      let unheard = 0;
      for (let round = 0; round < times; round += 1) {
        const node = await start(path, sync);
        if (round % 4 === 3) {
          await Promise.race([ready(node), pause(Math.random() * 1_000)]);
          duringStart += 1;
          await kill(node);
          continue;
        }
        t.ok(await ready(node), `the node starts in round ${round}`);
        const count = await ask(node);
        if (count < clients.acknowledged || count > clients.issued)
          t.fail(`round ${round}: ${count} counted, ${clients.acknowledged} acknowledged, ${clients.issued} issued`);
        unheard += count - clients.acknowledged;
        clients.attach(node);
        const before = clients.acknowledged;
        await eventually('the node works', () => clients.acknowledged > before, 60_000);
        await pause(Math.random() * 250);
        await kill(node);
      }
      const node = await start(path, sync);
      t.ok(await ready(node));
      clients.attach(node);
      await clients.finish();
      t.equal(await ask(node), clients.issued, 'the count is that of the commands, no more and no less');
      t.equal(clients.acknowledged, clients.issued);
      t.ok(clients.repeated > 0, 'some commands lost their answers, or the test shows nothing');
      t.comment(
        `${sync}: ${times} kills (${duringStart} while starting), ${clients.acknowledged} increments acknowledged, ` +
          `${clients.repeated} repeated, ${unheard} of which had been stored`,
      );
      const exited = once(node, 'exit');
      node.disconnect();
      t.same(await exited, [0, null], 'and it ends in order');
    },
  );
}
