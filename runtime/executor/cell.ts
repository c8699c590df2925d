/**
 * A cell is one living actor: its state, its lanes, its children and its life cycle. It runs only when the executor
 * gives it a turn, one message at a time; signals (supervision, monitors) never touch the user's state and are handled
 * as they arrive, so no flood of messages can delay them.
 *
 *     lanes:   infos (timers, down, exit)  before  stream steps  and  mailbox (casts, calls), the two in turn
 *     status:  starting -> running -> failed -> starting ...            (failed: the mailbox is kept, nothing runs)
 *                             '-> stopping -> stopped                   (stopping: children first, then terminate)
 */
import type { ActorAddress } from '#protocols/wire/address';
import { type Envelope, type ExitReason, type Signal, type SpawnSpec } from '#protocols/wire/envelope';
import { SkepError, toWireError, unreachable } from '#protocols/wire/error';
import type { AnyDefinition, Info } from '../actor/definition.js';
import { Mailbox } from '../mailbox/mailbox.js';
import { Queue } from '../mailbox/queue.js';
import { Children } from '../supervision/children.js';
import { CellContext } from './cell-context.js';
import type { CellHost } from './cell-host.js';
import { callKey, type Producer, Producers } from './cell-streams.js';
import { Current } from './current.js';

type Cast = Extract<Envelope, { kind: 'cast' }>;
type Call = Extract<Envelope, { kind: 'call' }>;
/** What waits in a mailbox: a cast, or a call with its deadline on this executor's clock. */
type Letter = { readonly envelope: Cast } | { readonly envelope: Call; readonly deadlineMs: number };

export type CellStatus = 'starting' | 'running' | 'failed' | 'stopping' | 'stopped';

export class Cell {
  readonly address: ActorAddress;
  readonly spec: SpawnSpec;
  readonly definition: AnyDefinition;
  readonly children: Children;
  /** Actors that this one monitors. */
  readonly watching = new Set<ActorAddress>();
  status: CellStatus = 'starting';
  incarnation = 0;
  current: Current;
  /** Whether the executor has this cell in its run queue. */
  scheduled = false;

  readonly #host: CellHost;
  readonly #context: CellContext;
  readonly #mailbox: Mailbox<Letter>;
  readonly #infos = new Queue<Info>();
  readonly #producers = new Producers();
  readonly #watchers = new Set<ActorAddress>();
  readonly #cancelled = new Set<string>();
  /** Run when the current handler is done, or when the last child is gone. */
  #onIdle: (() => void)[] = [];
  #onChildless: (() => void)[] = [];
  #state: unknown;
  #busy = false;
  #stepNext = false;
  #processed = 0;

  constructor(host: CellHost, address: ActorAddress, spec: SpawnSpec, definition: AnyDefinition) {
    this.#host = host;
    this.address = address;
    this.spec = spec;
    this.definition = definition;
    this.children = new Children(definition.supervision);
    this.#mailbox = new Mailbox(definition.mailbox);
    this.current = new Current(host.clock);
    this.#context = new CellContext(this, host);
  }

