/** The actor whose children a family is, as the family sees it, and the reasons for which it ends them. */
import type { ActorAddress } from '#protocols/wire/address';
import type { ExitReason } from '#protocols/wire/envelope';
import type { Info } from '../actor/definition.js';

/** What the family needs of its head. */
export interface FamilyHead {
  readonly address: ActorAddress;
  inform(info: Info): void;
  /** The head itself fails: too many restarts, a failure that is not its own to judge, or its work is done. */
  crashed(reason: ExitReason): void;
}

/** Why a child is ended. */
export const PARENT_ENDS: ExitReason = { class: 'shutdown', message: 'its parent ends it' };
export const TOO_SLOW: ExitReason = { class: 'killed', message: 'it did not end in its shutdown time' };
