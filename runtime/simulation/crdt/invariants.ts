/**
 * What must hold of replicated data, looked at after each event for the documents that changed in it. The table is in
 * `model.ts`.
 */
import { type Context, covers, isVector, withoutReplicas } from '#protocols/crdt/context';
import { rootNow } from '#protocols/crdt/agree';
import { sameHash } from '#protocols/crdt/digest';
import { addressOf, type Document } from '#protocols/crdt/document';
import type { ReplicaId } from '#protocols/crdt/dot';
import { decodeState, encodeState } from '#protocols/crdt/encoding';
import { type Clock, compareClocks } from '#protocols/crdt/hlc';
import { childKey, type Kind } from '#protocols/crdt/kind';
import { compareBytes } from '#protocols/crdt/payload';
import { idsOf, type ReplicaEffect, type ReplicaInput, type ReplicaState } from '#protocols/crdt/state';
import { type Value, valueOf } from '#protocols/crdt/value';
import { unreachable } from '#protocols/wire/error';
import { Violation } from '../violation.js';
import type { World } from '../world.js';
import { type Host, nodeNumber } from './host.js';
import { type Done, History, isIn, joinViews, kindAt, type View } from './oracle.js';
import type { PlainOperation, Setup } from './plan.js';

/** What is remembered of a node over all of its lives. */
interface Node {
  state: ReplicaState | undefined;
  /** The id of its last life. */
  replica: ReplicaId | undefined;
  /** The latest time that its wall clock showed. */
  maxWallMs: number;
  clock: Clock;
  /** The latest stamp of an accepted operation. */
  accepted: Clock;
  /** What was seen of each document when it was last looked at. */
  readonly contexts: Map<string, Context>;
  /** Its disk may rot: what it accepted may be lost. */
  readonly rotten: boolean;
}

const start: Clock = { wallMs: 0, count: 0 };

/** The twin of a cluster. */
export class Invariants {
  readonly #world: World;
  readonly #setup: Setup;
  readonly #nodes: readonly Node[];
  /** By address. */
  readonly #histories = new Map<string, History>();
  readonly #asked = new Map<number, PlainOperation>();
  readonly #pending = new Map<number, { readonly done: Done; readonly stamp: Clock }>();
  /** Documents that changed since the last check. */
  #touched: { readonly node: number; readonly address: string }[] = [];

