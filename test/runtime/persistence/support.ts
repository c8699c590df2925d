/** Systems with stores for the scenarios of persistence. */
import { ActorSystem, memoryStore, type MemoryStore, type SystemOptions } from '#runtime';
import { VirtualClock } from '#runtime/testing/virtual-clock';
import type { Test } from 'tap';
import { alarm, draft, logbook, tally } from '#test/testdata/actors/ledger';
import { shutdownInline } from '../support.js';

/** A life of a node on this thread over a store in memory, which outlives it. */
export async function storedSystem(
  t: Test,
  store: MemoryStore = memoryStore(),
  options: SystemOptions = {},
): Promise<{ readonly system: ActorSystem; readonly clock: VirtualClock; readonly store: MemoryStore }> {
  const clock = new VirtualClock();
  const system = await ActorSystem.create({
    node: 'a',
    log: { level: 'silent', format: 'json' },
    freezeMessages: true,
    clock,
    definitions: [tally, draft, alarm, logbook],
    callTimeoutMs: 60_000,
    store,
    ...options,
  });
  t.teardown(() => shutdownInline(system, clock));
  return { system, clock, store };
}
