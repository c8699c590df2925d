/** Whatever lies in a tree, reading it gives text or a reason, and never waits, follows a link or throws. */
import { execFileSync } from 'node:child_process';
import { chmodSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { isSkipped, readSource, sourceFromBytes, sourceFromText } from '#actors/audit/source-file';

async function reasonOf(root: string, path: string, maxBytes = 2 * 1024 * 1024): Promise<string> {
  const file = await readSource(root, path, { maxBytes });
  return isSkipped(file) ? `${file.reason}: ${file.detail}` : 'read';
}

t.test('text comes back decoded, with its size and language', async (t) => {
  const root = t.testdir({ src: { 'a.ts': 'const a = "ä";\n' } });
  const file = await readSource(root, 'src/a.ts');
  if (isSkipped(file)) throw new Error(file.detail);
  t.equal(file.text, 'const a = "ä";\n');
  t.equal(file.bytes, 16);
  t.equal(file.language, 'typescript');
});

t.test('a file of 200 MB is refused by its size alone', async (t) => {
  const root = t.testdir({ 'huge.txt': '' });
  truncateSync(join(root, 'huge.txt'), 200 * 1024 * 1024);
  t.equal(await reasonOf(root, 'huge.txt'), 'too-large: 209715200 bytes, more than 2097152');
});

t.test('a fifo without a writer is refused at once', async (t) => {
  const root = t.testdir();
  execFileSync('mkfifo', [join(root, 'pipe.txt')]);
  t.equal(await reasonOf(root, 'pipe.txt'), 'not-a-file: a fifo');
});

t.test('a folder, a missing file and a path through a file give their reasons', async (t) => {
  const root = t.testdir({ folder: {}, 'file.txt': 'x' });
  t.equal(await reasonOf(root, 'folder'), 'not-a-file: a folder');
  t.equal(await reasonOf(root, 'gone.txt'), 'unreadable: not there');
  t.equal(await reasonOf(root, 'file.txt/below'), 'unreadable: not there');
});

t.test('links are never followed: to a file, to themselves, in the middle of a path', async (t) => {
  const root = t.testdir({ inside: {}, outside: { 'secret.txt': 'x' } });
  symlinkSync('/etc/hostname', join(root, 'inside/link'));
  symlinkSync('loop', join(root, 'inside/loop'));
  symlinkSync('../outside', join(root, 'inside/folder'));
  const inside = join(root, 'inside');
  t.equal(await reasonOf(inside, 'link'), 'symlink: a symbolic link');
  t.equal(await reasonOf(inside, 'loop'), 'symlink: a symbolic link');
  t.equal(await reasonOf(inside, 'folder/secret.txt'), 'symlink: behind a symbolic link');
});

t.test('a path cannot lead out of the root', async (t) => {
  const root = t.testdir({ inside: {}, 'secret.txt': 'x' });
  for (const path of ['../secret.txt', '/etc/hostname', 'a/../../secret.txt', '', './x', 'a\0b']) {
    t.equal(await reasonOf(join(root, 'inside'), path), 'unreadable: the path leads out of the repository', path);
  }
});

const asRoot = process.getuid?.() === 0;

t.test('a file without read permission is skipped', { skip: asRoot && 'root may read everything' }, async (t) => {
  const root = t.testdir({ 'closed.txt': 'x' });
  chmodSync(join(root, 'closed.txt'), 0);
  t.equal(await reasonOf(root, 'closed.txt'), 'unreadable: permission denied');
});

t.test('bytes that are no text are told from text in another encoding', async (t) => {
  const kind = (bytes: readonly number[]): string => {
    const file = sourceFromBytes('a.txt', Uint8Array.from(bytes));
    return isSkipped(file) ? file.reason : file.text;
  };
  t.equal(kind([0x61, 0xc3, 0x28]), 'bad-encoding');
  t.equal(kind([0x61, 0x00, 0x62]), 'binary');
  t.equal(kind([0x89, 0x50, 0x4e, 0x47, 0x0d]), 'binary');
  t.equal(kind([0xff, 0xfe, 0x00, 0x00, 0x61]), 'binary');
  t.equal(kind([0xef, 0xbb, 0xbf, 0x61]), 'a');
  t.equal(kind([0xff, 0xfe, 0x61, 0x00]), 'a');
  t.equal(kind([0xfe, 0xff, 0x00, 0x61]), 'a');
  t.equal(kind([0xff, 0xfe, 0x00, 0xd8]), 'bad-encoding');
  t.equal(kind([]), '');
  t.equal(
    kind([...new Array<number>(9000).fill(0x61), 0]).length,
    9001,
    'a NUL after 8 KiB is let through, as git does',
  );
});

t.test('a file that was text in the list and is larger than the limit when read is refused', async (t) => {
  const root = t.testdir({ 'a.txt': '12345' });
  t.equal(await reasonOf(root, 'a.txt', 5), 'read');
  writeFileSync(join(root, 'a.txt'), '123456');
  t.equal(await reasonOf(root, 'a.txt', 5), 'too-large: 6 bytes, more than 5');
});

t.test('positions count lines ended by LF, CRLF and CR, and clamp what is outside', (t) => {
  const file = sourceFromText('a.txt', 'one\ntwo\r\nthree\rfour', 19);
  const at = (offset: number): string => Object.values(file.position(offset)).join(':');
  t.equal(at(0), '1:1');
  t.equal(at(3), '1:4');
  t.equal(at(4), '2:1');
  t.equal(at(9), '3:1');
  t.equal(at(15), '4:1');
  t.equal(at(19), '4:5');
  t.equal(at(999), '4:5');
  t.equal(at(-1), '1:1');
  t.end();
});

t.test('names decide the language', (t) => {
  const language = (path: string): string => sourceFromText(path, '', 0).language;
  t.equal(language('a/b.TSX'), 'tsx');
  t.equal(language('.env.production'), 'dotenv');
  t.equal(language('Dockerfile'), 'dockerfile');
  t.equal(language('.gitignore'), 'other');
  t.equal(language('README'), 'other');
  t.end();
});
