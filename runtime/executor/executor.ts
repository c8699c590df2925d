/**
 * An executor: one event loop that hosts many actors and knows how to reach every other executor of the cluster. It
 * gives turns to its actors, gathers what they send into outboxes, and answers for the executor itself (serial 0).
 *
 *     deliver --same executor--> cell's mailbox      (by reference)
 *             --other executor--> outbox --end of turn--> frame --> MessagePort
 *             --other node-----> outbox --end of turn--> frame --> transport
 */
import { type ActorAddress, addressParts, EXECUTOR_SERIAL, executorAddress, formatAddress } from '#protocols/wire/address';
import { type Envelope, type ExitReason, SHUTDOWN, type Signal, type SpawnSpec } from '#protocols/wire/envelope';
import { fromWireError, SkepError, toWireError, unreachable } from '#protocols/wire/error';
import type { DefinitionRegistry, DefinitionSummary } from '../actor/registry.js';
import type { CallOptions } from '../actor/ref.js';
import type { Clock } from '../clock/clock.js';
import { decodeFrame } from '../codec/frame.js';
import { DeadLetters, type DeadLetterReason, type DeadLetterReport } from '../telemetry/dead-letters.js';
import type { Logger } from '../telemetry/log.js';
import { CallTable } from './calls.js';
import { Cell, type CellStatus } from './cell.js';
import type { CallScope, CellHost } from './cell-host.js';
import { RunQueue } from './run-queue.js';
import { Routes } from './routes.js';
import type { FrameLink } from './outbox.js';
import { STREAM_WINDOW, StreamReader } from './stream.js';
import { GUARDIAN_SERIAL, NAMES_SERIAL, SYSTEM_EXECUTOR } from './well-known.js';

/** Ids of the executors of a node. */
export interface Topology {
  readonly defaults: readonly number[];
}

/** How an executor is made. */
export interface ExecutorOptions {
  readonly node: string;
  readonly incarnation: string;
  readonly id: number;
  readonly topology: Topology;
  readonly registry: DefinitionRegistry;
  readonly clock: Clock;
  readonly log: Logger;
  /** Default deadline of calls in milliseconds. */
  readonly callTimeoutMs: number;
  readonly shutdownMs: number;
  /** First serial to give out; a replacement begins above its predecessor, so old addresses stay dead or restarted. */
  readonly firstSerial: number;
}

/** One actor in an inspection. */
export interface ActorSummary {
  readonly address: ActorAddress;
  readonly definition: string;
  readonly name: string;
  readonly status: CellStatus;
  readonly incarnation: number;
  readonly mailbox: number;
  readonly processed: number;
}

/** State of an executor. */
export interface ExecutorReport {
  readonly id: number;
  readonly actors: number;
  readonly pendingCalls: number;
  readonly turns: number;
  readonly deadLetters: DeadLetterReport;
}

export class Executor implements CellHost {
  readonly node: string;
  readonly incarnation: string;
  readonly id: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly callTimeoutMs: number;
  readonly shutdownMs: number;
  readonly address: ActorAddress;
  readonly registry: DefinitionRegistry;
  readonly #topology: Topology;
  readonly #cells = new Map<number, Cell>();
  readonly #calls: CallTable;
  readonly #deadLetters = new DeadLetters();
  readonly #runQueue: RunQueue;
  readonly #routes: Routes;
  #nextSerial: number;
  #nextDefault: number;

  constructor(options: ExecutorOptions) {
    this.node = options.node;
    this.incarnation = options.incarnation;
    this.id = options.id;
    this.clock = options.clock;
    this.log = options.log;
    this.callTimeoutMs = options.callTimeoutMs;
    this.shutdownMs = options.shutdownMs;
    this.registry = options.registry;
    this.address = executorAddress(options.node, options.incarnation, options.id);
    this.#topology = options.topology;
    this.#nextSerial = options.firstSerial;
    this.#nextDefault = options.id;
    this.#routes = new Routes(options.node, (envelope, cause) => this.#unencodable(envelope, cause));
    this.#runQueue = new RunQueue(options.clock, () => this.#routes.flush());
    this.#calls = new CallTable(options.clock, (id, to) => this.deliver({ kind: 'cancel', to, from: this.address, id }));
  }

