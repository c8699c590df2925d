/**
 * An account that survives `kill -9`: `node dist/examples/event-sourcing.js`.
 *
 * The program starts itself as a child that pays into an event-sourced account, kills the child with SIGKILL in the
 * middle of its work, starts it again, and repeats the payments that were not acknowledged, under their old ids. In the
 * end the balance is the sum of all payments: none is lost, none is counted twice.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { ActorSystem, defineActor, SkepError } from '#runtime';

/** One payment; the id is what makes it safe to repeat. */
interface Payment {
  readonly id: string;
  readonly cents: number;
}

/** The account: its state is what its events add up to. */
export const account = defineActor({
  name: 'account',
  init: (_args: { readonly owner: string }) => ({ cents: 0, payments: 0 }),
  persistence: {
    key: ({ owner }) => owner,
    events: z.object({ type: z.literal('paid'), cents: z.number().int() }),
    apply: (state, event) => {
      state.cents += event.cents;
      state.payments += 1;
    },
    snapshotEvery: 20,
  },
  calls: {
    pay: async (state, { id, cents }: Payment, ctx): Promise<number> => {
      if (cents <= 0) throw new SkepError('BAD_MESSAGE', `cents is ${cents}: expected more than 0`);
      await ctx.persist({ type: 'paid', cents }, { id });
      return state.cents;
    },
    statement: (state) => ({ ...state }),
  },
});

/** The child: a node that makes each payment it is sent, and says so once it is stored. */
async function serve(path: string): Promise<void> {
  const system = await ActorSystem.create({ node: 'bank', definitions: [account], store: { path, sync: 'disk' } });
  const ref = await system.spawn(account, { owner: 'ada' });
  const before = await ref.call('statement');
  process.on('message', (payment: Payment) => {
    void ref.call('pay', payment).then((cents) => process.send?.({ paid: payment.id, cents }));
  });
  process.once('disconnect', () => void system.shutdown());
  process.send?.({ recovered: before.cents, payments: before.payments });
}

type Told =
  | { readonly recovered: number; readonly payments: number }
  | { readonly paid: string; readonly cents: number };

async function start(
  path: string,
): Promise<{ readonly child: ChildProcess; readonly recovered: number; readonly payments: number }> {
  const child = fork(fileURLToPath(import.meta.url), [path]);
  const [told] = (await once(child, 'message')) as [Told];
  if (!('recovered' in told)) throw new Error('the child said something else first');
  return { child, ...told };
}

/** Sends the payments that have no answer yet; resolves when `enough` of them have one. */
async function pay(child: ChildProcess, open: Map<string, Payment>, enough: number): Promise<void> {
  await new Promise<void>((resolve) => {
    let answered = 0;
    child.on('message', (told: Told) => {
      if (!('paid' in told) || !open.delete(told.paid)) return;
      answered += 1;
      if (answered === enough) resolve();
    });
    for (const payment of open.values()) child.send(payment);
  });
}

async function demonstrate(): Promise<void> {
  const path = join(mkdtempSync(join(tmpdir(), 'skep-example-')), 'store');
  const payments = Array.from({ length: 100 }, (_, index) => ({ id: `payment-${index}`, cents: index + 1 }));
  const open = new Map(payments.map((payment) => [payment.id, payment]));
  try {
    const first = await start(path);
    await pay(first.child, open, 30);
    const killed = once(first.child, 'exit');
    first.child.kill('SIGKILL');
    await killed;
    const acknowledged = payments.length - open.size;
    console.log(`killed with SIGKILL after ${acknowledged} of ${payments.length} payments were acknowledged`);

    const second = await start(path);
    const verdict = second.payments >= acknowledged ? 'none of those is lost' : 'SOME ARE LOST';
    console.log(`recovered ${second.payments} payments, ${second.recovered} cents: ${verdict}`);
    console.log(`repeating the ${open.size} without an answer under their old ids`);
    await pay(second.child, open, open.size);
    const ended = once(second.child, 'exit');
    second.child.disconnect();
    await ended;

    const third = await start(path);
    const expected = payments.reduce((sum, { cents }) => sum + cents, 0);
    console.log(`balance ${third.recovered} cents, expected ${expected}`);
    third.child.disconnect();
    await once(third.child, 'exit');
    if (third.recovered !== expected) process.exitCode = 1;
  } finally {
    rmSync(join(path, '..'), { recursive: true, force: true });
  }
}

const [path] = process.argv.slice(2);
await (path === undefined ? demonstrate() : serve(path));
