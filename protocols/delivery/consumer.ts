/**
 * The receiving side of reliable delivery: puts messages in order, hands them over one at a time, and acknowledges each
 * once its handler has ended. A handler that crashed gets the message again. As one message at a time is handed over,
 * one that is handed over again is still the next in order.
 *
 *     handled | delivering | ...... received | holes ......     the buffer keeps all above `handled`
 *
 * As in `producer.ts` the step changes the state that it is given.
 */
import type { Ack, ProducerPacket } from './packet.js';

/** Limits of a consumer. */
export interface ConsumerSettings {
  /** The window of its producers. */
  readonly window: number;
  /** How often one message is handed over at most, when its handler crashes each time. */
  readonly maxDeliveries: number;
}

/** State of a consumer; made by {@link newConsumer}. */
export interface ConsumerState<Payload> {
  readonly settings: ConsumerSettings;
  readonly life: number;
  /** 0 before the first packet. */
  epoch: number;
  handled: number;
  received: number;
  /** By sequence number. */
  readonly buffer: Map<number, Payload>;
  /** Number of the message that is handed over; 0 when none is. */
  delivering: number;
  /** How often that one was handed over. */
  deliveries: number;
  /** The `handled` that the producer was told last. */
  told: number;
}

export type ConsumerInput<Payload> =
  | { readonly type: 'packet'; readonly packet: ProducerPacket<Payload> }
  /** The handler of the message ended, or the message is not wanted. */
  | { readonly type: 'handled'; readonly epoch: number; readonly seq: number }
  /** The handler of the message crashed. */
  | { readonly type: 'failed'; readonly epoch: number; readonly seq: number };

/** Carried out in order. */
export type ConsumerEffect<Payload> =
  | { readonly type: 'deliver'; readonly epoch: number; readonly seq: number; readonly payload: Payload }
  | { readonly type: 'ack'; readonly ack: Ack }
  /** It was handed over as often as is allowed and counts as handled. */
  | { readonly type: 'park'; readonly payload: Payload }
  /** The producer ended and everything is handled: the session may be forgotten. */
  | { readonly type: 'forget' };

/** A consumer that has received nothing. `life` is above those of all its lives before. */
export function newConsumer<Payload>(life: number, settings: ConsumerSettings): ConsumerState<Payload> {
  return {
    settings,
    life,
    epoch: 0,
    handled: 0,
    received: 0,
    buffer: new Map(),
    delivering: 0,
    deliveries: 0,
    told: 0,
  };
}

/** One step. */
export function stepConsumer<Payload>(
  state: ConsumerState<Payload>,
  input: ConsumerInput<Payload>,
): { readonly state: ConsumerState<Payload>; readonly effects: readonly ConsumerEffect<Payload>[] } {
  const effects: ConsumerEffect<Payload>[] = [];
  if (input.type === 'packet') receive(state, input.packet, effects);
  else if (input.epoch === state.epoch && input.seq === state.delivering) {
    if (input.type === 'failed') failed(state, effects);
    else handled(state, effects);
  }
  return { state, effects };
}

function receive<Payload>(
  state: ConsumerState<Payload>,
  packet: ProducerPacket<Payload>,
  effects: ConsumerEffect<Payload>[],
): void {
  // The producer of an epoch before is dead, and what is late of it comes too late.
  if (packet.epoch < state.epoch) return;
  if (packet.type === 'close') {
    if (packet.epoch === state.epoch && state.buffer.size === 0) effects.push({ type: 'forget' });
    return;
  }
  if (packet.epoch > state.epoch) begin(state, packet.epoch);
  skipTo(state, packet.base);
  const inOrder = packet.type === 'data' && packet.seq === state.received + 1;
  if (packet.type === 'data') keep(state, packet.seq, packet.payload);
  deliverNext(state, effects);
  // Twice or out of order: something was lost on one of the two ways, and the producer should know what is here.
  if (!inOrder) ack(state, effects);
}

function keep<Payload>(state: ConsumerState<Payload>, seq: number, payload: Payload): void {
  if (seq <= state.received || state.buffer.has(seq)) return;
  // Farther ahead than any window: not of a producer that follows the protocol.
  if (seq - state.handled > 2 * state.settings.window) return;
  state.buffer.set(seq, payload);
  while (state.buffer.has(state.received + 1)) state.received += 1;
}

/** A new life of the producer counts from 1 again. */
function begin<Payload>(state: ConsumerState<Payload>, epoch: number): void {
  state.epoch = epoch;
  state.handled = 0;
  state.received = 0;
  state.buffer.clear();
  state.delivering = 0;
  state.deliveries = 0;
  state.told = 0;
}

/** All below `base` were handled and acknowledged; where this life knows nothing of it, a life before did it. */
function skipTo<Payload>(state: ConsumerState<Payload>, base: number): void {
  if (base - 1 <= state.handled) return;
  state.handled = base - 1;
  state.received = Math.max(state.received, state.handled);
  if (state.delivering < base) state.delivering = 0;
  for (const seq of state.buffer.keys()) if (seq < base) state.buffer.delete(seq);
  while (state.buffer.has(state.received + 1)) state.received += 1;
}

function deliverNext<Payload>(state: ConsumerState<Payload>, effects: ConsumerEffect<Payload>[]): void {
  if (state.delivering !== 0 || state.handled === state.received) return;
  state.delivering = state.handled + 1;
  state.deliveries = 0;
  deliver(state, effects);
}

function deliver<Payload>(state: ConsumerState<Payload>, effects: ConsumerEffect<Payload>[]): void {
  state.deliveries += 1;
  const seq = state.delivering;
  effects.push({ type: 'deliver', epoch: state.epoch, seq, payload: state.buffer.get(seq) as Payload });
}

function failed<Payload>(state: ConsumerState<Payload>, effects: ConsumerEffect<Payload>[]): void {
  if (state.deliveries < state.settings.maxDeliveries) {
    deliver(state, effects);
    return;
  }
  effects.push({ type: 'park', payload: state.buffer.get(state.delivering) as Payload });
  handled(state, effects);
}

function handled<Payload>(state: ConsumerState<Payload>, effects: ConsumerEffect<Payload>[]): void {
  state.handled = state.delivering;
  state.buffer.delete(state.delivering);
  state.delivering = 0;
  deliverNext(state, effects);
  // One word for a quarter of a window, so that the producer never stands still, and one when there is no more.
  if (state.delivering === 0 || state.handled - state.told >= state.settings.window / 4) ack(state, effects);
}

function ack<Payload>(state: ConsumerState<Payload>, effects: ConsumerEffect<Payload>[]): void {
  const { epoch, life, handled: upTo, received } = state;
  state.told = upTo;
  effects.push({ type: 'ack', ack: { epoch, life, handled: upTo, received } });
}
