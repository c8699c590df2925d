/**
 * The supervisor as the state machine of a Raft driver: entries are batches of commands, and a snapshot is all there is.
 * The hash by which voters are compared is of the whole state; items are replaced and never changed, so the part of each
 * is worked out once.
 */
import { hashText } from '#protocols/hash';
import { applyBatch } from '#protocols/supervisor/apply';
import type { Batch, Outcome } from '#protocols/supervisor/command';
import type { SupervisorSettings } from '#protocols/supervisor/settings';
import {
  type ChildSpec,
  dumpSupervisor,
  loadSupervisor,
  newSupervisor,
  type SupervisorDump,
  type SupervisorState,
} from '#protocols/supervisor/state';
import { decode, encodeChecked } from '../../codec/msgpack.js';
import type { StateMachine } from '../raft/driver.js';

/** What a supervisor begins with. */
export interface SupervisorOptions {
  readonly settings: SupervisorSettings;
  readonly children: readonly ChildSpec[];
}

/** A replicated supervisor. */
export class SupervisorMachine implements StateMachine {
  readonly state: SupervisorState;
  readonly #settings: SupervisorSettings;
  readonly #hashes = new WeakMap<object, number>();

  constructor(settings: SupervisorSettings, state: SupervisorState) {
    this.#settings = settings;
    this.state = state;
  }

  /** In the state of a snapshot; an empty one is of the beginning. */
  static restore({ settings, children }: SupervisorOptions, snapshot: Uint8Array): SupervisorMachine {
    const state = snapshot.length === 0 ? newSupervisor(children) : loadSupervisor(decode(snapshot) as SupervisorDump);
    return new SupervisorMachine(settings, state);
  }

  get hash(): number {
    const { timeMs, epoch, escalatedMs, crashes, children, members, tasks, acked } = this.state;
    let hash = hashText(`${timeMs} ${epoch} ${escalatedMs} ${crashes.join(' ')}`);
    for (const items of [children, members, tasks])
      for (const item of items.values()) hash = Math.imul(hash ^ this.#hashOf(item), 0x01000193);
    for (const [client, seq] of acked) hash = hashText(client, hash ^ seq);
    return hash;
  }

  apply(_index: number, data: Uint8Array): readonly Outcome[] {
    return applyBatch(this.state, decode(data) as Batch, this.#settings);
  }

  snapshot(): Uint8Array {
    return encodeChecked(dumpSupervisor(this.state));
  }

  #hashOf(item: object): number {
    let hash = this.#hashes.get(item);
    if (hash === undefined) this.#hashes.set(item, (hash = hashText(JSON.stringify(item))));
    return hash;
  }
}

/** The bytes of a log entry. */
export function encodeBatch(batch: Batch): Uint8Array {
  return encodeChecked(batch);
}