  constructor(world: World, setup: Setup) {
    this.#world = world;
    this.#setup = setup;
    this.#nodes = Array.from({ length: world.size }, (_, node) => ({
      state: undefined,
      replica: undefined,
      maxWallMs: 0,
      clock: start,
      accepted: start,
      contexts: new Map(),
      rotten: world.disk(node).knobs.corruption > 0,
    }));
  }

  /** A client asks for an operation under that id. */
  asked(id: number, operation: PlainOperation): void {
    this.#asked.set(id, operation);
  }

  /** The client is told that it is done. */
  accepted(id: number): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    pending.done.accepted = true;
    const node = this.#node(nodeNumber(pending.done.replica));
    if (!node.rotten && compareClocks(pending.stamp, node.accepted) <= 0)
      throw new Violation('ClockBound', `${pending.done.replica} gave a stamp twice, or went back`);
    node.accepted = pending.stamp;
  }

  crashed(number: number): void {
    this.#node(number).state = undefined;
  }

  /** A life begins with what the disk had. What the life before did beyond that was never done. */
  started(number: number, state: ReplicaState): void {
    const node = this.#node(number);
    const before = node.replica;
    node.state = state;
    node.replica = state.replica;
    node.clock = state.clock;
    node.contexts.clear();
    if (before === undefined) return;
    for (const [address, history] of this.#histories) {
      const document = state.documents.get(address);
      const seq = document?.seq ?? 0;
      const view = history.viewOf(before, seq);
      if (view === undefined) throw new Violation('DurableBeforeSent', `${before} has a state that it never had`);
      // A disk that rotted may have lost what was sent long ago, under an id that is not used again.
      if (before === state.replica || !node.rotten) this.#rollBack(history, before, view, seq);
      if (before !== state.replica && document !== undefined) history.setView(state.replica, seq, view);
    }
  }

  #rollBack(history: History, replica: ReplicaId, view: View, seq: number): void {
    const kept = view.get(replica) ?? 0;
    for (const done of history.forget(replica, kept)) {
      this.#world.met('unaccepted operation lost');
      if (done.accepted) throw new Violation('AcceptedIsDurable', `${replica} lost operation ${done.number}`);
    }
    history.forgetViews(replica, seq);
    for (const [node, { state }] of this.#nodes.entries()) {
      if (state === undefined || node === nodeNumber(replica)) continue;
      const other = this.#viewOf(history, state);
      if ((other.get(replica) ?? 0) > kept)
        throw new Violation('DurableBeforeSent', `${state.replica} has seen what ${replica} lost`);
    }
  }

  /** What a replica did with an input. */
  observe(node: number, state: ReplicaState, input: ReplicaInput, effects: readonly ReplicaEffect[]): void {
    this.#observeClock(node, state, input.wallMs);
    switch (input.type) {
      case 'mutate':
        if (effects.some(({ type }) => type === 'refuse')) return;
        return this.#observeMutation(node, state, input, persisted(effects).length > 0);
      case 'receive':
        if (input.message.type === 'deltas') this.#observeGroups(node, state, input.message, effects);
        return;
      case 'adopt':
        return this.#observeAdoption(node, state, input.departed, effects);
      case 'tick':
      case 'neighbours':
      case 'retire':
        return;
      default:
        unreachable(input);
    }
  }

  #observeClock(number: number, state: ReplicaState, wallMs: number): void {
    const node = this.#node(number);
    node.maxWallMs = Math.max(node.maxWallMs, wallMs);
    if (compareClocks(state.clock, node.clock) < 0) throw new Violation('ClockBound', `${state.replica} went back`);
    if (state.clock.wallMs > node.maxWallMs + this.#setup.settings.maxAheadMs)
      throw new Violation('ClockBound', `${state.replica} is at ${state.clock.wallMs}, its wall at ${node.maxWallMs}`);
    node.clock = state.clock;
  }

  #observeMutation(
    node: number,
    state: ReplicaState,
    { id, kind, name }: { readonly id: number; readonly kind: Kind; readonly name: string },
    changed: boolean,
  ): void {
    const plain = this.#asked.get(id);
    this.#asked.delete(id);
    if (plain === undefined) throw new Violation('crash', `operation ${id} was not asked for`);
    const address = addressOf({ kind, name });
    const history = this.#history(kind, address);
    const document = state.documents.get(address);
    const seq = document?.seq ?? 0;
    const view = this.#known(history, state.replica, changed ? seq - 1 : seq);
    const done = history.perform(state.replica, view, plain, state.clock);
    if ((done !== undefined) !== changed)
      throw new Violation(
        'OracleValue',
        `${JSON.stringify(plain)} at ${state.replica}: one of the two changed nothing`,
      );
    if (done === undefined) {
      this.#world.met('delete of what was not there');
      return;
    }
    history.setView(state.replica, seq, new Map(view).set(state.replica, done.number));
    this.#pending.set(id, { done, stamp: state.clock });
    this.#touched.push({ node, address });
  }

  #observeGroups(
    node: number,
    state: ReplicaState,
    message: Extract<Extract<ReplicaInput, { type: 'receive' }>['message'], { type: 'deltas' }>,
    effects: readonly ReplicaEffect[],
  ): void {
    const changed = new Set(persisted(effects).map(addressOf));
    for (const group of message.groups) {
      const address = addressOf(group);
      const document = state.documents.get(address);
      if (document === undefined || (document.merged.get(message.from) ?? 0) < group.to) continue;
      const history = this.#history(group.kind, address);
      const before = this.#known(history, state.replica, changed.has(address) ? document.seq - 1 : document.seq);
      const theirs = this.#known(history, message.from, group.to);
      history.setView(state.replica, document.seq, joinViews(before, theirs));
      this.#touched.push({ node, address });
    }
  }

  #observeAdoption(node: number, state: ReplicaState, departed: ReplicaId, effects: readonly ReplicaEffect[]): void {
    for (const record of persisted(effects)) {
      const address = addressOf(record);
      const history = this.#history(record.kind, address);
      const view = this.#known(history, state.replica, record.seq - 1);
      const isCounter = (path: string): boolean => /^(g|pn)-counter$/.test(kindAt(record.kind, path));
      const done = history.adopt(state.replica, view, departed, isCounter);
      if (done === undefined) throw new Violation('OracleValue', `${departed} left nothing in ${address}`);
      history.setView(state.replica, record.seq, new Map(view).set(state.replica, done.number));
      this.#touched.push({ node, address });
    }
  }

  /** Looks at what changed. @throws Violation */
  check(): void {
    if (this.#touched.length === 0) return;
    const touched = this.#touched;
    this.#touched = [];
    for (const { node, address } of touched) {
      const { state, contexts } = this.#node(node);
      const document = state?.documents.get(address);
      if (state === undefined || document === undefined) continue;
      this.#checkDocument(state, document, address);
      const before = contexts.get(address);
      if (before !== undefined && !covers(document.state.context, withoutReplicas(before, state.retired)))
        throw new Violation('Inflation', `${state.replica} ${address} has forgotten what it had seen`);
      contexts.set(address, document.state.context);
    }
  }

  #checkDocument(state: ReplicaState, document: Document, address: string): void {
    const { settings } = this.#setup;
    if (!isVector(document.state.context))
      throw new Violation('CausalDelivery', `${state.replica} ${address} has gaps in what it has seen`);
    if (document.deltas.length > settings.deltasPerDocument || state.buffered > settings.deltasInAll)
      throw new Violation(
        'BufferBound',
        `${state.replica} buffers ${document.deltas.length}, ${state.buffered} in all`,
      );
    if (document.first + document.deltas.length !== document.seq)
      throw new Violation('BufferBound', `${state.replica} ${address}: the buffer does not reach the state`);
    const history = this.#history(document.kind, address);
    const is = describeValue(valueOf(document.kind, document.state.store));
    const wanted = history.valueOf(this.#known(history, state.replica, document.seq));
    if (is !== wanted) throw new Violation('OracleValue', `${state.replica} ${address} is ${is}, should be ${wanted}`);
  }

  /** Nothing is under way, as far as the replicas know, and they agree. */
  areQuiet(hosts: readonly Host[]): boolean {
    const [first] = hosts;
    if (first === undefined) return true;
    for (const { state, idle } of hosts) {
      if (!idle) return false;
      for (const { dirty } of state.neighbours.values()) if (dirty.size > 0) return false;
    }
    const root = rootNow(first.state);
    return hosts.every(({ state }) => sameHash(rootNow(state), root));
  }

  /** All replicas are the same bytes, read what the whole history comes to, and nothing accepted is missing. */
  agreement(hosts: readonly Host[]): void {
    for (const [address, history] of this.#histories) {
      let all: View = new Map();
      for (const { state } of hosts) all = joinViews(all, this.#viewOf(history, state));
      const wanted = history.valueOf(all);
      let bytes: Uint8Array | undefined;
      for (const { state } of hosts) {
        const document = state.documents.get(address);
        const is = describeValue(valueOf(history.kind, document?.state.store));
        if (is !== wanted) throw new Violation('OracleValue', `${state.replica} ${address} is ${is}, not ${wanted}`);
        if (document === undefined || document.state.context.size === 0) continue;
        const mine = encodeState(history.kind, document.state);
        if (compareBytes(bytes ?? mine, mine) !== 0)
          throw new Violation('Convergence', `${state.replica} ${address} has other bytes`);
        if (compareBytes(encodeState(history.kind, decodeState(history.kind, mine)), mine) !== 0)
          throw new Violation('Codec', `${state.replica} ${address} is not what its bytes are`);
        bytes = mine;
      }
      this.#nothingLost(history, all, address);
    }
    for (const { state } of hosts) {
      const buffered = [...state.documents.values()].reduce((sum, { deltas }) => sum + deltas.length, 0);
      if (buffered !== state.buffered) throw new Violation('BufferBound', `${state.replica} miscounts its buffers`);
    }
  }

  #nothingLost(history: History, all: View, address: string): void {
    for (const done of history.accepted()) {
      const node = this.#node(nodeNumber(done.replica));
      if (isIn(done, all) || node.rotten || node.state === undefined) continue;
      throw new Violation('AcceptedIsDurable', `operation ${done.number} of ${done.replica} on ${address} is lost`);
    }
  }

  /** No context names a pruned id, and nothing else has changed by that. */
  pruned(hosts: readonly Host[], departed: readonly ReplicaId[]): void {
    for (const { state } of hosts)
      for (const id of idsOf(state))
        if (departed.includes(id)) throw new Violation('Pruning', `${state.replica} still knows ${id}`);
  }

  #viewOf(history: History, state: ReplicaState): View {
    for (const document of state.documents.values())
      if (this.#histories.get(addressOf(document)) === history)
        return this.#known(history, state.replica, document.seq);
    return new Map();
  }

  #known(history: History, replica: ReplicaId, seq: number): View {
    const view = history.viewOf(replica, seq);
    if (view === undefined) throw new Violation('DurableBeforeSent', `${replica} has no state ${seq}`);
    return view;
  }

  #history(kind: Kind, address: string): History {
    const found = this.#histories.get(address);
    if (found !== undefined) return found;
    const made = new History(kind);
    this.#histories.set(address, made);
    return made;
  }

  #node(number: number): Node {
    const node = this.#nodes[number];
    if (node === undefined) throw new RangeError(`there is no node ${number}`);
    return node;
  }
}

const texts = new TextDecoder();

/** A value in the words of the oracle. */
export function describeValue(value: Value): string {
  switch (value.kind) {
    case 'g-counter':
    case 'pn-counter':
      return String(value.count);
    case 'lww-register':
      return value.value === undefined ? '-' : texts.decode(value.value);
    case 'mv-register':
      return `[${value.values.map((one) => texts.decode(one)).join(' ')}]`;
    case 'flag':
      return value.enabled ? 'on' : 'off';
    case 'or-set':
      return `{${value.elements.map((element) => `${element}:on`).join(' ')}}`;
    case 'lww-map':
      return `{${value.entries.map((entry) => `${entry.key}:${texts.decode(entry.value)}`).join(' ')}}`;
    case 'or-map': {
      const entries = value.entries.map(
        (entry) => `${childKey(entry.value.kind, entry.key)}:${describeValue(entry.value)}`,
      );
      return `{${entries.join(' ')}}`;
    }
    default:
      return unreachable(value);
  }
}

function persisted(
  effects: readonly ReplicaEffect[],
): readonly { readonly kind: Kind; readonly name: string; readonly seq: number }[] {
  return effects.flatMap((effect) => (effect.type === 'persist' ? effect.documents : []));
}
