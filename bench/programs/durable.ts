/**
 * Increments that are acknowledged once they are durable: by actors that persist an event for each, by the same engine
 * without actors, and by SQLite's own shell. Each run has a folder of its own.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { open, TransactionFlags } from 'lmdb';
import { ActorSystem, type Durability } from '#runtime';
import { type Prepare, serve } from '../harness/program.js';
import { Absent, type Completed, type Size } from '../harness/question.js';
import { durableCounter } from './durable-counter.js';

const run = promisify(execFile);

/** Work that gets an empty folder for each run. */
function inFolder(work: (path: string, size: Size) => Promise<Completed>): Prepare {
  return async () => ({
    run: async (size) => {
      const path = mkdtempSync(join(tmpdir(), 'skep-bench-'));
      try {
        return await work(path, size);
      } finally {
        rmSync(path, { recursive: true, force: true });
      }
    },
  });
}

/** Actors in one executor thread, each asked for the next increment when it has answered the one before. */
function actors(sync: Durability): Prepare {
  return inFolder(async (path, { actors: count = 1, increments = 0 }) => {
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
          for (let left = increments / count; left > 0; left -= 1)
            last = await ref.call('add', 1, { timeoutMs: 60_000 });
          return last;
        }),
      );
      const ms = performance.now() - startMs;
      return { ms, operations: counts.reduce((sum, last) => sum + last, 0) };
    } finally {
      await system.shutdown();
    }
  });
}

/** Puts into LMDB on the calling thread, as many in one transaction as there are actors. */
function lmdbPuts(sync: 'disk' | 'process'): Prepare {
  const flushed = TransactionFlags.ABORTABLE | TransactionFlags.SYNCHRONOUS_COMMIT;
  const flags: TransactionFlags = sync === 'disk' ? flushed : flushed | TransactionFlags.NO_SYNC_FLUSH;
  return inFolder(async (path, { actors: group = 1, increments = 0 }) => {
    const database = open({ path: join(path, 'lmdb'), overlappingSync: false, noSubdir: false });
    const startMs = performance.now();
    for (let done = 0; done < increments; done += group) {
      database.transactionSync(() => {
        for (let index = 0; index < group; index += 1) database.putSync(done + index, { version: 1, amount: 1 });
      }, flags);
    }
    const ms = performance.now() - startMs;
    const operations = database.getCount();
    await database.close();
    return { ms, operations };
  });
}

/** SQLite's own shell, one insert a transaction, write-ahead log, flushed each time. */
const sqlite = inFolder(async (path, { increments = 0 }) => {
  const file = join(path, 'events.db');
  const script = [
    'PRAGMA journal_mode=WAL;',
    'PRAGMA synchronous=FULL;',
    'CREATE TABLE events(seq INTEGER PRIMARY KEY, body TEXT);',
    ...Array.from({ length: increments }, () => `INSERT INTO events(body) VALUES ('{"amount":1}');`),
    '',
  ].join('\n');
  const startMs = performance.now();
  const running = run('sqlite3', [file]);
  running.child.stdin?.end(script);
  await running;
  const ms = performance.now() - startMs;
  const { stdout } = await run('sqlite3', [file, 'SELECT count(*) FROM events;']);
  return { ms, operations: Number(stdout) };
});

serve(import.meta.filename, {
  'actors-disk': actors('disk'),
  'actors-process': actors('process'),

  'lmdb-disk': lmdbPuts('disk'),
  'lmdb-process': lmdbPuts('process'),
  sqlite: (size) =>
    run('sqlite3', ['-version']).then(
      () => sqlite(size),
      () => Promise.reject(new Absent('SQLite is not installed: `apt-get install sqlite3` brings it')),
    ),
});