  get mailboxSize(): number {
    return this.#mailbox.size;
  }
  get processed(): number {
    return this.#processed;
  }
  get overHighWater(): boolean {
    return this.#mailbox.overHighWater;
  }
  /** Whether a turn would do anything. */
  get ready(): boolean {
    if (this.status !== 'running' || this.#busy) return false;
    return this.#infos.size > 0 || this.#mailbox.size > 0 || this.#producers.hasReady;
  }

  /** Runs init. Resolves when the actor is running; rejects with INIT_FAILED (the cell is then of no use). */
  async start(): Promise<void> {
    this.status = 'starting';
    this.incarnation += 1;
    this.current = new Current(this.#host.clock, this.spec.parent);
    try {
      this.#state = await this.definition.init(this.spec.args, this.#context);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const facts = { definition: this.definition.name, ...(cause instanceof SkepError ? { cause: cause.code } : {}) };
      throw new SkepError('INIT_FAILED', `init of ${this.definition.name} failed: ${why}`, facts, cause);
    } finally {
      this.current.finish();
    }
    if (this.status === 'starting') this.status = 'running';
    this.#host.schedule(this);
  }

  /** Takes a cast or call into the mailbox. False when it was refused, or when senders should wait. */
  accept(envelope: Cast | Call): boolean {
    if (this.status === 'stopping' || this.status === 'stopped') {
      this.#refuse(envelope, 'stopped');
      return false;
    }
    if (envelope.kind === 'call' && envelope.chain.includes(this.address)) {
      const facts = { chain: [...envelope.chain, this.address], call: envelope.name };
      this.#fail(envelope, new SkepError('CALL_CYCLE', `call "${envelope.name}" comes back to ${this.address}`, facts));
      return true;
    }
    const letter: Letter =
      envelope.kind === 'call' ? { envelope, deadlineMs: this.#host.clock.now() + envelope.timeoutMs } : { envelope };
    const outcome = this.#mailbox.push(letter);
    if (!outcome.accepted) {
      this.#refuse(envelope, 'mailbox-full', outcome.notify);
      return false;
    }
    if (outcome.displaced !== undefined) this.#refuse(outcome.displaced.envelope, 'displaced');
    this.#host.schedule(this);
    return !this.#mailbox.overHighWater;
  }

  /** Delivers an info; it runs before waiting messages. */
  inform(info: Info): void {
    if (this.definition.info === undefined || this.status === 'stopping' || this.status === 'stopped') return;
    this.#infos.push(info);
    this.#host.schedule(this);
  }

  cancelCall(from: ActorAddress, id: number): void {
    const key = callKey(from, id);
    if (this.#inHand === key) this.current.cancel();
    else if (this.#producers.drop(key) === undefined && this.#mailbox.size > 0) this.#cancelled.add(key);
  }

  grantCredit(from: ActorAddress, id: number, count: number): void {
    this.#producers.grant(callKey(from, id), count);
    this.#host.schedule(this);
  }

  signal(signal: Signal, from: ActorAddress): void {
    switch (signal.type) {
      case 'monitor':
        this.#watchers.add(signal.watcher);
        return;
      case 'demonitor':
        this.#watchers.delete(signal.watcher);
        return;
      case 'down':
        if (this.watching.delete(signal.address)) this.inform(signal);
        return;
      case 'failed':
        this.childFailed(signal.child, signal.reason);
        return;
      case 'exited':
        this.#childExited(signal.child, signal.reason);
        return;
      case 'restart':
        if (this.status === 'failed' && from === this.spec.parent) void this.#restart(signal.reason);
        return;
      case 'stop':
        void this.stop(signal.reason);
        return;
      default:
        unreachable(signal);
    }
  }

  /** Whether the executor itself lost sight of a watched address (its thread or node died). */
  watchedGone(address: ActorAddress, reason: ExitReason): void {
    this.signal({ type: 'down', address, reason }, address);
  }

  async spawnChild(spec: SpawnSpec, node: string | undefined): Promise<ActorAddress> {
    const address = await this.#host.start(spec, node, this.address);
    this.children.add(address, spec);
    if (this.status === 'stopping' || this.status === 'stopped') this.#stopChild(address);
    return address;
  }

  /** Runs up to `budget` user messages; the executor asks `ready` whether more wait. */
  run(budget: number): void {
    for (let left = budget; left > 0 && this.status === 'running' && !this.#busy; left -= 1) {
      const info = this.#infos.shift();
      if (info !== undefined) {
        this.#handle(new Current(this.#host.clock), () => this.definition.info?.(this.#state, info, this.#context));
        continue;
      }
      if (!this.#userTurn()) return;
    }
  }

  /** Ends the actor in order: the current message, the children, terminate, and then everyone who should know. */
  async stop(reason: ExitReason): Promise<void> {
    if (this.status === 'stopping' || this.status === 'stopped') return;
    const running = this.status === 'running' || this.status === 'failed';
    this.status = 'stopping';
    this.current.cancel();
    this.#context.cancelTimers();
    await this.#within(this.#idle());
    await this.#stopChildren();
    if (running) await this.#terminate(reason);
    this.#end(reason);
  }

  childFailed(child: ActorAddress, reason: ExitReason): void {
    const verdict = this.children.judge(child, reason, this.#host.clock.now());
    switch (verdict.type) {
      case 'ignore':
        return;
      case 'restart':
        this.#host.log.warn('child restarts', { child, reason: reason.message, class: reason.class, delayMs: verdict.delayMs });
        this.#host.clock.after(verdict.delayMs, () => {
          if (!this.children.has(child)) return;
          this.#send(child, { type: 'restart', spec: verdict.spec, reason });
        });
        return;
      case 'stop-child':
        this.#stopChild(child, reason);
        // A child whose thread or node is gone cannot say that it ended.
        if (reason.class === 'node-down') this.#childExited(child, reason);
        return;
      case 'fail-self': {
        const { restarts, withinMs } = verdict;
        this.#host.log.error('restart intensity exceeded', { actor: this.address, child, restarts, withinMs });
        this.#crashed({ class: reason.class === 'normal' ? 'crash' : reason.class, message: `a child failed again after ${restarts} restarts in ${withinMs} ms: ${reason.message}` });
        return;
      }
      default:
        unreachable(verdict);
    }
  }

  #childExited(child: ActorAddress, reason: ExitReason): void {
    if (!this.children.has(child)) return;
    if (reason.class === 'normal' && this.status === 'running' && this.#isPermanent(child)) {
      this.childFailed(child, reason);
      return;
    }
    this.children.remove(child);
    this.inform({ type: 'exit', child, reason });
    if (this.children.size === 0) for (const done of this.#onChildless.splice(0)) done();
  }

  #isPermanent(child: ActorAddress): boolean {
    return this.children.restartPolicy(child) === 'permanent';
  }

  // ---- turns -------------------------------------------------------------------------------------------------

  /** The key of the call in hand, so that a cancel finds it. */
  #inHand = '';

  /** One stream step or one letter, in turn when both wait; false when nothing waits. */
  #userTurn(): boolean {
    const step = this.#stepNext || this.#mailbox.size === 0 ? this.#producers.take() : undefined;
    this.#stepNext = !this.#stepNext;
    if (step !== undefined) {
      this.#step(step);
      return true;
    }
    const letter = this.#mailbox.shift();
    if (letter === undefined) return this.#producers.hasReady;
    this.#processed += 1;
    if ('deadlineMs' in letter) this.#call(letter.envelope, letter.deadlineMs);
    else this.#cast(letter.envelope);
    if (this.#mailbox.size === 0) this.#cancelled.clear();
    return true;
  }

  #cast(envelope: Cast): void {
    const { casts } = this.definition;
    const handler = Object.hasOwn(casts, envelope.name) ? casts[envelope.name] : undefined;
    if (handler === undefined) {
      this.#host.deadLetter('no-such-handler', envelope);
      return;
    }
    this.#handle(new Current(this.#host.clock, envelope.from), () => handler(this.#state, envelope.message, this.#context));
  }

  #call(envelope: Call, deadlineMs: number): void {
    const key = callKey(envelope.from, envelope.id);
    if (this.#cancelled.delete(key) || this.#host.clock.now() > deadlineMs) return;
    const { calls } = this.definition;
    const handler = Object.hasOwn(calls, envelope.name) ? calls[envelope.name] : undefined;
    if (handler === undefined) {
      const known = Object.keys(calls);
      const text = `${this.definition.name} has no call "${envelope.name}"; it has: ${known.join(', ') || 'none'}`;
      this.#fail(envelope, new SkepError('NO_SUCH_HANDLER', text, { definition: this.definition.name, known }));
      return;
    }
    const current = new Current(this.#host.clock, envelope.chain.at(-1) ?? envelope.from, envelope.chain, deadlineMs);
    if (this.definition.streams.has(envelope.name)) {
      const iterator = handler(this.#state, envelope.message, this.#context) as AsyncGenerator<unknown, unknown, unknown>;
      this.#producers.add({ key, from: envelope.from, id: envelope.id, iterator, current, credit: envelope.credit, queued: false });
      return;
    }
    this.#inHand = key;
    this.#handle(
      current,
      () => handler(this.#state, envelope.message, this.#context),
      (value) => void this.#host.deliver({ kind: 'reply', to: envelope.from, id: envelope.id, value }),
      (error) => this.#fail(envelope, error),
    );
  }

  #step(producer: Producer): void {
    const { from, id, key } = producer;
    producer.credit -= 1;
    this.#inHand = key;
    this.#handle(
      producer.current,
      () => producer.iterator.next(),
      (result) => {
        const { done, value } = result as IteratorResult<unknown, unknown>;
        if (done === true) {
          this.#producers.drop(key);
          this.#host.deliver({ kind: 'end', to: from, id });
        } else {
          this.#host.deliver({ kind: 'item', to: from, id, value });
          this.#producers.enqueue(producer);
        }
      },
      (error) => {
        this.#producers.drop(key);
        this.#host.deliver({ kind: 'fail', to: from, id, error: toWireError(error) });
      },
      true,
    );
  }

  /**
   * Runs one handler to its end. A SkepError out of a call is an expected failure and becomes its answer; anything else
   * that is thrown is a crash, for the supervisor to judge.
   */
  #handle(current: Current, body: () => unknown, onValue?: (value: unknown) => void, onError?: (error: SkepError) => void, keep = false): void {
    this.current = current;
    let outcome: unknown;
    try {
      outcome = body();
    } catch (thrown) {
      this.#threw(thrown, current, onError);
      return;
    }
    if (!isThenable(outcome)) {
      if (!keep) current.finish();
      onValue?.(outcome);
      return;
    }
    this.#busy = true;
    const resume = (): void => {
      this.#busy = false;
      for (const done of this.#onIdle.splice(0)) done();
      this.#host.schedule(this);
    };
    outcome.then(
      (value) => {
        this.#inHand = '';
        if (!keep) current.finish();
        if (this.status !== 'stopped') onValue?.(value);
        resume();
      },
      (thrown: unknown) => {
        this.#inHand = '';
        if (this.status !== 'stopped') this.#threw(thrown, current, onError);
        resume();
      },
    );
  }

  #threw(thrown: unknown, current: Current, onError: ((error: SkepError) => void) | undefined): void {
    current.finish();
    if (thrown instanceof SkepError && onError !== undefined) {
      onError(thrown);
      return;
    }
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    this.#host.log.error('actor crashed', { actor: this.address, definition: this.definition.name, error: thrown });
    onError?.(new SkepError('ACTOR_CRASHED', `${this.definition.name} crashed: ${message}`, { actor: this.address }));
    this.#crashed({ class: 'crash', message });
  }

  // ---- life cycle --------------------------------------------------------------------------------------------

  /** Stands still with its mailbox and asks the supervisor. */
  #crashed(reason: ExitReason): void {
    if (this.status !== 'running' && this.status !== 'starting') return;
    this.status = 'failed';
    this.#context.cancelTimers();
    this.#abandonStreams(new SkepError('ACTOR_CRASHED', `${this.definition.name} crashed: ${reason.message}`, { actor: this.address }));
    if (this.spec.parent === undefined) void this.stop(reason);
    else this.#send(this.spec.parent, { type: 'failed', child: this.address, reason });
  }

  async #restart(reason: ExitReason): Promise<void> {
    this.status = 'starting';
    await this.#idle();
    await this.#stopChildren();
    await this.#terminate(reason);
    this.#infos.drain();
    try {
      await this.start();
    } catch (error) {
      this.#host.log.error('restart failed', { actor: this.address, error });
      this.#crashed({ class: 'crash', message: error instanceof Error ? error.message : String(error) });
    }
  }

