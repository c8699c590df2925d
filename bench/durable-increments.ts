/**
 * How many increments a second can be promised to outlive a crash? One actor pays for a flush with each increment; a
 * thousand share one. Beside it, the same engine without actors, and two stores that people know.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { open, TransactionFlags } from 'lmdb';
import { ActorSystem, type Durability } from '#runtime';
import type { Contender, Question } from './harness.js';
import { durableCounter } from './durable-counter.js';

const run = promisify(execFile);
const erlang = fileURLToPath(new URL('../../bench/peers/erlang/disk_log_appends.escript', import.meta.url));
/** Milliseconds are given for so many increments, because contenders that flush each one do fewer. */
const PER = 1_000;

type Figures = Awaited<ReturnType<Contender['run']>>;

function figures(ms: number, count: number): Figures {
  return { ms: (ms / count) * PER, 'increments/s': (count / ms) * 1_000 };
}

/** Runs `work` in a folder of its own. */
async function inFolder(work: (path: string) => Promise<Figures>): Promise<Figures> {
  const path = mkdtempSync(join(tmpdir(), 'skep-bench-'));
  try {
    return await work(path);
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

/** Actors in one executor thread, each asked for the next increment when it has answered the one before. */
function actors(sync: Durability, count: number, increments: number): Contender {
  const each = Math.ceil(increments / count);
  const measure = async (path: string): Promise<Figures> => {
    const system = await ActorSystem.create({
      node: 'bench',
      executors: 1,
      modules: [new URL('durable-counter.js', import.meta.url).href],
      store: { path: join(path, 'store'), sync },
    });
    try {
      const spawning = Array.from({ length: count }, (_, index) => system.spawn(durableCounter, { key: `c${index}` }));
      const refs = await Promise.all(spawning);
      const startMs = performance.now();
      const counts = await Promise.all(
        refs.map(async (ref) => {
          let last = 0;
          for (let left = each; left > 0; left -= 1) last = await ref.call('add', 1, { timeoutMs: 60_000 });
          return last;
        }),
      );
      const ms = performance.now() - startMs;
      if (counts.some((last) => last !== each)) throw new Error('an increment is missing');
      return figures(ms, each * count);
    } finally {
      await system.shutdown();
    }
  };
  const who = count === 1 ? 'one actor' : `${count.toLocaleString('en')} actors`;
  return { name: `skep, ${who}, sync ${sync}`, run: () => inFolder(measure) };
}

/** Puts into LMDB on the calling thread, so many in one transaction. */
function lmdbPuts(sync: Durability, group: number, increments: number): Contender {
  const flushed = TransactionFlags.ABORTABLE | TransactionFlags.SYNCHRONOUS_COMMIT;
  const flags: TransactionFlags = sync === 'disk' ? flushed : flushed | TransactionFlags.NO_SYNC_FLUSH;
  const measure = async (path: string): Promise<Figures> => {
    const database = open({ path: join(path, 'lmdb'), overlappingSync: false, noSubdir: false });
    const startMs = performance.now();
    for (let done = 0; done < increments; done += group) {
      database.transactionSync(() => {
        for (let index = 0; index < group; index += 1) database.putSync(done + index, { version: 1, amount: 1 });
      }, flags);
    }
    const ms = performance.now() - startMs;
    await database.close();
    return figures(ms, Math.ceil(increments / group) * group);
  };
  return { name: `plain lmdb, ${group} a transaction, sync ${sync}`, run: () => inFolder(measure) };
}

/** SQLite's own shell, one insert a transaction, write-ahead log, flushed each time. */
function sqlite(increments: number): Contender {
  const measure = async (path: string): Promise<Figures> => {
    const insert = 'INSERT INTO events(body) VALUES (\'{"amount":1}\');';
    const script = [
      'PRAGMA journal_mode=WAL;',
      'PRAGMA synchronous=FULL;',
      'CREATE TABLE events(seq INTEGER PRIMARY KEY, body TEXT);',
    ];
    const startMs = performance.now();
    const running = run('sqlite3', [join(path, 'events.db')], { timeout: 300_000 });
    running.child.stdin?.end([...script, ...Array.from({ length: increments }, () => insert), ''].join('\n'));
    await running;
    return figures(performance.now() - startMs, increments);
  };
  return { name: 'SQLite, one a transaction, WAL, synchronous FULL', run: () => inFolder(measure) };
}

/** Erlang's disk_log, one process, flushed each time. */
function diskLog(increments: number): Contender {
  const measure = async (path: string): Promise<Figures> => {
    const { stdout } = await run('escript', [erlang, join(path, 'log'), String(increments)], { timeout: 300_000 });
    return figures((JSON.parse(stdout) as { readonly ms: number }).ms, increments);
  };
  return { name: 'Erlang disk_log, one process, log and sync', run: () => inFolder(measure) };
}

/** Whether a program can be started. */
function has(program: string, args: readonly string[]): Promise<boolean> {
  return run(program, args).then(
    () => true,
    (error: unknown) => (error as NodeJS.ErrnoException).code !== 'ENOENT',
  );
}

export const durableIncrements: Question = {
  name: 'durable-increments',
  asks: 'How many increments a second are acknowledged once they are durable, by one actor and by a thousand (group commit)?',
  prepare: async (quick) => {
    const single = quick ? 200 : 3_000;
    const many = quick ? 4_000 : 100_000;
    const contenders = [
      lmdbPuts('disk', 1, single),
      actors('disk', 1, single),
      actors('disk', 1_000, many),
      lmdbPuts('disk', 1_000, many),
      lmdbPuts('process', 1, many),
      actors('process', 1, single),
      actors('process', 1_000, many),
    ];
    if (await has('sqlite3', ['-version'])) contenders.push(sqlite(single));
    if (await has('escript', ['-h'])) contenders.push(diskLog(single));
    return {
      contenders,
      rounds: quick ? 1 : 5,
      setting: `\`ms\` is for ${PER.toLocaleString('en')} increments; each actor waits for one before it makes the next; actors in one executor thread, called from the main thread`,
      dispose: async () => {},
    };
  },
};
