/**
 * A group of nodes in one hand: time passes when a test says so, packets arrive at once unless a test stops them, and
 * whatever is sent or reported can be read. Names are addresses, as `n1` at `@n1`.
 */
import type { SwimMessage } from '#protocols/swim/message';
import { decodePacket, encodeMessage, encodePacket } from '#protocols/swim/packet';
import { lan, type SwimSettings } from '#protocols/swim/settings';
import {
  newSwim,
  type SwimEffect,
  type SwimEvent,
  type SwimIdentity,
  type SwimInput,
  type SwimState,
} from '#protocols/swim/state';
import { stepSwim } from '#protocols/swim/swim';

/** One packet on its way. */
export interface Sent {
  readonly from: string;
  readonly to: string;
  readonly stream: boolean;
  readonly bytes: number;
  readonly messages: readonly SwimMessage[];
}

/** A node with what it reported. */
export interface Node {
  readonly state: SwimState;
  readonly events: SwimEvent[];
  readonly effects: SwimEffect[];
}

/** Nodes and the network between them. */
export class Group {
  /** By address. */
  readonly nodes = new Map<string, Node>();
  readonly sent: Sent[] = [];
  /** Whether a packet arrives. */
  passes: (packet: Sent) => boolean = () => true;
  nowMs = 0;
  readonly #settings: SwimSettings;
  readonly #underWay: { readonly packet: Sent; readonly bytes: Uint8Array }[] = [];
  #lives = 0;

  constructor(settings: Partial<SwimSettings> = {}) {
    this.#settings = { ...lan, ...settings };
  }

  /** Starts a node, at an address of its own unless told otherwise. */
  start(node: string, more: Partial<SwimIdentity> = {}): SwimState {
    this.#lives += 1;
    const identity = { node, address: `@${node}`, life: this.#lives, seed: this.#lives * 7_919, ...more };
    const state = newSwim(identity, this.#settings);
    this.nodes.set(identity.address, { state, events: [], effects: [] });
    this.step(identity.address, { type: 'tick', nowMs: this.nowMs });
    return state;
  }

  /** Starts some nodes that know each other; `sent` and the events of that are forgotten. */
  together(...names: readonly string[]): readonly SwimState[] {
    const states = names.map((name) => this.start(name));
    for (const name of names.slice(1)) this.step(`@${name}`, { type: 'join', seeds: [`@${names[0]}`] });
    this.run(20 * this.#settings.gossipIntervalMs);
    if (states.some(({ live }) => live !== names.length)) throw new Error('they did not find each other');
    this.forget();
    return states;
  }

  /** What was sent and reported till now is of no interest. */
  forget(): void {
    this.sent.length = 0;
    for (const { events, effects } of this.nodes.values()) {
      events.length = 0;
      effects.length = 0;
    }
  }

  /** The process is gone. */
  kill(address: string): void {
    this.nodes.delete(address);
  }

  /** The effects of one input at one node; packets are on their way afterwards. */
  step(address: string, input: SwimInput): readonly SwimEffect[] {
    const node = this.node(address);
    const { effects } = stepSwim(node.state, input);
    for (const effect of effects) {
      node.effects.push(effect);
      if (effect.type === 'event') node.events.push(effect.event);
      if (effect.type !== 'send') continue;
      const { to, stream, packet: bytes } = effect;
      const messages = decodePacket(bytes);
      if (messages === undefined) throw new Error('a core sent what it could not read');
      const packet = { from: address, to, stream, bytes: bytes.length, messages };
      this.sent.push(packet);
      this.#underWay.push({ packet, bytes });
    }
    return effects;
  }

  /** Hands messages to a node as if a peer had sent them. */
  receive(address: string, ...messages: readonly SwimMessage[]): readonly SwimEffect[] {
    return this.step(address, { type: 'receive', packet: encodePacket(messages.map(encodeMessage)) });
  }

  /** All that is on its way arrives, and all that is sent because of it. */
  deliver(): void {
    for (let next = this.#underWay.shift(); next !== undefined; next = this.#underWay.shift()) {
      const { packet, bytes } = next;
      if (this.nodes.has(packet.to) && this.passes(packet)) this.step(packet.to, { type: 'receive', packet: bytes });
    }
  }

  /** Time passes for all nodes, or for some. */
  run(ms: number, addresses?: readonly string[], tickMs = 50): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; ) {
      this.nowMs += tickMs;
      for (const address of addresses ?? [...this.nodes.keys()])
        if (this.nodes.has(address)) this.step(address, { type: 'tick', nowMs: this.nowMs });
      this.deliver();
    }
  }

  /** Time passes until something is so. @throws when it is not so in time. */
  runUntil(done: () => boolean, mostMs = 600_000): number {
    const fromMs = this.nowMs;
    while (!done()) {
      if (this.nowMs - fromMs > mostMs) throw new Error(`not within ${mostMs} ms`);
      this.run(50);
    }
    return this.nowMs - fromMs;
  }

  node(address: string): Node {
    const node = this.nodes.get(address);
    if (node === undefined) throw new Error(`no node at ${address}`);
    return node;
  }

  /** Events of a node in short, as `join n2 1`. */
  events(address: string): readonly string[] {
    return this.node(address).events.map(inShort);
  }

  /** What a node believes of another, as `suspect 3`; `-` when it does not know it. */
  view(address: string, name: string): string {
    const member = this.node(address).state.members.get(name);
    return member === undefined ? '-' : `${member.status} ${member.incarnation}`;
  }

  /** Messages of a type that were sent. */
  messages<Type extends SwimMessage['type']>(type: Type): readonly Extract<SwimMessage, { readonly type: Type }>[] {
    return this.sent.flatMap(({ messages }) =>
      messages.filter((message): message is Extract<SwimMessage, { readonly type: Type }> => message.type === type),
    );
  }
}

function inShort(event: SwimEvent): string {
  switch (event.type) {
    case 'conflict':
      return `conflict ${event.node} ${event.address} ${event.other}`;
    case 'dead':
      return `${event.reason} ${event.node} ${event.incarnation}`;
    default:
      return `${event.type} ${event.node} ${event.incarnation}`;
  }
}

/** Messages about a member, as peers send them. */
export const alive = (
  node: string,
  incarnation: number,
  more: { readonly address?: string; readonly life?: number } = {},
) =>
  ({
    type: 'alive',
    node,
    address: more.address ?? `@${node}`,
    incarnation,
    metadata: { life: more.life ?? 1, base: 0, version: 0, entries: [] },
  }) as const;
export const suspect = (node: string, incarnation: number, from: string) =>
  ({ type: 'suspect', node, incarnation, from }) as const;
export const dead = (node: string, incarnation: number, from: string) =>
  ({ type: 'dead', node, incarnation, from }) as const;
