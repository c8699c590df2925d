/** What the kernel says of threads that want a core. */
import { cpuWaitMs, ownThreadNumber } from '#runtime/executor/cpu-wait';
import t from 'tap';

t.test(
  'the calling thread has a number, and a time of waiting that only grows',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const own = ownThreadNumber();
    t.equal(own, process.pid, 'the main thread has the number of the process');
    const before = cpuWaitMs(own);
    await new Promise((resolve) => setTimeout(resolve, 1));
    t.ok(before >= 0 && cpuWaitMs(own) >= before);
  },
);

t.test('a thread that is unknown or gone has waited for nothing', async (t) => {
  t.equal(cpuWaitMs(0), 0);
  t.equal(cpuWaitMs(2 ** 30), 0);
});
