/**
 * What a message of reliable delivery carries on its way through the mailbox of its receiver: a line back to its
 * session. It exists on one executor only and never crosses the wire.
 */
export interface Receipt {
  /** Its handler is about to run. */
  taken(): void;
  /** Its handler has ended, or there is none. */
  handled(): void;
  /** The mailbox did not take it, or the actor ended before its turn. */
  refused(reason: 'stopped' | 'mailbox-full' | 'displaced'): void;
}
