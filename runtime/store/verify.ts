/**
 * The program that reads a whole store and ends with 0 when every record carries its checksum and every log is complete.
 * It is a process of its own because damage to LMDB's pages ends the process that reads them (SIGBUS, SIGSEGV, abort).
 */
import { SkepError, toWireError } from '#protocols/wire/error';
import type { Engine } from './engine.js';
import { environmentOf } from './folder.js';
import { eventKey, rangeOf, seqOf, snapshotKey, unpackHead, unseal } from './layout.js';
import { openLmdb } from './lmdb.js';
import { durabilities } from './store.js';

/** Reads one environment. @throws SkepError STORE_CORRUPT. */
function verifyEngine(engine: Engine): void {
  let events = 0;
  for (const letter of ['g', 's', 'd'])
    for (const { key, value } of engine.range(...rangeOf(letter))) unseal(key, value);
  for (const { key, value } of engine.range(...rangeOf('h'))) {
    const owner = Buffer.from(key.subarray(1)).toString();
    const head = unpackHead(unseal(key, value));
    if (head.snapshotSeq > 0 && engine.get(snapshotKey(owner)) === undefined) throw incomplete(owner, 'its snapshot');
    let expected = head.first;
    for (const event of engine.range(eventKey(owner, head.first), rangeOf('e', owner)[1])) {
      unseal(event.key, event.value);
      if (seqOf(event.key) !== expected) throw incomplete(owner, `event ${expected}`);
      expected += 1;
      events += 1;
    }
    if (expected !== Math.max(head.first, head.seq + 1)) throw incomplete(owner, `event ${expected}`);
  }
  let all = 0;
  for (const _ of engine.range(...rangeOf('e'))) all += 1;
  if (all !== events) throw new SkepError('STORE_CORRUPT', `${all - events} events belong to no log`);
}

function incomplete(owner: string, what: string): SkepError {
  return new SkepError('STORE_CORRUPT', `${what} of ${owner} is missing`);
}

const [path = ''] = process.argv.slice(2);
for (const durability of durabilities) {
  const folder = environmentOf(path, durability);
  process.stdout.write(`checking ${durability}\n`);
  try {
    const engine = openLmdb(folder, durability, 'read');
    verifyEngine(engine);
    await engine.close();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const remedy = 'Move it away and restore it from a backup, or let the node begin with an empty folder';
    const error = new SkepError('STORE_CORRUPT', `the store ${folder} is refused: ${why}. ${remedy}.`, {
      path: folder,
    });
    process.stdout.write(`${JSON.stringify({ error: toWireError(error) })}\n`);
    process.exit(1);
  }
}
