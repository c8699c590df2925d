/** What waits in a mailbox: a cast as it came, or a call with its deadline on this executor's clock. */
import type { Call, Cast } from './cell-refusal.js';

/** A call on this executor. */
export interface ReceivedCall {
  readonly envelope: Call;
  readonly deadlineMs: number;
}

export type Letter = Cast | ReceivedCall;

/** The message of a letter. */
export function envelopeOf(letter: Letter): Cast | Call {
  return 'deadlineMs' in letter ? letter.envelope : letter;
}
