/** The actor whose children a family is, as the family sees it. */
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
