/**
 * What a campaign has to have met to prove anything: that nodes were declared dead, rightly and wrongly, that children were
 * moved in each way there is, that zombies spoke and were refused, that leaders changed in the middle of it.
 */
import type { Outcome } from '#protocols/supervisor/command';
import type { World } from '../world.js';

/** Names of all that every long campaign meets. */
export const milestones = [
  'leader elected',
  'leader changed during a hand-over',
  'node declared dead',
  'node declared dead in error',
  'node came back',
  'node drained',
  'child moved',
  'child placed after its lease was over',
  'child placed after its end was told',
  'lease withdrawn because nobody renewed it',
  'lease ran out on its node',
  'lease ran out while cut off',
  'child crashed',
  'sibling restarted by the strategy',
  'intensity exceeded',
  'supervisor resumed',
  'child removed',
  'task accepted again',
  'task settled long ago',
  'task retried',
  'task failed',
  "completion of a zombie's epoch refused",
  "effect of a zombie's epoch refused",
  'effect done before by another attempt',
  'ask redirected',
  'snapshot taken',
  'snapshot installed',
  'trap sprung',
  'request of a client lost',
] as const;

type Milestone = (typeof milestones)[number];

/** Counts what is met in the log. */
export class Milestones {
  readonly #world: World;
  /** Whether the process of this name and life runs and does not hang. */
  readonly #lives: (node: string, life: number) => boolean;
  readonly #nodes = new Map<string, string>();
  readonly #dead = new Set<string>();
  readonly #epochs = new Map<string, number>();

  constructor(world: World, lives: (node: string, life: number) => boolean) {
    this.#world = world;
    this.#lives = lives;
  }

  /** An entry was applied for the first time. */
  committed(outcome: Outcome): void {
    switch (outcome.type) {
      case 'placed':
        return this.#placed(outcome);
      case 'member':
        return this.#member(outcome);
      case 'withdrawn':
        if (outcome.reason === 'lease') this.#met('lease withdrawn because nobody renewed it');
        if (outcome.reason === 'strategy') this.#met('sibling restarted by the strategy');
        return;
      case 'ended':
        if (outcome.reason === 'crash') this.#met('child crashed');
        return;
      case 'drain':
        if (outcome.draining) this.#met('node drained');
        return;
      case 'escalated':
        return this.#met('intensity exceeded');
      case 'resumed':
        return this.#met('supervisor resumed');
      case 'removed':
        return this.#met('child removed');
      case 'accepted':
        if (outcome.again) this.#met('task accepted again');
        return;
      case 'settled':
        return this.#met('task settled long ago');
      case 'assigned':
        if (outcome.attempt > 1) this.#met('task retried');
        return;
      case 'refused':
        if (outcome.command === 'complete' && ![...this.#epochs.values()].includes(outcome.epoch))
          this.#met("completion of a zombie's epoch refused");
        return;
      default:
    }
  }

  #placed({ child, epoch, node, after }: Extract<Outcome, { type: 'placed' }>): void {
    const before = this.#nodes.get(child);
    if (before !== undefined && before !== node) this.#met('child moved');
    if (before !== undefined)
      this.#met(after === 'lease' ? 'child placed after its lease was over' : 'child placed after its end was told');
    this.#nodes.set(child, node);
    this.#epochs.set(child, epoch);
  }

  #member({ node, life, status }: Extract<Outcome, { type: 'member' }>): void {
    if (status === 'alive') {
      if (this.#dead.delete(node)) this.#met('node came back');
      return;
    }
    this.#dead.add(node);
    this.#met('node declared dead');
    if (this.#lives(node, life)) this.#met('node declared dead in error');
  }

  #met(what: Milestone): void {
    this.#world.met(what);
  }
}
