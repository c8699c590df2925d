/** Commits twenty times and says so after each: what a tracer of system calls sees between two lines is one commit. */
import { writeSync } from 'node:fs';
import { openFolder } from '#runtime/store/folder';
import type { Durability } from '#runtime/store/store';

const [path = '', sync = 'disk'] = process.argv.slice(2);
const store = openFolder(path, 'a');
const durability = sync as Durability;
const [claimed] = store.commit([{ type: 'claim', key: 'k' }], durability);
if (claimed?.ok !== true) throw new Error('the claim was refused');
const { epoch } = claimed.head;
for (let seq = 0; seq < 20; seq += 1) {
  store.commit([{ type: 'append', key: 'k', epoch, after: seq, events: [Buffer.from(`event ${seq}`)] }], durability);
  writeSync(1, `commit ${seq}\n`);
}
await store.close();
