/** What tests of the supervisor say often. */
import { applyBatch } from '#protocols/supervisor/apply';
import type { Command, Outcome } from '#protocols/supervisor/command';
import { type SupervisorSettings, supervisorSettings } from '#protocols/supervisor/settings';
import { type Child, newSupervisor, type SupervisorState } from '#protocols/supervisor/state';

/** A supervisor whose log is written by hand. */
export class Log {
  readonly state: SupervisorState;
  readonly settings: SupervisorSettings;
  nowMs = 0;

  constructor(children: readonly string[] = ['a', 'b'], settings: Partial<SupervisorSettings> = {}) {
    this.state = newSupervisor(children.map((name) => ({ name, required: [] })));
    this.settings = supervisorSettings(settings);
  }

  /** Commits commands in one entry. */
  commit(...commands: readonly Command[]): readonly Outcome[] {
    return applyBatch(this.state, { atMs: this.nowMs, commands }, this.settings);
  }

  /** What came of them, by type. */
  types(...commands: readonly Command[]): readonly string[] {
    return this.commit(...commands).map(({ type }) => type);
  }

  /** Nodes that are alive, in their first life. */
  join(...nodes: readonly string[]): this {
    for (const node of nodes) this.commit(member(node));
    return this;
  }

  /** Places a child in the first life of a node; its epoch. */
  place(child: string, node: string, life = 1): number {
    this.commit({ type: 'place', child, after: this.child(child).epoch, node, life });
    return this.child(child).epoch;
  }

  child(name: string): Child {
    const child = this.state.children.get(name);
    if (child === undefined) throw new Error(`there is no child ${name}`);
    return child;
  }
}

/** What SWIM says of a node. */
export function member(
  node: string,
  {
    life = 1,
    incarnation = 1,
    status = 'alive',
  }: { life?: number; incarnation?: number; status?: 'alive' | 'dead' } = {},
): Extract<Command, { type: 'member' }> {
  return { type: 'member', node, life, incarnation, status, labels: [] };
}

/** A client hands over a task. */
export function submission(client: string, seq: number, acked = 0): Extract<Command, { type: 'submit' }> {
  return { type: 'submit', client, seq, acked, payload: `${client} ${seq}` };
}
