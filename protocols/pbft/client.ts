/**
 * A client of a PBFT group (OSDI 1999, section 4.1). It has one request under way: sends it to the replica that it takes
 * for the primary, and to all when no answer came in time; and it believes a result that f + 1 different replicas replied,
 * for one of them is correct. Timestamps rise with each request and are what makes a repeated one be executed once, so a
 * driver that keeps the client over restarts keeps the request before it is sent.
 *
 *     idle --invoke--> signing --signed--> waiting --f + 1 equal replies--> idle
 *                                          |  ^ timeout: to all, and twice as long until the next
 *                                          +--+
 */
import { unreachable } from '../wire/error.js';
import type { Reply, Request, Signed } from './message.js';
import { type ClientId, type PbftSettings, primaryOf, type ReplicaId, weak } from './settings.js';

/** Who a client is. */
export interface ClientConfig {
  readonly client: ClientId;
  readonly settings: PbftSettings;
  /** Ticks without a result after which the request is sent to all; doubles each time, up to 8 times as much. */
  readonly retryTicks: number;
}

/** State of a client; made by {@link newClient}. */
export interface ClientState {
  readonly config: ClientConfig;
  /** Of the last request; 0 before the first. */
  timestamp: number;
  /** The view that the group seems to be in. */
  view: number;
  /** A request is being signed. */
  signing: boolean;
  request: Signed<Request> | undefined;
  /** The first reply of each replica to the request under way. */
  readonly replies: Map<ReplicaId, Signed<Reply>>;
  leftTicks: number;
  retries: number;
}

export type ClientInput =
  /** Asks for an operation; only when nothing is under way. */
  | { readonly type: 'invoke'; readonly operation: Uint8Array }
  | { readonly type: 'signed'; readonly message: Signed<Request> }
  /** A reply whose signature is good. */
  | { readonly type: 'receive'; readonly message: Signed<Reply> }
  | { readonly type: 'tick' };

export type ClientEffect =
  | { readonly type: 'sign'; readonly body: Request }
  | { readonly type: 'send'; readonly to: readonly ReplicaId[]; readonly message: Signed<Request> }
  /** f + 1 replicas say so. */
  | { readonly type: 'result'; readonly timestamp: number; readonly result: Uint8Array }
  /** Something is under way: this operation was not taken. */
  | { readonly type: 'busy'; readonly operation: Uint8Array };

/** A client whose last request had this timestamp, 0 if it never had one. */
export function newClient(config: ClientConfig, timestamp = 0): ClientState {
  return {
    config,
    timestamp,
    view: 0,
    signing: false,
    request: undefined,
    replies: new Map(),
    leftTicks: 0,
    retries: 0,
  };
}

/** One step; it changes the state that it is given. */
export function stepClient(
  state: ClientState,
  input: ClientInput,
): { readonly state: ClientState; readonly effects: readonly ClientEffect[] } {
  switch (input.type) {
    case 'invoke':
      return { state, effects: invoke(state, input.operation) };
    case 'signed':
      return { state, effects: signed(state, input.message) };
    case 'receive':
      return { state, effects: replied(state, input.message) };
    case 'tick':
      return { state, effects: ticked(state) };
    default:
      return unreachable(input);
  }
}

function invoke(state: ClientState, operation: Uint8Array): readonly ClientEffect[] {
  if (state.signing || state.request !== undefined) return [{ type: 'busy', operation }];
  state.signing = true;
  state.timestamp += 1;
  const { client } = state.config;
  return [{ type: 'sign', body: { type: 'request', client, timestamp: state.timestamp, operation } }];
}

function signed(state: ClientState, message: Signed<Request>): readonly ClientEffect[] {
  if (!state.signing || message.timestamp !== state.timestamp) return [];
  state.signing = false;
  const { settings, retryTicks } = state.config;
  state.request = message;
  state.replies.clear();
  state.leftTicks = retryTicks;
  state.retries = 0;
  return [{ type: 'send', to: [primaryOf(settings, state.view)], message }];
}

function ticked(state: ClientState): readonly ClientEffect[] {
  const { request, config } = state;
  if (request === undefined || (state.leftTicks -= 1) > 0) return [];
  state.retries += 1;
  state.leftTicks = config.retryTicks * Math.min(8, 2 ** state.retries);
  return [{ type: 'send', to: Array.from({ length: config.settings.replicas }, (_, to) => to), message: request }];
}

function replied(state: ClientState, message: Signed<Reply>): readonly ClientEffect[] {
  const { request, replies, config } = state;
  if (request === undefined || message.client !== config.client || message.timestamp !== request.timestamp) return [];
  // The first word of a replica counts; a correct one has no second.
  if (replies.has(message.replica)) return [];
  replies.set(message.replica, message);
  const equal = [...replies.values()].filter(({ result }) => sameBytes(result, message.result));
  if (equal.length < weak(config.settings)) return [];
  state.request = undefined;
  // One of f + 1 may lie: the lowest view is a replica's guess as good as any, and costs a retry when it is wrong.
  state.view = Math.min(...equal.map(({ view }) => view));
  return [{ type: 'result', timestamp: message.timestamp, result: message.result }];
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
