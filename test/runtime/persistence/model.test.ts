/**
 * Random histories against a model: commands, crashes of the actor, ends of the process, power cuts and failing flushes,
 * in any order. The model is a set of ids; the actor must always count exactly those that it acknowledged, and of those
 * that failed each at most once.
 */
import { ActorSystem, type ActorRef, memoryStore } from '#runtime';
import { VirtualClock } from '#runtime/testing/virtual-clock';
import fc from 'fast-check';
import t from 'tap';
import { tally } from '#test/testdata/actors/ledger';
import { settle, shutdownInline } from '../support.js';

type Step = 'add' | 'repeat' | 'crash' | 'restart' | 'kill' | 'power' | 'fail-flush';
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant<Step>('add') },
    { weight: 2, arbitrary: fc.constant<Step>('repeat') },
    { weight: 1, arbitrary: fc.constantFrom<Step>('crash', 'restart', 'kill', 'power', 'fail-flush') },
  ),
  { minLength: 5, maxLength: 60 },
);

class World {
  readonly store = memoryStore();
  readonly acknowledged = new Set<string>();
  readonly unknown = new Set<string>();
  #clock = new VirtualClock();
  #system: ActorSystem | undefined;
  #ref: ActorRef<typeof tally> | undefined;
  #issued = 0;

  async start(): Promise<void> {
    this.#clock = new VirtualClock();
    this.#system = await ActorSystem.create({
      node: 'a',
      clock: this.#clock,
      definitions: [tally],
      log: { level: 'silent', format: 'json' },
      store: this.store,
      onFatal: () => {},
    });
    this.#ref = await this.#system.spawn(tally, { key: 'k' });
  }

  async stop(): Promise<void> {
    if (this.#system !== undefined) await shutdownInline(this.#system, this.#clock);
  }

  async take(step: Step): Promise<void> {
    switch (step) {
      case 'add':
        this.#issued += 1;
        return this.#add(`c${this.#issued}`);
      case 'repeat':
        return this.#issued === 0 ? undefined : this.#add(`c${this.#issued}`);
      case 'crash':
        this.#ref?.cast('crash');
        await settle();
        this.#clock.advance(10_000);
        return settle();
      case 'restart':
        await this.stop();
        return this.start();
      case 'kill':
      case 'power':
        this.store.crash(step === 'kill' ? 'process' : 'power');
        await this.stop();
        return this.start();
      case 'fail-flush':
        this.store.failNextFlush();
        await this.take('add');
        return this.take('power');
    }
  }

  /** What a client does with commands whose answers were lost. */
  async repeatUnknown(): Promise<void> {
    for (const id of this.unknown) await this.#add(id);
  }

  async count(): Promise<number> {
    return (await this.#ref?.call('get'))?.count ?? Number.NaN;
  }

  async #add(id: string): Promise<void> {
    try {
      await this.#ref?.call('add', { amount: 1, id });
      this.acknowledged.add(id);
      this.unknown.delete(id);
    } catch {
      if (!this.acknowledged.has(id)) this.unknown.add(id);
    }
  }
}

t.test('whatever dies, an acknowledged command is counted and no command is counted twice', async (t) => {
  const details = await fc.check(
    fc.asyncProperty(steps, async (history) => {
      const world = new World();
      await world.start();
      try {
        for (const step of history) {
          await world.take(step);
          const count = await world.count();
          const least = world.acknowledged.size;
          if (!(count >= least && count <= least + world.unknown.size))
            throw new Error(`after ${step}: ${count} counted, ${least} acknowledged, ${world.unknown.size} unknown`);
        }
        await world.repeatUnknown();
        const [count, expected] = [await world.count(), world.acknowledged.size];
        if (count !== expected) throw new Error(`in the end: ${count} counted, ${expected} acknowledged`);
      } finally {
        await world.stop();
      }
    }),
    { numRuns: 40, interruptAfterTimeLimit: 60_000 },
  );
  t.equal(details.failed, false, String(details.errorInstance));
});
