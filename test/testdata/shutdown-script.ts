/** A program that starts a system, works, shuts down, and must then end by itself. */
import { ActorSystem } from '#runtime';
import { diarist, fragile } from '#test/testdata/actors/probe';

const [executors = '0', file = ''] = process.argv.slice(2);
const system = await ActorSystem.create({
  executors: Number(executors),
  modules: [new URL('./actors/probe.js', import.meta.url).href],
  log: { level: 'silent', format: 'json' },
  shutdownMs: 500,
});
for (const line of ['one', 'two', 'three']) {
  await system.spawn(diarist, { file, line, child: executors === '0' ? 0 : 1 }, { name: line });
}
const [busy, source] = [await system.spawn(fragile, undefined), await system.spawn(fragile, undefined)];
// Calls that nobody answers: neither their deadlines nor the abandoned stream may keep the process.
busy.call('hang', undefined, { timeoutMs: 3_600_000 }).catch(() => {});
const stream = source.call('forever')[Symbol.asyncIterator]();
await stream.next();
await system.shutdown();
await system.shutdown();
process.stdout.write('down\n');
