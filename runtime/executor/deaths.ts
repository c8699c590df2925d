/**
 * Deaths elsewhere, as an executor hears of them: a thread of this node, an executor of another one, or a whole node.
 * What each death means is in `losses.ts`; here everybody on this executor whom it concerns is told.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { FlowControl } from '../flow/flow-control.js';
import type { Caller } from './caller.js';
import type { Cell } from './cell.js';
import type { ExecutorDeath } from './death.js';
import { type DeathSignal, ForeignDeaths } from './foreign-deaths.js';
import { executorLoss, type Loss, nodeLoss } from './losses.js';
import type { OwnCalls } from './own-calls.js';
import type { ReadonlySerialTable } from './serial-table.js';
import type { Services } from './services.js';

/** What the deaths need of their executor. */
interface DeathHost {
  readonly node: string;
  readonly cells: ReadonlySerialTable<Cell>;
  readonly services: Services;
}

export class Deaths {
  readonly #host: DeathHost;
  readonly #caller: Caller;
  readonly #flow: FlowControl;
  readonly #own: OwnCalls;
  readonly #foreign: ForeignDeaths;

  constructor(host: DeathHost, caller: Caller, flow: FlowControl, own: OwnCalls) {
    this.#host = host;
    this.#caller = caller;
    this.#flow = flow;
    this.#own = own;
    this.#foreign = new ForeignDeaths(host.node);
  }

  /** News of an executor of another node; what is old or forged tells nothing. */
  hear(from: ActorAddress, signal: DeathSignal): void {
    for (const loss of this.#foreign.losses(from, signal)) this.#tell(loss);
  }

  /** Another executor of this node died. */
  executorDown(death: ExecutorDeath): void {
    this.#tell(executorLoss(this.#host.node, death));
  }

  /** Everything on that life of a node is gone for good. */
  nodeDown(node: string, incarnation: string): void {
    const loss = nodeLoss(node, incarnation);
    this.#host.services.nodeLost(loss.gone);
    this.#foreign.forget(node);
    this.#tell(loss);
  }

  #tell(loss: Loss): void {
    if (loss.concerns !== 'supervisors') {
      this.#caller.failWhere(loss.gone, loss.error);
      this.#flow.endWhere(loss.gone);
      this.#own.dropCallers(loss.gone);
    }
    for (const cell of [...this.#host.cells.values()]) cell.lost(loss);
  }
}
