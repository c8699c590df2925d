/**
 * Deaths of others: an executor of this node that ended, a node that is considered dead. Whoever waits for, watches,
 * supervises or is supervised by what was there is told; what died itself can tell nobody.
 */
import { type ActorAddress, addressParts } from '#protocols/wire/address';
import type { ExitReason } from '#protocols/wire/envelope';
import { SkepError } from '#protocols/wire/error';
import type { IsGone } from './cell-watch.js';

/** What died, and what is said about it. */
export interface Loss {
  readonly gone: IsGone;
  /** The reason in monitors and to supervisors. */
  readonly reason: ExitReason;
  /** The error of a call to an address that is gone. */
  readonly error: (to: ActorAddress) => SkepError;
}

/** The end of an executor: its actors are gone until their supervisors restart them on its replacement. */
export function executorLoss(node: string, executor: number): Loss {
  return {
    gone: (address) => {
      const parts = addressParts(address);
      return parts.node === node && parts.executor === executor;
    },
    reason: { class: 'crash', message: `executor ${executor} ended` },
    error: (to) => new SkepError('EXECUTOR_DOWN', `executor ${executor} ended before ${to} answered`, { executor, to }),
  };
}

/** The end of one life of a node: everything there is gone for good. An address with `*` is of whichever life there is. */
export function nodeLoss(node: string, incarnation: string): Loss {
  return {
    gone: (address) => {
      const parts = addressParts(address);
      return parts.node === node && (parts.incarnation === incarnation || parts.incarnation === '*');
    },
    reason: { class: 'node-down', message: `node ${node} is down` },
    error: (to) => new SkepError('NODE_DOWN', `node ${node} went down before ${to} answered`, { node, to }),
  };
}
