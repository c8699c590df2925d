/** The other thread of `messages.mjs`: counts notes, answers calls, returns balls, and streams under a window. */
import { parentPort } from 'node:worker_threads';

let count = 0;
let sum = 0;
let stream;

/** Sends while there is credit. */
function produce(port) {
  for (; stream.credit > 0 && stream.n < stream.values; stream.credit -= 1)
    port.postMessage({ type: 'value', n: stream.n++ });
  if (stream.n === stream.values) port.postMessage({ type: 'end' });
}

function listen(port) {
  port.on('message', (message) => {
    switch (message.type) {
      case 'note':
        count += 1;
        sum += message.n;
        break;
      case 'add':
        count += 1;
        port.postMessage({ id: message.id, n: message.n + 1 });
        break;
      case 'ball':
        count += 1;
        port.postMessage({ type: 'ball', left: message.left - 1 });
        break;
      case 'read':
        stream = { n: 0, values: message.values, credit: message.credit };
        produce(port);
        break;
      case 'more':
        stream.credit += message.credit;
        if (stream.n < stream.values) produce(port);
        break;
      case 'reached':
        port.postMessage({ type: 'reached' });
        break;
      case 'take':
        port.postMessage({ type: 'taken', count, sum });
        count = 0;
        sum = 0;
        break;
      case 'port':
        listen(message.port);
        break;
    }
  });
}

listen(parentPort);
