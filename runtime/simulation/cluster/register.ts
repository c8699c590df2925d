/**
 * The world outside of the cluster that tasks have an effect on: a store that any node reaches, whatever the cluster's own
 * network is like, and that writes reach late, after their writer has hung, died or lost its lease. It holds against old
 * writers with a fence, and a task that is carried out twice has its effect once, by the name of the task.
 */
import { admit, type Fence } from '#protocols/supervisor/fence';

/** Something that a child does for a task. */
export interface Write {
  readonly child: string;
  readonly epoch: number;
  readonly task: string;
}

/** What came of a write. */
export type Written =
  | 'done'
  /** Another attempt at the task had its effect before. */
  | 'done before'
  /** A later epoch of the child has written: this one is of the past. */
  | 'fenced';

/** The store. */
export class Register {
  readonly #fence: Fence = new Map();
  /** Tasks that had their effect. */
  readonly #effects = new Set<string>();

  write({ child, epoch, task }: Write): Written {
    if (!admit(this.#fence, child, epoch)) return 'fenced';
    if (this.#effects.has(task)) return 'done before';
    this.#effects.add(task);
    return 'done';
  }
}
