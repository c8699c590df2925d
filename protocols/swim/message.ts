/**
 * What members of a SWIM group send each other. The first four are the failure detector's (SWIM, section 3.1; nack:
 * Lifeguard, section IV), the next three are dissemination and travel on the back of any packet (SWIM, section 3.2), the
 * last is anti-entropy over a stream (memberlist, net.go).
 *
 *     n1 ── ping ──> n2        n1 ── ping-req ──> n3 ── ping ──> n2
 *     n1 <── ack ─── n2        n1 <──── ack ───── n3 <── ack ─── n2      or n1 <── nack ── n3, when n2 says nothing
 */
import type { MetadataDelta } from './metadata.js';

/** What the field calls a member's state. `left` went by its own will, `dead` did not. */
export type Status = 'alive' | 'suspect' | 'dead' | 'left';

/** "Are you there?" */
export interface Ping {
  readonly type: 'ping';
  /** The ack has the same. */
  readonly seq: number;
  /** Who is meant: another that took over the address must not answer. */
  readonly node: string;
  /** Where the ack goes. */
  readonly replyTo: string;
  /** It came over a stream, and so goes the ack. */
  readonly stream: boolean;
}

/** "I do not hear from that one. Do you?" */
export interface PingReq {
  readonly type: 'ping-req';
  readonly seq: number;
  readonly node: string;
  /** Where the node is to be found. */
  readonly address: string;
  readonly replyTo: string;
}

/** "I am", or "it is". */
export interface Ack {
  readonly type: 'ack';
  readonly seq: number;
  readonly stream: boolean;
}

/** "It does not answer me either; but you and I hear each other." */
export interface Nack {
  readonly type: 'nack';
  readonly seq: number;
  /** Who was asked. */
  readonly from: string;
}

/** "That one is alive in this incarnation." Only the node itself makes up a new incarnation. */
export interface Alive {
  readonly type: 'alive';
  readonly node: string;
  readonly address: string;
  readonly incarnation: number;
  readonly metadata: MetadataDelta;
}

export interface Suspect {
  readonly type: 'suspect';
  readonly node: string;
  readonly incarnation: number;
  /** Who suspects: suspicions of different members confirm each other. */
  readonly from: string;
}

/** "That one is dead", or, from the node itself, "I leave". */
export interface Dead {
  readonly type: 'dead';
  readonly node: string;
  readonly incarnation: number;
  readonly from: string;
}

/** What one member knows of another. */
export interface MemberRecord {
  readonly node: string;
  readonly address: string;
  readonly incarnation: number;
  readonly status: Status;
  /** Full. */
  readonly metadata: MetadataDelta;
}

/** "This is all I know; tell me what you know." */
export interface PushPull {
  readonly type: 'push-pull';
  readonly replyTo: string;
  /** An answer is not answered. */
  readonly reply: boolean;
  readonly members: readonly MemberRecord[];
}

export type SwimMessage = Ping | PingReq | Ack | Nack | Alive | Suspect | Dead | PushPull;