  // ---- routing -----------------------------------------------------------------------------------------------

  /** Connects another executor of this node. */
  connect(executor: number, link: FrameLink): void {
    this.#routes.connect(executor, link);
    this.#runQueue.flushSoon();
  }

  /** Gives the way to other nodes. */
  setRemote(linkTo: (node: string, executor: number) => FrameLink | undefined): void {
    this.#routes.setRemote(linkTo);
  }

  /** Takes a frame from a peer; a malformed one is counted and dropped. */
  receive(frame: Uint8Array): void {
    let envelopes: readonly Envelope[];
    try {
      envelopes = decodeFrame(frame);
    } catch (error) {
      this.#deadLetters.add({ reason: 'bad-frame', to: undefined, name: '', atMs: Date.now() });
      this.log.warn('frame refused', { error });
      return;
    }
    for (const envelope of envelopes) this.deliver(envelope);
  }

  deliver(envelope: Envelope): boolean {
    const { node, incarnation, executor, serial } = addressParts(envelope.to);
    if (node === this.node && incarnation !== this.incarnation && incarnation !== '*') {
      this.#absent(envelope);
      return false;
    }
    if (node === this.node && executor === this.id) return this.#local(envelope, serial);
    const flowing = this.#routes.push(node, executor, envelope);
    if (flowing === undefined) {
      this.#unreachable(envelope, node);
      return false;
    }
    this.#runQueue.flushSoon();
    return flowing;
  }

