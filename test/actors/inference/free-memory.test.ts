/** What is free: of the machine, or of a container with a limit, whose page cache of read files counts as free. */
import t from 'tap';
import { freeMemory } from '#actors/inference/free-memory';

const GIB = 1_073_741_824;
const files = (of: Readonly<Record<string, string>>) => (path: string) => of[path];
const v2 = '/sys/fs/cgroup/memory';
const v1 = '/sys/fs/cgroup/memory/memory';
const machine = (): number => 8 * GIB;

t.test('without a limit the machine counts', async (t) => {
  t.equal(freeMemory(files({}), machine), 8 * GIB);
  t.equal(freeMemory(files({ [`${v2}.max`]: 'max', [`${v2}.current`]: '5' }), machine), 8 * GIB);
  t.equal(
    freeMemory(files({ [`${v1}.limit_in_bytes`]: '9223372036854771712', [`${v1}.usage_in_bytes`]: '5' }), machine),
    8 * GIB,
  );
});

t.test('a container has what is left of its limit, and what it read of files is no use of it', async (t) => {
  const group = { [`${v2}.max`]: String(4 * GIB), [`${v2}.current`]: String(3 * GIB) };
  t.equal(freeMemory(files(group), machine), GIB);
  t.equal(freeMemory(files({ ...group, [`${v2}.stat`]: `anon 5\ninactive_file ${2 * GIB}\nx 1` }), machine), 3 * GIB);
  const old = {
    [`${v1}.limit_in_bytes`]: String(2 * GIB),
    [`${v1}.usage_in_bytes`]: String(GIB),
    [`${v1}.stat`]: 'total_inactive_file 1024',
  };
  t.equal(freeMemory(files(old), machine), GIB + 1_024);
});

t.test('the machine may have less than the container allows, and nothing is less than none', async (t) => {
  const group = { [`${v2}.max`]: String(64 * GIB), [`${v2}.current`]: '0' };
  t.equal(freeMemory(files(group), machine), 8 * GIB);
  t.equal(freeMemory(files({ [`${v2}.max`]: '100', [`${v2}.current`]: '300' }), machine), 0);
});

t.ok(freeMemory() > 0, 'this machine has some');
