/**
 * What an operator asks of an executor beside its report: to look into one actor, to list dead letters and to send them
 * again. The answers are plain data; the requests come from other nodes and are checked.
 */
import { z } from 'zod';
import { type ActorAddress, addressSchema } from './address.js';

/** Names a dead letter: its executor and a number. */
export const deadLetterIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}@[a-z0-9]{1,16}\/\d{1,4}#\d{1,15}$/, 'expected an id such as node-1@k3f9/2#17');

/** Requests by call. */
export const operatorRequests = {
  inspect: z.strictObject({ address: addressSchema, state: z.boolean().optional() }),
  deadLetters: z.strictObject({
    reason: z.string().max(64).optional(),
    payload: z.boolean().optional(),
    limit: z.number().int().min(1).max(1_000).optional(),
  }),
  replay: z.strictObject({
    ids: z.array(deadLetterIdSchema).max(10_000).optional(),
    reason: z.string().max(64).optional(),
    to: addressSchema.optional(),
    force: z.boolean().optional(),
  }),
} as const;

/** Name of a call. */
export type OperatorCall = keyof typeof operatorRequests;

/** The checked request of a call. */
export type OperatorRequest<C extends OperatorCall> = z.output<(typeof operatorRequests)[C]>;

/** What became of one dead letter that was to be sent again. */
export type ReplayOutcome =
  /** In the mailbox of an actor on the executor where the letter lay. */
  | 'accepted'
  /** On its way to another executor or node; if it dies there it is a new dead letter there. */
  | 'sent'
  /** Dead again, for the reason given; it stays where it is and may be tried again. */
  | 'refused'
  /** It was sent before, and nobody forced it. */
  | 'already-replayed'
  /** A call or an answer: who asked has been told, and nobody waits any more. */
  | 'not-a-cast'
  /** Its payload gave way to newer ones, or was no plain data. */
  | 'not-kept'
  /** No letter of that id is kept. */
  | 'unknown'
  /** Its executor gave no answer in time: the letter may have gone or not. */
  | 'unanswered';

/** The result for one letter. */
export interface ReplayResult {
  readonly id: string;
  readonly outcome: ReplayOutcome;
  /** Where it went, for those that went. */
  readonly to?: ActorAddress;
  /** Why it was refused, or the code of the error that came for an answer. */
  readonly reason?: string;
}
