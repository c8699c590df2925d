/** Opens a store and holds it until it is killed. */
import { openFolder } from '#runtime/store/folder';

openFolder(process.argv[2] ?? '', 'a');
process.send?.('open');
setInterval(() => {}, 60_000);
