/**
 * The sending side of reliable delivery: a window of messages under way, sent again until the consumer says that their
 * handlers ended. Nothing here knows the time: the driver carries `arm` out and comes back with `timeout`.
 *
 *     handled ......... base ........... sent ........ next
 *        confirmed       | under way      | waiting     |     sent - base < window, next - base <= buffer
 *
 * A timeout sends everything again that is under way and that the consumer is not known to have (go-back-N), or a probe
 * when it has all. The delay doubles with each timeout up to its limit and begins again with progress. The step changes the state
 * that it is given, which belongs to it, because a copy of the window for each message would be the cost of sending.
 */
import type { Ack, ProducerPacket } from './packet.js';

/** Limits of a producer. */
export interface ProducerSettings {
  /** Messages that are sent before the first of them is handled. */
  readonly window: number;
  /** Messages that are under way or wait, at most. */
  readonly buffer: number;
  /** Milliseconds before the first resend. */
  readonly resendMs: number;
  readonly maxResendMs: number;
  /** Milliseconds without any word of the consumer after which all is given back. */
  readonly giveUpMs: number;
}

/** State of a producer; made by {@link newProducer}. */
export interface ProducerState<Payload> {
  readonly settings: ProducerSettings;
  readonly epoch: number;
  base: number;
  sent: number;
  /** Payloads from `base` on. */
  readonly pending: Payload[];
  /** Life of the consumer that `received` is of; 0 before its first word. */
  life: number;
  received: number;
  /** Timeouts since the last progress. */
  timeouts: number;
  /** Milliseconds since the last word of the consumer, as far as timeouts tell. */
  silentMs: number;
  /** The delay that the timer is armed with; 0 when it is not. */
  armedMs: number;
}

export type ProducerInput<Payload> =
  | { readonly type: 'offer'; readonly payload: Payload }
  | { readonly type: 'ack'; readonly ack: Ack }
  | { readonly type: 'timeout' };

/** Carried out in order. */
export type ProducerEffect<Payload> =
  | { readonly type: 'send'; readonly packet: ProducerPacket<Payload> }
  /** The buffer is full: this message was not accepted. */
  | { readonly type: 'refuse'; readonly payload: Payload }
  /** All up to this number are handled and may be forgotten. */
  | { readonly type: 'confirm'; readonly seq: number }
  /** Replaces the timer. */
  | { readonly type: 'arm'; readonly delayMs: number }
  | { readonly type: 'disarm' }
  /** The consumer is silent for too long: these were accepted and may not have been handled. The session is over. */
  | { readonly type: 'give-up'; readonly payloads: readonly Payload[] };

/** A producer that has sent nothing. `epoch` is above those of all its lives before. */
export function newProducer<Payload>(epoch: number, settings: ProducerSettings): ProducerState<Payload> {
  return {
    settings,
    epoch,
    base: 1,
    sent: 0,
    pending: [],
    life: 0,
    received: 0,
    timeouts: 0,
    silentMs: 0,
    armedMs: 0,
  };
}

/** One step. */
export function stepProducer<Payload>(
  state: ProducerState<Payload>,
  input: ProducerInput<Payload>,
): { readonly state: ProducerState<Payload>; readonly effects: readonly ProducerEffect<Payload>[] } {
  const effects: ProducerEffect<Payload>[] = [];
  if (input.type === 'offer') offer(state, input.payload, effects);
  else if (input.type === 'ack') acknowledged(state, input.ack, effects);
  else timedOut(state, effects);
  return { state, effects };
}

function offer<Payload>(state: ProducerState<Payload>, payload: Payload, effects: ProducerEffect<Payload>[]): void {
  if (state.pending.length >= state.settings.buffer) {
    effects.push({ type: 'refuse', payload });
    return;
  }
  state.pending.push(payload);
  fillWindow(state, effects);
  if (state.armedMs === 0) arm(state, effects);
}

function acknowledged<Payload>(state: ProducerState<Payload>, ack: Ack, effects: ProducerEffect<Payload>[]): void {
  const last = state.base + state.pending.length - 1;
  if (ack.epoch !== state.epoch || ack.handled > last || ack.received > last) return;
  state.silentMs = 0;
  const before = state.base + state.received;
  if (ack.handled >= state.base) {
    // True whichever life says so, and however late.
    state.pending.splice(0, ack.handled - state.base + 1);
    state.base = ack.handled + 1;
    state.sent = Math.max(state.sent, ack.handled);
    effects.push({ type: 'confirm', seq: ack.handled });
  }
  if (ack.life > state.life) {
    // Another life has nothing of what the life before had received.
    if (state.life !== 0) state.sent = Math.max(state.base - 1, ack.received);
    state.received = ack.received;
    state.life = ack.life;
  } else if (ack.life === state.life) state.received = Math.max(state.received, ack.received);
  state.received = Math.max(state.received, state.base - 1);
  fillWindow(state, effects);
  if (state.pending.length === 0) disarm(state, effects);
  else if (state.base + state.received !== before) {
    state.timeouts = 0;
    arm(state, effects);
  }
}

function timedOut<Payload>(state: ProducerState<Payload>, effects: ProducerEffect<Payload>[]): void {
  state.silentMs += state.armedMs;
  state.armedMs = 0;
  if (state.pending.length === 0) return;
  if (state.silentMs >= state.settings.giveUpMs) {
    effects.push({ type: 'give-up', payloads: state.pending.splice(0) });
    return;
  }
  const missing = Math.max(state.base, state.received + 1);
  for (let seq = missing; seq <= state.sent; seq += 1) send(state, seq, effects);
  if (missing > state.sent)
    effects.push({ type: 'send', packet: { type: 'probe', epoch: state.epoch, base: state.base } });
  state.timeouts += 1;
  arm(state, effects);
}

function fillWindow<Payload>(state: ProducerState<Payload>, effects: ProducerEffect<Payload>[]): void {
  const end = Math.min(state.base + state.settings.window, state.base + state.pending.length);
  while (state.sent + 1 < end) {
    state.sent += 1;
    send(state, state.sent, effects);
  }
}

function send<Payload>(state: ProducerState<Payload>, seq: number, effects: ProducerEffect<Payload>[]): void {
  const { epoch, base, pending } = state;
  effects.push({ type: 'send', packet: { type: 'data', epoch, base, seq, payload: pending[seq - base] as Payload } });
}

function arm<Payload>(state: ProducerState<Payload>, effects: ProducerEffect<Payload>[]): void {
  const { resendMs, maxResendMs } = state.settings;
  state.armedMs = Math.min(maxResendMs, resendMs * 2 ** state.timeouts);
  effects.push({ type: 'arm', delayMs: state.armedMs });
}

function disarm<Payload>(state: ProducerState<Payload>, effects: ProducerEffect<Payload>[]): void {
  state.timeouts = 0;
  if (state.armedMs === 0) return;
  state.armedMs = 0;
  effects.push({ type: 'disarm' });
}
