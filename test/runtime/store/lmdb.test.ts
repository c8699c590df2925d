/** LMDB in a folder: the contract, and what is refused before it could end the process. */
import { execFile, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
  closeSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { openFolder } from '#runtime/store/folder';
import { allEvents, append, claim, storeContract } from './contract.js';

storeContract(t, 'lmdb', (t) => {
  const path = join(t.testdir(), 'store');
  return { open: () => openFolder(path, 'a') };
});

/** A closed store with events under two durabilities; gives its folder. */
async function filled(t: Test, events = 2_000): Promise<string> {
  const path = join(t.testdir(), 'store');
  const store = openFolder(path, 'a');
  const epoch = claim(store, 'k');
  append(store, 'k', epoch, 0, ...Array.from({ length: events }, (_, index) => `event ${index} ${'x'.repeat(50)}`));
  const other = claim(store, 'p', 'process');
  store.commit([{ type: 'save', key: 'p', epoch: other, after: 0, bytes: Buffer.from('s') }], 'process');
  await store.close();
  return path;
}

const refusal = (path: string) => ({
  code: 'STORE_CORRUPT',
  message: new RegExp(`${path}.*(Move it away|use another folder)`, 's'),
});

t.test(
  'a data file of no bytes, a missing one and a truncated one are refused by path, and the process lives',
  async (t) => {
    for (const [what, damage] of [
      ['empty', (file: string) => truncateSync(file, 0)],
      ['missing', (file: string) => rmSync(file)],
      ['truncated to half', (file: string) => truncateSync(file, statSync(file).size >> 1)],
      ['truncated to one page', (file: string) => truncateSync(file, 4_096)],
      ['truncated to 100 bytes', (file: string) => truncateSync(file, 100)],
      ['overwritten with noise', (file: string) => writeFileSync(file, Buffer.alloc(statSync(file).size, 0x5a))],
    ] as const) {
      await t.test(what, async (t) => {
        const path = await filled(t);
        damage(join(path, 'disk', 'data.mdb'));
        t.throws(() => openFolder(path, 'a'), refusal(path));
        t.throws(() => openFolder(path, 'a'), refusal(path), 'again, and not as in use');
      });
    }
  },
);

t.test('a flipped bit is refused or lies where nothing is stored: no event ever comes back changed', async (t) => {
  const path = await filled(t);
  const file = join(path, 'disk', 'data.mdb');
  const pristine = readFileSync(file);
  const expected = Array.from({ length: 2_000 }, (_, index) => `${index + 1} event ${index} ${'x'.repeat(50)}`);
  let refused = 0;
  const rounds = 16;
  for (let round = 0; round < rounds; round += 1) {
    // One in each of equal parts of the file, so that all kinds of pages have their turn.
    const at = Math.floor(((round + Math.random()) / rounds) * pristine.length);
    const damaged = Buffer.from(pristine);
    damaged[at] = (damaged[at] ?? 0) ^ (1 << (round % 8));
    writeFileSync(file, damaged);
    try {
      const store = openFolder(path, 'a');
      t.same(allEvents(store, 'k'), expected, `bit ${round % 8} of byte ${at}`);
      await store.close();
    } catch (error) {
      t.match(error, { code: 'STORE_CORRUPT' }, `byte ${at}`);
      refused += 1;
    }
    writeFileSync(file, pristine);
  }
  t.ok(refused > rounds / 4, `${refused} of ${rounds} refused`);
});

t.test('a folder whose identity is missing, not ours or of another node is refused', async (t) => {
  const path = await filled(t);
  const identity = join(path, 'store.json');
  const own = readFileSync(identity, 'utf8');
  t.throws(() => openFolder(path, 'b'), refusal(path), 'of another node');
  for (const text of ['', '{', '{"format":1}', own.replace('"format": 1', '"format": 2')]) {
    writeFileSync(identity, text);
    t.throws(() => openFolder(path, 'a'), refusal(path), JSON.stringify(text));
  }
  rmSync(identity);
  t.throws(() => openFolder(path, 'a'), refusal(path), 'missing');
  writeFileSync(identity, own);
  await openFolder(path, 'a').close();
});

t.test('a store whose making was cut short is made anew', async (t) => {
  const path = await filled(t);
  const identity = join(path, 'store.json');
  writeFileSync(identity, readFileSync(identity, 'utf8').replace('"ready"', '"new"'));
  truncateSync(join(path, 'disk', 'data.mdb'), 0);
  const store = openFolder(path, 'a');
  t.same(store.contents(), { keys: 0, events: 0 });
  await store.close();
});

t.test('one process at a time has a folder; one that was killed holds nothing', async (t) => {
  const path = await filled(t);
  const store = openFolder(path, 'a');
  t.throws(() => openFolder(path, 'a'), { code: 'STORE_IN_USE', facts: { pid: process.pid } });
  await store.close();
  const owner = join(path, 'owner.json');
  t.notOk(existsSync(owner));
  const child = fork(fileURLToPath(new URL('../../testdata/store-holder.js', import.meta.url)), [path]);
  await once(child, 'message');
  t.throws(() => openFolder(path, 'a'), { code: 'STORE_IN_USE', facts: { pid: child.pid ?? 0 } });
  child.kill('SIGKILL');
  await once(child, 'exit');
  t.ok(existsSync(owner), 'it left its mark');
  await openFolder(path, 'a').close();
  // The id of a process that ended is given to another one some day.
  const stranger = spawn('sleep', ['60']);
  writeFileSync(owner, JSON.stringify({ pid: stranger.pid, started: '1' }));
  await openFolder(path, 'a').close();
  stranger.kill();
  const descriptor = openSync(owner, 'w');
  writeSync(descriptor, '{"pid":');
  closeSync(descriptor);
  await openFolder(path, 'a').close();
});

/** Whether system calls can be traced here. */
async function canTrace(): Promise<boolean> {
  return promisify(execFile)('strace', ['-e', 'trace=none', 'true']).then(
    () => true,
    () => false,
  );
}

t.test(
  'under disk a commit has written and flushed its pages, then what makes them count, before it returns',
  async (t) => {
    if (!(await canTrace())) {
      t.comment('strace is not there or may not trace: nothing was looked at');
      return;
    }
    const program = fileURLToPath(new URL('../../testdata/store-writer.js', import.meta.url));
    for (const durability of ['disk', 'process']) {
      const path = join(t.testdir(), 'store');
      const calls = 'openat,open,write,writev,pwrite64,pwritev,fdatasync,fsync,msync';
      const args = ['-f', '-qq', '-y', '-e', `trace=${calls}`, process.execPath, program, path, durability];
      const { stderr } = await promisify(execFile)('strace', args, { maxBuffer: 1 << 28 });
      const lines = stderr.split('\n');
      const file = `/${durability}/data.mdb`;
      // The descriptor on which each write waits for the device.
      const opened = lines.findLast((line) => line.includes('O_DSYNC') && line.includes(file)) ?? '';
      const synchronous = /= (\d+)</.exec(opened)?.[1] ?? 'none';
      // The program writes a line "commit N" after the Nth commit has returned.
      const marks = lines.flatMap((line, index) => (/write\(1<.*"commit \d+/.test(line) ? [index] : []));
      t.equal(marks.length, 20);
      for (const [number, mark] of marks.slice(1).entries()) {
        const between = lines.slice(marks[number], mark).filter((line) => line.includes(file));
        const kinds = between.map((line) => {
          if (/(fdatasync|fsync|msync)\(/.test(line)) return 'flush';
          return line.includes(`(${synchronous}<`) ? 'meta, synchronous' : 'pages';
        });
        const distinct = kinds.filter((kind, index) => kind !== kinds[index - 1]);
        t.same(
          distinct,
          durability === 'disk' ? ['pages', 'flush', 'meta, synchronous'] : ['pages'],
          `commit ${number + 1}`,
        );
      }
    }
  },
);
