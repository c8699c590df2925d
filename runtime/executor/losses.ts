/**
 * Deaths of others: an executor that ended, here or on another node, and a node that is considered dead. Whoever waits
 * for, watches, supervises or is supervised by what was there is told; what died itself can tell nobody.
 */
import { type ActorAddress, addressParts } from '#protocols/wire/address';
import type { ExitReason } from '#protocols/wire/envelope';
import { SkepError } from '#protocols/wire/error';
import type { IsGone } from './cell-watch.js';
import type { ExecutorDeath } from './death.js';

/** What died, and what is said about it. */
export interface Loss {
  readonly gone: IsGone;
  /** The reason in monitors and to supervisors. */
  readonly reason: ExitReason;
  /** The error of a call to an address that is gone. */
  readonly error: (to: ActorAddress) => SkepError;
  /** The one actor that is to blame, where it is known; the others are brought back without a restart being counted. */
  readonly culprit?: ActorAddress | undefined;
  /**
   * Whom it concerns. Everybody, when all is over at once. For an executor of another node first everybody but the
   * supervisors of what was there, and these once there is a replacement that can take their restarts.
   */
  readonly concerns: 'everybody' | 'all-but-supervisors' | 'supervisors';
}

/** The end of an executor of this node: its actors are gone until their supervisors restart them on its replacement. */
export function executorLoss(node: string, death: ExecutorDeath): Loss {
  return lossOf(death, 'everybody', (address) => {
    const parts = addressParts(address);
    return parts.node === node && parts.executor === death.executor;
  });
}

/**
 * The end of an executor of another node. The news may be late: what was born in a later life of the node, or on the
 * replacement of the executor, is not gone.
 */
export function foreignLoss(node: string, incarnation: string, death: ExecutorDeath, concerns: Loss['concerns']): Loss {
  return lossOf(death, concerns, (address, callId = 0) => {
    const parts = addressParts(address);
    if (parts.node !== node || parts.executor !== death.executor) return false;
    // Ids of calls begin, like serials, above those of the life before.
    if (parts.serial >= death.nextSerial || callId >= death.nextSerial) return false;
    return parts.incarnation === incarnation || parts.incarnation === '*';
  });
}

function lossOf(death: ExecutorDeath, concerns: Loss['concerns'], gone: IsGone): Loss {
  const { executor, reason, culprit } = death;
  const error = (to: ActorAddress): SkepError =>
    new SkepError('EXECUTOR_DOWN', `executor ${executor} ended before ${to} answered`, {
      executor,
      to,
      class: reason.class,
      reason: reason.message,
    });
  return { gone, reason, culprit, concerns, error };
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
    concerns: 'everybody',
  };
}
