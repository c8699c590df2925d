/**
 * Drives the heartbeats of one node over its transport. A plain loop: ticks, broadcasts and the status of the transport
 * go into the core, and its effects are carried out in order.
 */
import { randomUUID } from 'node:crypto';
import { SkepError, unreachable } from '#protocols/wire/error';
import type { Clock, Timer } from '#runtime/clock/clock';
import { Listeners, type OnError } from '../transport/listeners.js';
import type { Transport, Unsubscribe } from '../transport/port.js';
import { decodeBeat, encodeBeat } from './beat.js';
import {
  initialHeartbeat,
  stepHeartbeat,
  type HeartbeatEffect,
  type HeartbeatInput,
  type HeartbeatState,
} from './heartbeat.js';
import type { Member, MembershipChange, MembershipView } from './port.js';

/** Options of {@link Membership.join}. */
export interface MembershipOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  /** This node; `load` is replaced by what the function `load` gives. */
  readonly self: Member;
  /** Time between heartbeats, in ms; default 400. A fifth of `timeoutMs` leaves room for a few to be lost or late. */
  readonly intervalMs?: number;
  /** Silence after which a member is down, in ms; default 2000. A dead node is known after this and one interval. */
  readonly timeoutMs?: number;
  /** How long to listen for a node of the same name before being a member, in ms; default 300. */
  readonly joinMs?: number;
  /** Asked before each heartbeat; default: always 0. */
  readonly load?: () => number;
  /** A node of the same name that started earlier was heard although we are a member already: this one has to go. */
  readonly onNameConflict: (error: SkepError) => void;
  /** A listener threw. Default: dropped. */
  readonly onError?: OnError;
}

const TOPIC = 'members';
const DEFAULT_INTERVAL_MS = 400;
const DEFAULT_TIMEOUT_MS = 2_000;
const DEFAULT_JOIN_MS = 300;

/** Membership of one node. */
export class Membership implements MembershipView {
  readonly #options: MembershipOptions;
  readonly #changes: Listeners<MembershipChange>;
  readonly #unsubscribe: Unsubscribe[];
  readonly #intervalMs: number;
  readonly #joining: Promise<void>;
  #settleJoining: { readonly resolve: () => void; readonly reject: (error: SkepError) => void } | undefined;
  #state: HeartbeatState;
  #timer: Timer | undefined;
  #malformed = 0;

  private constructor(options: MembershipOptions) {
    const { transport, clock, self } = options;
    this.#options = options;
    this.#joining = new Promise((resolve, reject) => {
      this.#settleJoining = { resolve, reject };
    });
    this.#intervalMs = options.intervalMs ?? DEFAULT_INTERVAL_MS;
    this.#changes = new Listeners(options.onError ?? (() => {}));
    const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const joinMs = options.joinMs ?? DEFAULT_JOIN_MS;
    this.#state = initialHeartbeat(self, { timeoutMs, joinMs, instance: randomUUID() }, clock.now());
    this.#unsubscribe = [
      transport.onBroadcast(TOPIC, (payload) => this.#receive(payload)),
      transport.onStatus((status) =>
        this.#step({ type: 'connection', nowMs: clock.now(), connected: status === 'connected' }),
      ),
    ];
  }

  /**
   * Joins: resolves when this node is a member and has heard of the others.
   * @throws SkepError `NODE_NAME_TAKEN` when a living node has the name.
   */
  static async join(options: MembershipOptions): Promise<Membership> {
    const membership = new Membership(options);
    try {
      // Whoever answers must find us listening.
      await options.transport.flush();
      membership.#tick();
      await membership.#joining;
      return membership;
    } catch (thrown) {
      membership.#stop();
      throw thrown;
    }
  }

  get self(): Member {
    return this.#state.self;
  }

  members(): readonly Member[] {
    const others = [...this.#state.peers.values()].map((peer) => peer.member);
    const all = this.#state.phase === 'alive' ? [this.#state.self, ...others] : others;
    return all.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  onChange(handler: (change: MembershipChange) => void): Unsubscribe {
    return this.#changes.add(handler);
  }

  /** Heartbeats that could not be read. */
  get malformed(): number {
    return this.#malformed;
  }

  /** Says goodbye and stops; the others see a node that left, not one that failed. */
  async leave(): Promise<void> {
    this.#step({ type: 'leave', nowMs: this.#options.clock.now() });
    this.#stop();
    if (this.#options.transport.status() === 'connected') await this.#options.transport.flush().catch(() => {});
  }

  #tick(): void {
    const { clock, load } = this.#options;
    const joining = this.#state.phase === 'joining';
    // While joining, ticks are denser, so that the end of it is not rounded up to a whole interval.
    const delayMs = joining ? Math.min(this.#intervalMs, this.#state.options.joinMs / 2) : this.#intervalMs;
    this.#timer = clock.after(delayMs, () => this.#tick());
    this.#step({ type: 'tick', nowMs: clock.now(), load: load?.() ?? 0 });
  }

  #receive(payload: Uint8Array): void {
    const beat = decodeBeat(payload);
    if (beat === undefined) this.#malformed += 1;
    else this.#step({ type: 'heartbeat', nowMs: this.#options.clock.now(), beat });
  }

  #step(input: HeartbeatInput): void {
    const { state, effects } = stepHeartbeat(this.#state, input);
    this.#state = state;
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: HeartbeatEffect): void {
    switch (effect.type) {
      case 'broadcast':
        return this.#options.transport.broadcast(TOPIC, encodeBeat(effect.beat));
      case 'joined':
        this.#settleJoining?.resolve();
        this.#settleJoining = undefined;
        return;
      case 'member-up':
        return this.#changes.emit({ type: 'up', member: effect.member });
      case 'member-down':
        return this.#changes.emit({ type: 'down', member: effect.member, reason: effect.reason });
      case 'name-conflict':
        return this.#conflict(effect.other);
      default:
        return unreachable(effect);
    }
  }

  #conflict(other: Member): void {
    const { name, pid, host } = other;
    const error = new SkepError(
      'NODE_NAME_TAKEN',
      `a living node named ${name} started earlier (process ${pid} on ${host})`,
      { name, pid, host },
    );
    if (this.#settleJoining === undefined) this.#options.onNameConflict(error);
    else this.#settleJoining.reject(error);
  }

  #stop(): void {
    this.#timer?.cancel();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }
}
