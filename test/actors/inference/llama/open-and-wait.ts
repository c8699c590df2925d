/** A node in small: opens the model that it is told, says the process of the model, and waits to be killed. */
import { openTiny } from './tiny.js';

const model = await openTiny({ path: process.argv[2] ?? '' });
process.stdout.write(`${model.pid}\n`);
setInterval(() => undefined, 1_000);
