/**
 * A node with one event-sourced counter in a thread, for clients in other processes: each message from the parent is one
 * command, and its answer goes back when the counter has given it.
 */
import { ActorSystem, type Durability, SkepError } from '#runtime';
import { tally } from '#test/testdata/actors/ledger';

/** What a client sends. */
export interface Command {
  readonly id: string;
  /** Without it: what is the count? */
  readonly amount?: number;
  /** Lets the counter fill the heap of its thread; there is no answer to it. */
  readonly hoard?: boolean;
}

/** What it hears: the count, or the code of an error. */
export type Answer =
  | { readonly ready: true }
  | { readonly id: string; readonly count: number }
  | { readonly id: string; readonly code: string };

const [path = '', sync = 'disk'] = process.argv.slice(2);
const tell = (answer: Answer): void => void process.send?.(answer);
const system = await ActorSystem.create({
  node: 'counter',
  executors: 1,
  modules: [new URL('./actors/ledger.js', import.meta.url).href],
  log: { level: 'error', format: 'json' },
  store: { path, sync: sync as Durability },
});
const ref = await system.spawn(tally, { key: 'hits' }, { name: 'hits', timeoutMs: 60_000 });
process.on('message', ({ id, amount, hoard }: Command) => {
  if (hoard === true) {
    ref.cast('hoard');
    return;
  }
  const asked = amount === undefined ? ref.call('get').then(({ count }) => count) : ref.call('add', { amount, id });
  asked.then(
    (count) => tell({ id, count }),
    (error: unknown) => tell({ id, code: error instanceof SkepError ? error.code : String(error) }),
  );
});
process.on('disconnect', () => void system.shutdown());
tell({ ready: true });
