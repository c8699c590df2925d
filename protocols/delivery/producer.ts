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
 *
 * A durable producer sends nothing before the driver says that it is stored, so what the consumer can have is always
 * what a next life of the producer finds. That life goes on under the same epoch and the same numbers, from any base
 * that was ever true: what the consumer has handled beyond it, it drops, and says so.
 *
 *     offer --persist--> unstored --stored--> waiting --send--> under way --ack--> handled --forget--> gone
 */
import { unreachable } from '../wire/error.js';
import type { Ack, ProducerPacket } from './packet.js';

/** Messages that are handled and still stored, at most, while others follow. */
const FORGET_BATCH = 64;

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
  /** All up to here are stored and may be sent; infinite for a producer that stores nothing. */
  stored: number;
  /** All up to here may be gone from the store. */
  forgotten: number;
}

export type ProducerInput<Payload> =
  | { readonly type: 'offer'; readonly payload: Payload }
  | { readonly type: 'ack'; readonly ack: Ack }
  | { readonly type: 'timeout' }
  /** All up to this number are stored. */
  | { readonly type: 'stored'; readonly seq: number }
  /** The newest offer could not be given to the store at all, and is taken back. */
  | { readonly type: 'unstored' }
  /** A life begins, of the producer from what was stored, or with a consumer somewhere else: all is sent anew. */
  | { readonly type: 'resume' };

/** Carried out in order. */
export type ProducerEffect<Payload> =
  | { readonly type: 'send'; readonly packet: ProducerPacket<Payload> }
  /** The buffer is full: this message was not accepted. */
  | { readonly type: 'refuse'; readonly payload: Payload }
  /** Is to be stored, in the order of the numbers. */
  | { readonly type: 'persist'; readonly seq: number; readonly payload: Payload }
  /** All up to this number may be removed from the store, in the driver's own time. */
  | { readonly type: 'forget'; readonly seq: number }
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
    stored: Number.POSITIVE_INFINITY,
    forgotten: 0,
  };
}

/** A durable producer with what its life before had stored from `base` on; `resume` is its first input then. */
export function durableProducer<Payload>(
  epoch: number,
  settings: ProducerSettings,
  base = 1,
  pending: Payload[] = [],
): ProducerState<Payload> {
  const before = base - 1;
  const stored = before + pending.length;
  const fresh = newProducer<Payload>(epoch, settings);
  return { ...fresh, base, pending, stored, sent: before, received: before, forgotten: before };
}

/** One step. */
export function stepProducer<Payload>(
  state: ProducerState<Payload>,
  input: ProducerInput<Payload>,
): { readonly state: ProducerState<Payload>; readonly effects: readonly ProducerEffect<Payload>[] } {
  const effects: ProducerEffect<Payload>[] = [];
  switch (input.type) {
    case 'offer':
      offer(state, input.payload, effects);
      break;
    case 'ack':
      acknowledged(state, input.ack, effects);
      break;
    case 'timeout':
      timedOut(state, effects);
      break;
    case 'stored':
      state.stored = Math.max(state.stored, input.seq);
      sendMore(state, effects);
      break;
    case 'unstored':
      effects.push({ type: 'refuse', payload: state.pending.pop() as Payload });
      break;
    case 'resume':
      resume(state, effects);
      break;
    default:
      unreachable(input);
  }
  return { state, effects };
}

function offer<Payload>(state: ProducerState<Payload>, payload: Payload, effects: ProducerEffect<Payload>[]): void {
  if (state.pending.length >= state.settings.buffer) {
    effects.push({ type: 'refuse', payload });
    return;
  }
  state.pending.push(payload);
  if (isDurable(state)) effects.push({ type: 'persist', seq: state.base + state.pending.length - 1, payload });
  else sendMore(state, effects);
}

function isDurable({ stored }: ProducerState<unknown>): boolean {
  return stored !== Number.POSITIVE_INFINITY;
}

function sendMore<Payload>(state: ProducerState<Payload>, effects: ProducerEffect<Payload>[]): void {
  fillWindow(state, effects);
  if (state.armedMs === 0 && state.sent >= state.base) arm(state, effects);
}

/** Whatever a consumer told counts no more, but what it said was handled. */
function resume<Payload>(state: ProducerState<Payload>, effects: ProducerEffect<Payload>[]): void {
  state.sent = state.base - 1;
  state.received = state.sent;
  state.life = 0;
  state.timeouts = 0;
  state.silentMs = 0;
  fillWindow(state, effects);
  if (state.sent >= state.base) arm(state, effects);
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
    if (state.base - 1 - state.forgotten >= FORGET_BATCH) forget(state, effects);
  }
  if (ack.life > state.life) {
    // Another life has nothing of what the life before had received.
    if (state.life !== 0) state.sent = Math.max(state.base - 1, ack.received);
    state.received = ack.received;
    state.life = ack.life;
  } else if (ack.life === state.life) state.received = Math.max(state.received, ack.received);
  state.received = Math.max(state.received, state.base - 1);
  fillWindow(state, effects);
  if (state.sent < state.base) rest(state, effects);
  else if (state.base + state.received !== before) {
    state.timeouts = 0;
    arm(state, effects);
  }
}

function timedOut<Payload>(state: ProducerState<Payload>, effects: ProducerEffect<Payload>[]): void {
  const afterMs = state.armedMs;
  state.armedMs = 0;
  forget(state, effects);
  if (state.sent < state.base) return;
  state.silentMs += afterMs;
  if (state.silentMs >= state.settings.giveUpMs) {
    giveUp(state, effects);
    return;
  }
  const missing = Math.max(state.base, state.received + 1);
  for (let seq = missing; seq <= state.sent; seq += 1) send(state, seq, effects);
  if (missing > state.sent)
    effects.push({ type: 'send', packet: { type: 'probe', epoch: state.epoch, base: state.base } });
  state.timeouts += 1;
  arm(state, effects);
}

/** What is not stored yet is not given up: its time has not begun. */
function giveUp<Payload>(state: ProducerState<Payload>, effects: ProducerEffect<Payload>[]): void {
  const last = state.base + state.pending.length - 1;
  const payloads = state.pending.splice(0, Math.min(state.stored, last) - state.base + 1);
  state.base += payloads.length;
  state.silentMs = 0;
  effects.push({ type: 'give-up', payloads });
  resume(state, effects);
  forget(state, effects);
}

function forget<Payload>(state: ProducerState<Payload>, effects: ProducerEffect<Payload>[]): void {
  if (!isDurable(state) || state.forgotten >= state.base - 1) return;
  state.forgotten = state.base - 1;
  effects.push({ type: 'forget', seq: state.forgotten });
}

/** Nothing is under way. What is still to be forgotten has its turn when it stays so for a while. */
function rest<Payload>(state: ProducerState<Payload>, effects: ProducerEffect<Payload>[]): void {
  if (!isDurable(state) || state.forgotten >= state.base - 1) disarm(state, effects);
  else {
    state.timeouts = 0;
    arm(state, effects);
  }
}

function fillWindow<Payload>(state: ProducerState<Payload>, effects: ProducerEffect<Payload>[]): void {
  const { base, settings, pending, stored } = state;
  const end = Math.min(base + settings.window, base + pending.length, stored + 1);
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
