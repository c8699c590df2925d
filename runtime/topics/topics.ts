/**
 * Topics of one node. Each executor keeps the subscriptions of its own actors in a trie and tells the other executors
 * which patterns it is interested in, as NATS servers tell each other of their clients. A message published here goes
 * to the subscribers here, and once to each executor that is interested, which hands it on to its own.
 *
 *     publish ─┬─ local trie ──> mailboxes here
 *              └─ interest trie ──> one envelope per executor ──> its local trie ──> mailboxes there
 *
 * All messages of one publisher to one subscriber take one way, so they keep their order. They wait in the subscriber's
 * mailbox, bounded as ever, and a publisher is never told of a full one: a slow subscriber loses its own messages only.
 */
import { type ActorAddress, addressParts, EXECUTOR_SERIAL, executorAddress } from '#protocols/wire/address';
import type { Envelope } from '#protocols/wire/envelope';
import { SkepError } from '#protocols/wire/error';
import type { Traceparent } from '#protocols/wire/trace-context';
import type { CallOptions } from '../actor/ref.js';
import { readPattern, readTopic } from './pattern.js';
import { TOPIC_CAST } from './topic-info.js';
import { PatternTrie } from './trie.js';

type Cast = Extract<Envelope, { kind: 'cast' }>;

/** What topics need of their executor. */
export interface TopicsHost {
  readonly node: string;
  readonly incarnation: string;
  readonly id: number;
  readonly address: ActorAddress;
  deliver(envelope: Envelope): boolean;
  call(to: ActorAddress, name: string, message: unknown, options: CallOptions): Promise<unknown>;
}

/** One subscription of one actor. */
interface Subscription {
  readonly address: ActorAddress;
  readonly pattern: string;
  /** The cast that messages arrive as; undefined for an info. */
  readonly cast: string | undefined;
}

/** One message of a topic. */
interface Published {
  readonly from: ActorAddress;
  readonly topic: string;
  readonly message: unknown;
  readonly trace: Traceparent | undefined;
}

/** A pattern that actors here subscribed to. */
interface Interest {
  count: number;
  /** Settles when the other executors know of it. */
  readonly known: Promise<unknown>;
}

export class Topics {
  readonly #host: TopicsHost;
  readonly #local = new PatternTrie<Subscription>();
  readonly #ofActor = new Map<ActorAddress, Map<string, Subscription>>();
  readonly #patterns = new Map<string, Interest>();
  /** Executors by the patterns that they are interested in. */
  readonly #interest = new PatternTrie<number>();
  readonly #interestOf = new Map<number, Set<string>>();
  readonly #peers = new Set<number>();

  constructor(host: TopicsHost) {
    this.#host = host;
  }

  /**
   * Sends to all subscribers of the topic. False when the way to another executor is congested.
   * @throws SkepError BAD_TOPIC.
   */
  publish(from: ActorAddress, topic: string, message: unknown, trace?: Traceparent): boolean {
    const tokens = readTopic(topic);
    this.#deliver({ from, topic, message, trace }, tokens);
    const executors = new Set<number>();
    this.#interest.match(tokens, (executor) => executors.add(executor));
    let flowing = true;
    for (const executor of executors) {
      const to = this.#executor(executor);
      const name = 'topics.publish';
      const sent = this.#host.deliver({ kind: 'cast', to, from, name, message: { topic, message }, trace });
      flowing &&= sent;
    }
    return flowing;
  }

  /**
   * Subscribes an actor of this executor; the same pattern again replaces the cast. Resolves once every executor that is
   * connected, or else the time of a call, has taken note. @throws SkepError BAD_TOPIC.
   */
  async subscribe(address: ActorAddress, pattern: string, cast: string | undefined): Promise<void> {
    const tokens = readPattern(pattern);
    const own = this.#ofActor.get(address) ?? new Map<string, Subscription>();
    const present = own.get(pattern);
    const subscription: Subscription = { address, pattern, cast };
    if (present !== undefined) this.#local.remove(tokens, present);
    this.#local.add(tokens, subscription);
    own.set(pattern, subscription);
    this.#ofActor.set(address, own);
    const interest = this.#patterns.get(pattern) ?? { count: 0, known: this.#announce(pattern) };
    if (present === undefined) interest.count += 1;
    this.#patterns.set(pattern, interest);
    await interest.known;
  }