  async #terminate(reason: ExitReason): Promise<void> {
    this.current = new Current(this.#host.clock);
    try {
      await this.#within(Promise.resolve(this.definition.terminate?.(this.#state, reason, this.#context)));
    } catch (error) {
      this.#host.log.error('terminate failed', { actor: this.address, error });
    }
  }

  async #stopChildren(): Promise<void> {
    if (this.children.size === 0) return;
    const childless = new Promise<void>((resolve) => this.#onChildless.push(resolve));
    for (const child of this.children.newestFirst()) this.#stopChild(child);
    await this.#within(childless);
  }

  #stopChild(child: ActorAddress, reason: ExitReason = { class: 'shutdown', message: 'its parent ends it' }): void {
    this.#send(child, { type: 'stop', reason });
  }

  /** The last step: leftovers are refused, and watchers and the parent are told. */
  #end(reason: ExitReason): void {
    this.status = 'stopped';
    this.#abandonStreams(new SkepError('ACTOR_STOPPED', `${this.definition.name} stopped: ${reason.message}`, { actor: this.address }));
    for (const letter of this.#mailbox.drain()) this.#refuse(letter.envelope, 'stopped');
    for (const address of this.watching) this.#send(address, { type: 'demonitor', watcher: this.address });
    this.#host.remove(this, reason);
    for (const watcher of this.#watchers) this.#send(watcher, { type: 'down', address: this.address, reason });
    if (this.spec.parent !== undefined) this.#send(this.spec.parent, { type: 'exited', child: this.address, reason });
  }

  #abandonStreams(error: SkepError): void {
    for (const { from, id } of this.#producers.dropAll()) this.#host.deliver({ kind: 'fail', to: from, id, error: toWireError(error) });
  }

  #idle(): Promise<void> {
    return this.#busy ? new Promise((resolve) => this.#onIdle.push(resolve)) : Promise.resolve();
  }

  /** Waits, but not longer than the shutdown time. */
  async #within(work: Promise<unknown>): Promise<void> {
    let timer: { cancel(): void } | undefined;
    const expired = new Promise<void>((resolve) => {
      timer = this.#host.clock.after(this.#host.shutdownMs, () => {
        this.#host.log.warn('shutdown time exceeded', { actor: this.address, definition: this.definition.name });
        resolve();
      });
    });
    try {
      await Promise.race([work, expired]);
    } finally {
      timer?.cancel();
    }
  }

  #send(to: ActorAddress, signal: Signal): void {
    this.#host.deliver({ kind: 'signal', to, from: this.address, signal });
  }

  #fail(envelope: Call, error: SkepError): void {
    this.#host.deliver({ kind: 'fail', to: envelope.from, id: envelope.id, error: toWireError(error) });
  }

  /** A message that will not be handled: a dead letter, and an answer for its caller where one waits. */
  #refuse(envelope: Cast | Call, reason: 'stopped' | 'mailbox-full' | 'displaced', notify = true): void {
    this.#host.deadLetter(reason, envelope);
    if (envelope.kind !== 'call' || !notify) return;
    const facts = { actor: this.address, call: envelope.name };
    this.#fail(
      envelope,
      reason === 'stopped'
        ? new SkepError('ACTOR_STOPPED', `${this.definition.name} stopped before it answered "${envelope.name}"`, facts)
        : new SkepError('MAILBOX_FULL', `the mailbox of ${this.definition.name} is full`, facts),
    );
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

