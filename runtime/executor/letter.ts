/** What waits in a mailbox: a cast, or a call with its deadline on this executor's clock. */
import type { Call, Cast } from './cell-refusal.js';

export type Letter = { readonly envelope: Cast } | { readonly envelope: Call; readonly deadlineMs: number };
