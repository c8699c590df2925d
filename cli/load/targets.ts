/**
 * The actors that a load talks to: started over the spawn API on every node that hosts actors, called as any client of
 * the cluster calls, and at the end asked what they handled, so that each acknowledged call is seen to have had its effect.
 */
import type { ActorSystem } from '#runtime';
import { loadTarget, tally } from '#actors/load/target';
import type { ActorAddress } from '#protocols/wire/address';
import { readAnswer, refAnswer } from '../remote/answers.js';
import type { Ask } from '../remote/session.js';

/** What the targets say of the calls that they acknowledged. */
export interface Verified {
  /** Acknowledged by actors that still live in the life that acknowledged them, and handled by those. */
  readonly acknowledged: number;
  readonly handled: number;
  /** Acknowledged by actors whose node or executor ended since, or that do not answer: what they counted is not known. */
  readonly unverified: number;
  /** Acknowledged and not handled: an effect that is missing. */
  readonly lost: number;
}

interface Target {
  readonly address: ActorAddress;
  /** Calls acknowledged, by the life that did so. */
  readonly acknowledged: Map<number, number>;
}

/** Carries what a call is about; small, as most messages are. */
const MESSAGE = { data: 'sixteen letters.' };

/** The targets of one load. */
export class Targets {
  readonly #system: ActorSystem;
  readonly #targets: readonly Target[];

  private constructor(system: ActorSystem, addresses: readonly ActorAddress[]) {
    this.#system = system;
    this.#targets = addresses.map((address) => ({ address, acknowledged: new Map() }));
  }

  /** Starts `count` targets, spread over the nodes. @throws SkepError as the spawn API does. */
  static async start(
    system: ActorSystem,
    ask: Ask,
    { nodes, count, leaseMs }: { readonly nodes: readonly string[]; readonly count: number; readonly leaseMs: number },
  ): Promise<Targets> {
    const addresses: ActorAddress[] = [];
    try {
      for (let index = 0; index < count; index += 1) {
        const request = {
          definition: loadTarget.name,
          args: { leaseMs },
          node: nodes[index % nodes.length],
          restart: 'transient',
        };
        addresses.push(readAnswer(refAnswer, await ask('spawn', request)).ref as ActorAddress);
      }
    } catch (error) {
      await new Targets(system, addresses).stop(ask);
      throw error;
    }
    return new Targets(system, addresses);
  }

  /** Makes the call of this number; each target has its turn. @throws SkepError what the call ends with. */
  async call(index: number, timeoutMs: number): Promise<void> {
    const target = this.#targets[index % this.#targets.length];
    if (target === undefined) return;
    const life = (await this.#system.call(target.address, 'hit', MESSAGE, { timeoutMs })) as number;
    target.acknowledged.set(life, (target.acknowledged.get(life) ?? 0) + 1);
  }

  /** Holds what was acknowledged against what was handled. */
  async verify(timeoutMs: number): Promise<Verified> {
    const each = await Promise.all(this.#targets.map((target) => this.#verifyOne(target, timeoutMs)));
    const sum = (of: (one: Verified) => number): number => each.reduce((total, one) => total + of(one), 0);
    return {
      acknowledged: sum((one) => one.acknowledged),
      handled: sum((one) => one.handled),
      unverified: sum((one) => one.unverified),
      lost: sum((one) => one.lost),
    };
  }

  async #verifyOne({ address, acknowledged }: Target, timeoutMs: number): Promise<Verified> {
    const all = [...acknowledged.values()].reduce((total, count) => total + count, 0);
    try {
      const { life, handled } = tally.parse(await this.#system.call(address, 'tally', undefined, { timeoutMs }));
      const inThisLife = acknowledged.get(life) ?? 0;
      return {
        acknowledged: inThisLife,
        handled,
        unverified: all - inThisLife,
        lost: Math.max(0, inThisLife - handled),
      };
    } catch {
      return { acknowledged: 0, handled: 0, unverified: all, lost: 0 };
    }
  }

  /** Asks all of them to stop; those whose node has ended are gone already. */
  async stop(ask: Ask): Promise<void> {
    await Promise.allSettled(this.#targets.map(({ address }) => ask('stop', { ref: address }, 0)));
  }
}
