/** Streams of Node itself beside those of `bench/programs/messages.ts`: a bare async generator, and a Readable of objects. */
import { Readable } from 'node:stream';
import { expectSum, sumBelow } from '../checks.mjs';
import { serve } from '../serve.mjs';

async function* generated(count) {
  for (let n = 0; n < count; n += 1) yield n;
}

/** With the usual high-water mark of object mode. */
function readable(count) {
  let n = 0;
  return new Readable({
    objectMode: true,
    read() {
      // Until it is told that the buffer is full.
      while (n < count) if (!this.push(n++)) return;
      this.push(null);
    },
  });
}

function reading(open) {
  return async () => ({
    run: async ({ values }) => {
      let count = 0;
      let sum = 0;
      const startMs = performance.now();
      for await (const n of open(values)) {
        count += 1;
        sum += n;
      }
      const ms = performance.now() - startMs;
      expectSum(sum, sumBelow(values));
      return { ms, operations: count };
    },
  });
}

await serve('node', { generator: reading(generated), readable: reading(readable) });
