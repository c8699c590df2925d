/**
 * What the children of one node do: each task takes a while, has an effect outside, and is done, fails or crashes its
 * child. A child asks nobody whether it may: it runs until it is stopped. So a node that hung goes on where it stood, and
 * what its children do then is for others to refuse.
 */
import type { Done } from '#protocols/supervisor/message';
import type { World } from '../world.js';
import type { ClusterSetup } from './plan.js';
import type { Write, Written } from './register.js';

/** What a child is told to do. */
export interface Work {
  readonly child: string;
  readonly epoch: number;
  readonly task: string;
  readonly attempt: number;
  readonly payload: string;
}

/** Where children live. */
export interface ChildrenSite {
  readonly world: World;
  readonly setup: ClusterSetup;
  readonly place: number;
  /** The faults are over: nothing crashes or fails any more. */
  readonly calm: () => boolean;
  readonly write: (write: Write) => Written;
  readonly crashed: (child: string, epoch: number) => void;
  readonly done: (done: Done) => void;
}

interface Child {
  readonly epoch: number;
  running: boolean;
}

/** The children of one life of a node. */
export class Children {
  readonly #site: ChildrenSite;
  readonly #children = new Map<string, Child>();

  constructor(site: ChildrenSite) {
    this.#site = site;
  }

  /** The epoch that a child runs in; undefined when it does not. */
  epochOf(child: string): number | undefined {
    return this.#children.get(child)?.epoch;
  }

  start(child: string, epoch: number): void {
    this.#children.set(child, { epoch, running: true });
  }

  stop(name: string): void {
    const child = this.#children.get(name);
    if (child !== undefined) child.running = false;
    this.#children.delete(name);
  }

  run(work: Work): void {
    const { world, setup, place, calm } = this.#site;
    const child = this.#children.get(work.child);
    if (child === undefined) return;
    const chance = world.chances.workload;
    const crashes = chance.chance(setup.crashing);
    const fails = chance.chance(setup.failing);
    world.after(chance.between(100, setup.taskUs), place, () => {
      if (!child.running) return;
      if (crashes && !calm()) this.#crash(work);
      else if (fails && !calm()) {
        world.met('task failed');
        this.#tell(work, null);
      } else this.#write(work, child);
    });
  }

  #crash({ child, epoch }: Work): void {
    this.stop(child);
    this.#site.crashed(child, epoch);
  }

  /** The write is under way for a while; its writer may not be there any more when it arrives. */
  #write(work: Work, child: Child): void {
    const { world, setup, place, write } = this.#site;
    const chance = world.chances.workload;
    const lateUs = chance.chance(0.1) ? setup.lateUs : 5_000;
    const life = world.lifeOf(place);
    world.at(world.nowUs + chance.between(100, lateUs), -1, 0, () => {
      const written = write(work);
      world.trace.add('note', world.nowUs, place, -1, `${work.task} of ${work.child} ${work.epoch}: ${written}`);
      if (written === 'fenced') return world.met("effect of a zombie's epoch refused");
      if (written === 'done before') world.met('effect done before by another attempt');
      world.at(world.nowUs + chance.between(100, 5_000), place, life, () => {
        if (child.running) this.#tell(work, `did ${work.payload}`);
      });
    });
  }

  #tell({ task, child, epoch, attempt }: Work, result: string | null): void {
    this.#site.done({ task, child, epoch, attempt, result });
  }
}
