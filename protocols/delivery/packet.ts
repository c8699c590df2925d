/**
 * What the two sides of a session of reliable delivery send each other. A session joins one sender and one receiver.
 *
 *     producer                                        consumer
 *        | data  { epoch, base, seq, payload } ──────────> |   in any order, or not, or twice
 *        | probe { epoch, base } ────────────────────────> |   nothing to send again, but is anybody there?
 *        | <──────────── ack { epoch, life, handled, received }
 *        | close { epoch } ──────────────────────────────> |   the producer ended and all is handled
 *
 * `epoch` numbers the lives of the producer and `life` those of the consumer; both only grow. `base` is the lowest
 * sequence number that is not acknowledged: all below were handled by some life of the consumer.
 */

/** Producer to consumer. */
export type ProducerPacket<Payload> =
  | {
      readonly type: 'data';
      readonly epoch: number;
      readonly base: number;
      readonly seq: number;
      readonly payload: Payload;
    }
  | { readonly type: 'probe'; readonly epoch: number; readonly base: number }
  | { readonly type: 'close'; readonly epoch: number };

/** Consumer to producer. Both numbers are cumulative: everything up to them, and nothing about what is above. */
export interface Ack {
  readonly epoch: number;
  readonly life: number;
  /** The handlers of all up to here have ended. */
  readonly handled: number;
  /** All up to here have arrived; the consumer keeps them as long as it lives. */
  readonly received: number;
}