  #local(envelope: Envelope, serial: number): boolean {
    switch (envelope.kind) {
      case 'reply':
      case 'item':
      case 'end':
      case 'fail':
        this.#answer(envelope);
        return true;
      case 'cast':
      case 'call': {
        if (serial === EXECUTOR_SERIAL) return this.#own(envelope);
        const cell = this.#cells.get(serial);
        if (cell === undefined) this.#absent(envelope);
        return cell?.accept(envelope) ?? false;
      }
      case 'credit':
        this.#cells.get(serial)?.grantCredit(envelope.from, envelope.id, envelope.count);
        return true;
      case 'cancel':
        this.#cells.get(serial)?.cancelCall(envelope.from, envelope.id);
        return true;
      case 'signal': {
        const cell = this.#cells.get(serial);
        if (cell === undefined) this.#signalAbsent(envelope.to, envelope.from, envelope.signal);
        else cell.signal(envelope.signal, envelope.from);
        return true;
      }
      default:
        return unreachable(envelope);
    }
  }

  #answer(envelope: Extract<Envelope, { kind: 'reply' | 'item' | 'end' | 'fail' }>): void {
    let known: boolean;
    switch (envelope.kind) {
      case 'reply':
        known = this.#calls.reply(envelope.id, envelope.value);
        break;
      case 'item':
        known = this.#calls.item(envelope.id, envelope.value);
        break;
      case 'end':
        known = this.#calls.end(envelope.id);
        break;
      case 'fail':
        known = this.#calls.fail(envelope.id, fromWireError(envelope.error));
        break;
    }
    if (!known) this.deadLetter('late-reply', envelope);
  }

  // ---- what is not there -------------------------------------------------------------------------------------

  /** No living actor at that address. */
  #absent(envelope: Envelope): void {
    const error = new SkepError('NO_SUCH_ACTOR', `no actor at ${envelope.to}`, { address: envelope.to });
    if (envelope.kind === 'signal') this.#signalAbsent(envelope.to, envelope.from, envelope.signal);
    else if (envelope.kind === 'call') this.deliver({ kind: 'fail', to: envelope.from, id: envelope.id, error: toWireError(error) });
    else if (envelope.kind === 'cast') this.deadLetter('no-such-actor', envelope);
  }

  /** No way to that node. */
  #unreachable(envelope: Envelope, node: string): void {
    this.deadLetter('no-route', envelope);
    if (envelope.kind === 'call') {
      this.#calls.fail(envelope.id, new SkepError('NO_SUCH_NODE', `no node "${node}" in the cluster`, { node }));
    } else if (envelope.kind === 'signal' && envelope.signal.type === 'monitor') {
      this.#down(envelope.to, envelope.from, { class: 'node-down', message: `no node "${node}"` });
    } else if (envelope.kind === 'signal' && envelope.signal.type === 'stop') {
      this.deliver(exited(envelope.to, envelope.from, { class: 'node-down', message: `no node "${node}"` }));
    }
  }

  #signalAbsent(to: ActorAddress, from: ActorAddress, signal: Signal): void {
    if (signal.type === 'monitor') this.#down(to, signal.watcher, { class: 'normal', message: 'no such actor' });
    else if (signal.type === 'stop') this.deliver(exited(to, from, signal.reason));
    else if (signal.type === 'restart') void this.#revive(to, signal.spec);
  }

  #down(address: ActorAddress, watcher: ActorAddress, reason: ExitReason): void {
    this.deliver({ kind: 'signal', to: watcher, from: address, signal: { type: 'down', address, reason } });
  }

  #unencodable(envelope: Envelope, cause: unknown): void {
    this.deadLetter('unencodable', envelope);
    const why = cause instanceof Error ? cause.message : String(cause);
    const error = new SkepError('BAD_MESSAGE', `a message for ${envelope.to} cannot be sent: ${why}; send plain data`, { to: envelope.to });
    this.log.error('message is not plain data', { to: envelope.to, kind: envelope.kind, error: cause });
    if (envelope.kind === 'call') this.#calls.fail(envelope.id, error);
    else if (envelope.kind === 'reply' || envelope.kind === 'item') {
      this.deliver({ kind: 'fail', to: envelope.to, id: envelope.id, error: toWireError(error) });
    }
  }

  deadLetter(reason: DeadLetterReason, envelope: Envelope): void {
    const name = envelope.kind === 'cast' || envelope.kind === 'call' ? envelope.name : envelope.kind;
    this.#deadLetters.add({ reason, to: envelope.to, name, atMs: Date.now() });
    this.log.debug('dead letter', { reason, to: envelope.to, name });
  }

  // ---- calls -------------------------------------------------------------------------------------------------

  call(to: ActorAddress, name: string, message: unknown, options: CallOptions, scope?: CallScope): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let value: unknown;
      const sink = { item: (received: unknown) => { value = received; }, end: () => resolve(value), fail: reject };
      this.#open(to, name, message, 0, options, scope, sink);
    });
  }

  stream(to: ActorAddress, name: string, message: unknown, options: CallOptions, scope?: CallScope): AsyncIterable<unknown> {
    return {
      [Symbol.asyncIterator]: () => {
        const reader: StreamReader = new StreamReader(
          (count) => void this.deliver({ kind: 'credit', to, from: this.address, id, count }),
          () => cancel(),
        );
        // A stream lives as long as both ends do; a deadline applies only when asked for.
        const { id, cancel } = this.#open(to, name, message, STREAM_WINDOW, { timeoutMs: Number.POSITIVE_INFINITY, ...options }, scope, reader);
        return reader;
      },
    };
  }

  #open(
    to: ActorAddress,
    name: string,
    message: unknown,
    credit: number,
    options: CallOptions,
    scope: CallScope | undefined,
    sink: Parameters<CallTable['open']>[3],
  ): { readonly id: number; readonly cancel: () => void } {
    const timeoutMs = Math.max(0, Math.min(options.timeoutMs ?? this.callTimeoutMs, scope?.remainingMs ?? Number.POSITIVE_INFINITY));
    const id = this.#calls.open(to, name, timeoutMs, sink);
    const cancel = (): void => {
      const error = new SkepError('CALL_CANCELLED', `call "${name}" to ${to} was cancelled`, { to, name });
      if (this.#calls.fail(id, error)) this.deliver({ kind: 'cancel', to, from: this.address, id });
    };
    this.deliver({ kind: 'call', to, from: this.address, id, name, message, timeoutMs, chain: scope?.chain ?? [], credit });
    if (options.signal?.aborted === true) cancel();
    else options.signal?.addEventListener('abort', cancel, { once: true });
    scope?.onOpen?.(cancel);
    return { id, cancel };
  }

  async drained(to: ActorAddress): Promise<void> {
    const { node, executor, serial } = addressParts(to);
    const full = (): boolean =>
      node === this.node && executor === this.id
        ? (this.#cells.get(serial)?.overHighWater ?? false)
        : (this.#routes.outbox(node, executor)?.congested ?? false);
    while (full()) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  // ---- actors ------------------------------------------------------------------------------------------------

  async start(spec: SpawnSpec, node: string | undefined, _from: ActorAddress): Promise<ActorAddress> {
    const target = this.#place(spec, node);
    if (target === this.address) return this.#startHere(spec, this.#nextSerial++);
    const started = await this.call(target, 'start', { ...spec, placement: node === undefined || node === this.node ? 'same' : spec.placement }, {});
    return started as ActorAddress;
  }

  /** The executor that is to host an actor. Another node's system executor chooses among its own. */
  #place(spec: SpawnSpec, node: string | undefined): ActorAddress {
    if (node !== undefined && node !== this.node) return executorAddress(node, '*', SYSTEM_EXECUTOR);
    if (spec.placement === 'same') return this.address;
    if (spec.placement === 'system') return executorAddress(this.node, this.incarnation, SYSTEM_EXECUTOR);
    const { defaults } = this.#topology;
    const executor = spec.placement === 'default' ? defaults[this.#nextDefault++ % defaults.length] : spec.placement;
    if (executor === undefined || (executor !== SYSTEM_EXECUTOR && !defaults.includes(executor))) {
      throw new SkepError('BAD_USAGE', `no executor ${String(executor)} on node ${this.node}; it has ${defaults.join(', ')}`, { executor, defaults });
    }
    return executorAddress(this.node, this.incarnation, executor);
  }

  async #startHere(spec: SpawnSpec, serial: number): Promise<ActorAddress> {
    const definition = this.registry.get(spec.definition, spec.version);
    const address = formatAddress({ node: this.node, incarnation: this.incarnation, executor: this.id, serial });
    if (spec.name !== undefined) await this.#names('register', { name: spec.name, address });
    const cell = new Cell(this, address, spec, definition);
    this.#cells.set(serial, cell);
    try {
      await cell.start();
    } catch (error) {
      this.#cells.delete(serial);
      if (spec.name !== undefined) await this.#names('unregister', { name: spec.name, address });
      throw error;
    }
    return address;
  }

  /** Brings an actor back at its old address after its thread died, or after it ended as permanent actors may not. */
  async #revive(address: ActorAddress, spec: SpawnSpec): Promise<void> {
    try {
      await this.#startHere(spec, addressParts(address).serial);
      this.log.info('actor revived', { actor: address, definition: spec.definition });
    } catch (error) {
      this.log.error('restart failed', { actor: address, error });
      if (spec.parent === undefined) return;
      const reason: ExitReason = { class: 'crash', message: error instanceof Error ? error.message : String(error) };
      this.deliver({ kind: 'signal', to: spec.parent, from: address, signal: { type: 'failed', child: address, reason } });
    }
  }

  remove(cell: Cell, _reason: ExitReason): void {
    this.#cells.delete(addressParts(cell.address).serial);
    const { name } = cell.spec;
    if (name === undefined) return;
    this.#names('unregister', { name, address: cell.address }).catch((error: unknown) => this.log.warn('name not released', { name, error }));
  }

  async lookup(name: string, node = this.node): Promise<ActorAddress | undefined> {
    const names = formatAddress({ node, incarnation: node === this.node ? this.incarnation : '*', executor: SYSTEM_EXECUTOR, serial: NAMES_SERIAL });
    const address = await this.call(names, 'lookup', { name }, {});
    return (address ?? undefined) as ActorAddress | undefined;
  }

  #names(call: 'register' | 'unregister', message: { readonly name: string; readonly address: ActorAddress }): Promise<unknown> {
    const names = formatAddress({ node: this.node, incarnation: this.incarnation, executor: SYSTEM_EXECUTOR, serial: NAMES_SERIAL });
    return this.call(names, call, message, {});
  }

  /** Starts the two actors that every node has, on its system executor. */
  async startWellKnown(guardian: string, names: string): Promise<void> {
    await this.#startHere({ definition: guardian, args: {}, restart: 'permanent', placement: 'same' }, GUARDIAN_SERIAL);
    const parent = formatAddress({ node: this.node, incarnation: this.incarnation, executor: this.id, serial: GUARDIAN_SERIAL });
    await this.#startHere({ definition: names, args: {}, restart: 'permanent', placement: 'same', parent }, NAMES_SERIAL);
  }

  schedule(cell: Cell): void {
    this.#runQueue.add(cell);
  }

  // ---- the executor itself -----------------------------------------------------------------------------------

  /** Calls to serial 0. */
  #own(envelope: Extract<Envelope, { kind: 'cast' | 'call' }>): boolean {
    if (envelope.kind === 'cast') {
      this.deadLetter('no-such-handler', envelope);
      return false;
    }
    const answer = (): unknown => {
      switch (envelope.name) {
        case 'start':
          return this.start(envelope.message as SpawnSpec, undefined, envelope.from);
        case 'stop':
          return this.#cells.get(GUARDIAN_SERIAL)?.stop(SHUTDOWN);
        case 'list':
          return this.list();
        case 'report':
          return this.report();
        case 'definitions':
          return this.definitions();
        default:
          throw new SkepError('NO_SUCH_HANDLER', `an executor has no call "${envelope.name}"`);
      }
    };
    Promise.resolve()
      .then(answer)
      .then(
        (value) => this.deliver({ kind: 'reply', to: envelope.from, id: envelope.id, value }),
        (error: unknown) => this.deliver({ kind: 'fail', to: envelope.from, id: envelope.id, error: toWireError(error) }),
      );
    return true;
  }

  list(): readonly ActorSummary[] {
    return [...this.#cells.values()].map((cell) => ({
      address: cell.address,
      definition: cell.definition.name,
      name: cell.spec.name ?? '',
      status: cell.status,
      incarnation: cell.incarnation,
      mailbox: cell.mailboxSize,
      processed: cell.processed,
    }));
  }

  definitions(): readonly DefinitionSummary[] {
    return this.registry.list();
  }

  report(): ExecutorReport {
    const { id } = this;
    return { id, actors: this.#cells.size, pendingCalls: this.#calls.size, turns: this.#runQueue.turns, deadLetters: this.#deadLetters.report() };
  }

  // ---- deaths of others --------------------------------------------------------------------------------------

  /** Another executor of this node died: its actors are gone until their supervisors restart them on its replacement. */
  executorDown(executor: number): void {
    this.#routes.disconnect(executor);
    const reason: ExitReason = { class: 'crash', message: `executor ${executor} ended` };
    const gone = (node: string, _incarnation: string, at: number): boolean => node === this.node && at === executor;
    this.#calls.failWhere(gone, (to) => new SkepError('EXECUTOR_DOWN', `executor ${executor} ended before ${to} answered`, { executor, to }));
    this.#lost(gone, reason);
  }

  /** A node is considered dead (or left): everything there is gone for good. */
  nodeDown(node: string, incarnation: string): void {
    this.#routes.forget(node);
    const reason: ExitReason = { class: 'node-down', message: `node ${node} is down` };
    const gone = (at: string, life: string): boolean => at === node && (life === incarnation || life === '*');
    this.#calls.failWhere(gone, (to) => new SkepError('NODE_DOWN', `node ${node} went down before ${to} answered`, { node, to }));
    this.#lost(gone, reason);
  }

  /** Tells every cell what it lost: watched actors, children, or its own parent. */
  #lost(gone: (node: string, incarnation: string, executor: number) => boolean, reason: ExitReason): void {
    const isGone = (address: ActorAddress): boolean => {
      const { node, incarnation, executor } = addressParts(address);
      return gone(node, incarnation, executor);
    };
    for (const cell of [...this.#cells.values()]) {
      for (const address of [...cell.watching]) if (isGone(address)) cell.watchedGone(address, reason);
      for (const child of cell.children.addresses()) if (isGone(child)) cell.childFailed(child, reason);
      if (cell.spec.parent !== undefined && isGone(cell.spec.parent)) void cell.stop({ class: 'shutdown', message: `its parent is gone: ${reason.message}` });
    }
  }
}

function exited(child: ActorAddress, to: ActorAddress, reason: ExitReason): Envelope {
  return { kind: 'signal', to, from: child, signal: { type: 'exited', child, reason } };
}
