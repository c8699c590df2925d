/**
 * Two nodes, `a` and `b`, of one executor each, joined in memory: what one sends arrives at the other as frames, as it
 * would over a network, and a scenario can cut the line or look at what passed.
 */
import type { AnyDefinition } from '#runtime';
import { addressParts } from '#protocols/wire/address';
import { buildExecutor } from '#runtime/executor/build';
import type { Executor } from '#runtime/executor/executor';
import { VirtualClock } from '#runtime/testing/virtual-clock';
import type { Test } from 'tap';
import { settle } from './support.js';

/** The two nodes and the line between them. */
export interface Pair {
  readonly a: Executor;
  readonly b: Executor;
  readonly clock: VirtualClock;
  /** Frames that passed the line. */
  readonly frames: Uint8Array[];
  /** From now on the line swallows everything. */
  cut(): void;
  /** From now on the line carries again what is sent. */
  mend(): void;
  /** From now on the line delivers each frame so often: 0 loses it, 2 doubles it. */
  through(copies: () => number): void;
}

/** Makes the pair; both nodes know the definitions. */
export async function pairOfNodes(t: Test, definitions: readonly AnyDefinition[]): Promise<Pair> {
  const clock = new VirtualClock();
  const make = async (node: string): Promise<Executor> => {
    const built = await buildExecutor(
      {
        node,
        incarnation: `${node}1`,
        id: 0,
        topology: { defaults: [0] },
        modules: [],
        extensions: [],
        log: { level: 'silent', format: 'json' },
        callTimeoutMs: 5_000,
        shutdownMs: 1_000,
        defaults: {},
        firstSerial: 16,
        slowTurnMs: 100,
        offload: { threads: 1, queue: 1, idleMs: 1_000 },
        freezeMessages: true,
      },
      { definitions, clock },
    );
    return built.executor;
  };
  const [a, b] = [await make('a'), await make('b')];
  const frames: Uint8Array[] = [];
  let copies = (): number => 1;
  const join = (from: Executor, to: Executor): void => {
    from.setRemote((node) => {
      if (node !== addressParts(to.address).node) return undefined;
      const send = (frame: Uint8Array): boolean => {
        frames.push(frame);
        for (let left = copies(); left > 0; left -= 1) setImmediate(() => to.receive(frame));
        return true;
      };
      return { maxFrameBytes: 60_000, send };
    });
  };
  join(a, b);
  join(b, a);
  t.teardown(async () => {
    const closing = Promise.all([a.stopNode().then(() => a.close()), b.stopNode().then(() => b.close())]);
    let closed = false;
    closing.then(
      () => (closed = true),
      () => (closed = true),
    );
    for (let round = 0; !closed && round < 100; round += 1) {
      await settle();
      if (!closed) clock.advance(1_000);
    }
    await closing;
  });
  const through = (next: () => number): void => void (copies = next);
  return { a, b, clock, frames, cut: () => through(() => 0), mend: () => through(() => 1), through };
}
