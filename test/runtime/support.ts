/**
 * Systems for scenarios. Inline: one executor on the calling thread under a clock that stands still, so that time passes
 * only where a scenario says so. Threads: real executors that load the modules in `test/testdata/actors`.
 */
import { ActorSystem, type SystemOptions } from '#runtime';
import { VirtualClock } from '#runtime/testing/virtual-clock';
import type { Test } from 'tap';

/** A system on this thread and its clock; stopped when the test ends. */
export async function inlineSystem(
  t: Test,
  options: SystemOptions = {},
): Promise<{ readonly system: ActorSystem; readonly clock: VirtualClock }> {
  const clock = new VirtualClock();
  const system = await ActorSystem.create({
    node: 'a',
    incarnation: 'i1',
    log: { level: 'silent', format: 'json' },
    freezeMessages: true,
    clock,
    ...options,
  });
  t.teardown(() => shutdownInline(system, clock));
  return { system, clock };
}

/** Shuts an inline system down, letting the time pass that actors which hang are given. */
export async function shutdownInline(system: ActorSystem, clock: VirtualClock): Promise<void> {
  let down = false;
  const stopping = system.shutdown().finally(() => {
    down = true;
  });
  for (let waited = 0; !down && waited < 100; waited += 1) {
    await settle();
    if (!down) clock.advance(1_000);
  }
  await stopping;
}

/** A system with two executors in threads, which load these modules of `test/testdata/actors`. */
export async function threadSystem(
  t: Test,
  modules: readonly string[],
  options: SystemOptions = {},
): Promise<ActorSystem> {
  const system = await ActorSystem.create({
    node: 'a',
    executors: 2,
    modules: modules.map((name) => new URL(`../testdata/actors/${name}.js`, import.meta.url).href),
    log: { level: 'silent', format: 'json' },
    freezeMessages: true,
    ...options,
  });
  t.teardown(() => system.shutdown());
  return system;
}

/** Lets the actors of an inline system run until none has anything to do: each round is a turn of the event loop. */
export async function settle(rounds = 10): Promise<void> {
  for (let round = 0; round < rounds; round += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A promise and its handles. */
export function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

/** How many dead letters of each reason there are on the executors of a system. */
export async function deadLetters(system: ActorSystem): Promise<Readonly<Record<string, number>>> {
  const total: Record<string, number> = {};
  for (const report of await system.reports()) {
    for (const [reason, count] of Object.entries(report.deadLetters.counts))
      total[reason] = (total[reason] ?? 0) + count;
  }
  return total;
}