  /** Ends a subscription; false when there was none. */
  unsubscribe(address: ActorAddress, pattern: string): boolean {
    const own = this.#ofActor.get(address);
    const subscription = own?.get(pattern);
    if (own === undefined || subscription === undefined) return false;
    own.delete(pattern);
    if (own.size === 0) this.#ofActor.delete(address);
    this.#local.remove(readPattern(pattern), subscription);
    const interest = this.#patterns.get(pattern);
    if (interest === undefined) return true;
    interest.count -= 1;
    if (interest.count > 0) return true;
    this.#patterns.delete(pattern);
    for (const peer of this.#peers) this.#tell(peer, { remove: [pattern] });
    return true;
  }

  /** Ends all subscriptions of an actor. */
  unsubscribeAll(address: ActorAddress): void {
    for (const pattern of [...(this.#ofActor.get(address)?.keys() ?? [])]) this.unsubscribe(address, pattern);
  }

  /** Another executor of the node is there: it hears of everything that is of interest here. */
  connected(executor: number): void {
    this.#peers.add(executor);
    if (this.#patterns.size > 0) this.#tell(executor, { add: [...this.#patterns.keys()] });
  }

  /** Another executor of the node died. */
  disconnected(executor: number): void {
    this.#peers.delete(executor);
    for (const pattern of this.#interestOf.get(executor) ?? []) this.#interest.remove(readPattern(pattern), executor);
    this.#interestOf.delete(executor);
  }

  /** Takes a message or an interest of another executor; false when the cast is something else. */
  cast(envelope: Cast): boolean {
    const { name, from, message } = envelope;
    if (name === 'topics.interest') return this.interest(from, message);
    if (name !== 'topics.publish' || addressParts(from).node !== this.#host.node) return false;
    const topic = field(message, 'topic');
    try {
      const published = { from, topic: topic as string, message: field(message, 'message'), trace: envelope.trace };
      this.#deliver(published, readTopic(topic));
    } catch {
      return false;
    }
    return true;
  }

  /** Another executor's interest in patterns; false when it is malformed or not of an executor of this node. */
  interest(from: ActorAddress, message: unknown): boolean {
    const { node, executor, serial } = addressParts(from);
    if (node !== this.#host.node || serial !== EXECUTOR_SERIAL || executor === this.#host.id) return false;
    const patterns = this.#interestOf.get(executor) ?? new Set<string>();
    try {
      for (const pattern of list(message, 'add'))
        if (this.#interest.add(readPattern(pattern), executor)) patterns.add(pattern);
      for (const pattern of list(message, 'remove')) {
        if (this.#interest.remove(readPattern(pattern), executor)) patterns.delete(pattern);
      }
    } catch {
      return false;
    } finally {
      if (patterns.size > 0) this.#interestOf.set(executor, patterns);
      else this.#interestOf.delete(executor);
    }
    return true;
  }

  #deliver({ from, topic, message, trace }: Published, tokens: readonly string[]): void {
    this.#local.match(tokens, ({ address: to, pattern, cast }) => {
      const [name, content] = cast === undefined ? [TOPIC_CAST, { topic, pattern, message }] : [cast, message];
      this.#host.deliver({ kind: 'cast', to, from, name, message: content, trace });
    });
  }

  /** Tells the other executors of a new pattern and waits for them. */
  #announce(pattern: string): Promise<unknown> {
    const message = { add: [pattern] };
    // One that is stuck is not waited for longer than a call, and one that dies has no publishers.
    const told = [...this.#peers].map((peer) => this.#host.call(this.#executor(peer), 'topics.interest', message, {}));
    return Promise.allSettled(told);
  }

  #tell(peer: number, message: { readonly add?: readonly string[]; readonly remove?: readonly string[] }): void {
    const to = this.#executor(peer);
    this.#host.deliver({ kind: 'cast', to, from: this.#host.address, name: 'topics.interest', message });
  }

  #executor(id: number): ActorAddress {
    return executorAddress(this.#host.node, this.#host.incarnation, id);
  }
}

/** What a subscriber asked for that no cast of its definition can take. @throws SkepError NO_SUCH_HANDLER, BAD_USAGE. */
export function checkDelivery(
  definition: { readonly name: string; readonly casts: object; readonly info?: unknown },
  pattern: string,
  cast: string | undefined,
): void {
  const facts = { definition: definition.name, pattern };
  if (cast === undefined && definition.info === undefined) {
    const text = `subscribe to "${pattern}": ${definition.name} has no info handler; name a cast: { cast: 'name' }`;
    throw new SkepError('BAD_USAGE', text, facts);
  }
  if (cast === undefined || Object.hasOwn(definition.casts, cast)) return;
  const known = Object.keys(definition.casts).join(', ') || 'none';
  throw new SkepError(
    'NO_SUCH_HANDLER',
    `subscribe to "${pattern}": ${definition.name} has no cast "${cast}"; it has: ${known}`,
    facts,
  );
}

function field(message: unknown, name: string): unknown {
  return typeof message === 'object' && message !== null
    ? (message as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

function list(message: unknown, name: string): readonly string[] {
  const value = field(message, name) ?? [];
  if (!Array.isArray(value)) throw new TypeError(`${name}: expected a list`);
  return value as readonly string[];
}
