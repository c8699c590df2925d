/** A program with a short-tempered watchdog that is stopped and goes on: it must lose no thread by that. */
import { once } from 'node:events';
import { ActorSystem } from '#runtime';
import { bystander } from '#test/testdata/actors/harmful';

const system = await ActorSystem.create({
  executors: 2,
  modules: [new URL('./actors/harmful.js', import.meta.url).href],
  log: { level: 'silent', format: 'json' },
  scheduling: { stallMs: 400 },
});
const refs = [
  await system.spawn(bystander, undefined, { executor: 1 }),
  await system.spawn(bystander, undefined, { executor: 2 }),
];
for (const ref of refs) await ref.call('add', 1);
process.stdout.write('ready\n');
await once(process.stdin, 'data');
process.stdin.destroy();
// Longer than the watchdog needs to end whom it suspects.
await new Promise((resolve) => setTimeout(resolve, 1_000));
const counts = await Promise.all(refs.map((ref) => ref.call('add', 1)));
process.stdout.write(`${counts.join(' ')}\n`);
await system.shutdown();
