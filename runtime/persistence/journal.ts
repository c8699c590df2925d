/**
 * What one actor stores and reads back: the cell's side of persistence. Each life claims the key anew, which fences
 * every life before it, then makes its state from the snapshot and the events after it. While it lives, what is to be
 * stored is sent at once and applied when the store has it; the order is that of the calls.
 *
 *     no life --recover: claim, load, replay--> live --persist: sent, stored, applied--> live
 *                                                '--unknown outcome, or fenced--> broken (crashes, or ends)
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { ExitReason, SpawnSpec } from '#protocols/wire/envelope';
import { SkepError } from '#protocols/wire/error';
import type { AnyDefinition, Info } from '../actor/definition.js';
import type { PersistOptions } from '../actor/persistence.js';
import type { Clock } from '../clock/clock.js';
import { assertPlain } from '../codec/msgpack.js';
import type { DurableOutgoing } from '../delivery/durable-outgoing.js';
import type { SessionOwner } from '../delivery/durable-session.js';
import type { ReliableSettings } from '../delivery/options.js';
import type { Target } from '../delivery/stored-session.js';
import type { Payload } from '../delivery/wire.js';
import type { CastOutcome } from '../flow/outcome.js';
import type { StoreClient } from '../store/client.js';
import { isStoreKey } from '../store/layout.js';
import type { Durability, Head, StoreWrite } from '../store/store.js';
import type { Logger } from '../telemetry/log.js';
import type { CommandIds } from './command-ids.js';
import { DurableTimers } from './durable-timers.js';
import { applied, replay } from './replay.js';
import { type AnyEventSourcing, packEvent, packState, unpackEvent } from './stored-form.js';

/** The actor whose journal it is. */
export interface JournalOwner {
  readonly address: ActorAddress;
  readonly definition: AnyDefinition;
  readonly spec: SpawnSpec;
  state: unknown;
  inform(info: Info): void;
  crashed(reason: ExitReason): void;
  stop(reason: ExitReason): Promise<void>;
}

/** What it needs of the executor. */
export interface JournalHost {
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: StoreClient | undefined;
  readonly services: { readonly deliveries: { readonly durable: DurableOutgoing } };
}

/** What one life knows of its log. */
interface Life {
  readonly key: string;
  readonly epoch: number;
  readonly store: StoreClient;
  readonly durability: Durability;
  readonly ids: CommandIds;
  readonly timers: DurableTimers;
  /** This life as a sender of durable casts. */
  readonly sender: SessionOwner;
  /** Events sent, and events applied. */
  seq: number;
  applied: number;
  snapshotSeq: number;
  snapshotting: boolean;
  /** Why nothing can be stored in this life any more. */
  broken: SkepError | undefined;
}

const SNAPSHOT_EVERY = 100;
const MAX_KEY_BYTES = 300;
const MAX_ID_LENGTH = 200;

export class Journal {
  readonly #owner: JournalOwner;
  readonly #host: JournalHost;
  #life: Life | undefined;
  /** Lives begun or ended; a recovery that finds another number when it is done is over already. */
  #turn = 0;
  /** What is sent and not yet settled, so that no reply is faster. */
  #open: Set<Promise<unknown>> | undefined;

  constructor(owner: JournalOwner, host: JournalHost) {
    this.#owner = owner;
    this.#host = host;
  }

  /** Begins a life: gives the state that is stored, or `initial` where nothing is. */
  async recover(initial: unknown): Promise<unknown> {
    this.end();
    const turn = this.#turn;
    const { definition } = this.#owner;
    const { persistence, durable } = definition;
    const rules = persistence ?? durable;
    const { store } = this.#host;
    if (rules === undefined || store === undefined) {
      const text = `${definition.name} persists, and the node has no store: give the system the option "store"`;
      throw new SkepError('STORE_MISSING', text, { definition: definition.name });
    }
    if (persistence !== undefined) checkInitial(definition.name, persistence, initial);
    const key = keyOf(definition.name, rules.key(this.#owner.spec.args));
    const durability = rules.sync ?? store.sync;
    const { epoch } = await store.write({ type: 'claim', key }, durability);
    const { state, head, ids, documents } = await replay({ key, epoch, store, durability, definition, initial });
    if (turn !== this.#turn) throw ended(key);
    const timers = new DurableTimers({
      clock: this.#host.clock,
      inform: (info) => this.#owner.inform(info),
      write: (name, bytes) =>
        this.#track(
          bytes === undefined
            ? this.#write(life, { type: 'remove', key, epoch, name })
            : this.#write(life, { type: 'put', key, epoch, name, bytes }),
        ).then(() => {}),
    });
    const sender: SessionOwner = {
      ...{ address: this.#owner.address, key, epoch, store, durability },
      track: (work) => this.#track(work),
      failed: (error) => this.#failed(life, error),
    };
    const { seq, snapshotSeq } = head;
    const life: Life = {
      key,
      epoch,
      store,
      durability,
      ids,
      timers,
      sender,
      seq,
      applied: seq,
      snapshotSeq,
      snapshotting: false,
      broken: undefined,
    };
    await this.#sessions.resume(sender, documents);
    if (turn !== this.#turn) throw ended(key);
    this.#life = life;
    if (definition.info !== undefined) timers.load(documents);
    return state;
  }

  /** The life is over: its timers are still, and a handler of it that goes on can store nothing. */
  end(): void {
    this.#turn += 1;
    this.#life?.timers.end();
    this.#life = undefined;
  }

  /** Resolves once everything that is on its way to the store has been settled; undefined when nothing is. */
  hold(): Promise<unknown> | undefined {
    return this.#open === undefined || this.#open.size === 0 ? undefined : Promise.all(this.#open);
  }

  /** Resolves once everything that was sent to the store so far is there. */
  async stored(): Promise<void> {
    await this.hold();
    const broken = this.#life?.broken;
    if (broken !== undefined) throw broken;
  }

  /** Accepts a durable cast. @throws SkepError BAD_USAGE in `init`, when there is no life yet. */
  cast(target: Target, to: ActorAddress, payload: Payload, settings: ReliableSettings): CastOutcome {
    return this.#sessions.offer(this.#living('cast').sender, target, to, payload, settings);
  }

  /** Resolves once the sender of durable casts need not wait. */
  drained(target: Target): Promise<void> {
    return this.#sessions.drained(this.#living('drained').key, target);
  }

  persist(events: unknown, { id }: PersistOptions = {}): Promise<unknown> {
    return this.#track(this.#persist(events, id));
  }

  persisted(id: string): boolean {
    return this.#living('persisted').ids.has(id);
  }

  save(): Promise<void> {
    return this.#track(this.#save());
  }

  async erase(): Promise<void> {
    const life = this.#living('erase');
    await this.#track(this.#write(life, { type: 'erase', key: life.key, epoch: life.epoch }));
    this.#sessions.erased(life.key);
    life.timers.end();
    life.broken = new SkepError('ACTOR_STOPPED', `what ${life.key} had stored was erased, and it ends`);
    void this.#owner.stop({ class: 'shutdown', message: 'erased' });
  }

  setTimer(dueMs: number, periodMs: number, key: string): Promise<void> {
    const life = this.#living('afterDurable');
    if (this.#owner.definition.info === undefined) {
      const text = `${this.#owner.definition.name} sets a durable timer and has no info handler that could be told`;
      return Promise.reject(new SkepError('BAD_USAGE', text));
    }
    return life.timers.set(dueMs, periodMs, key);
  }

  cancelTimer(key: string): Promise<void> {
    return this.#living('cancelDurable').timers.cancel(key);
  }

  /** Runs the handler of a durable timer that was told. */
  async fire(key: string, dueMs: number, handle: () => unknown): Promise<void> {
    await this.#life?.timers.fire(key, dueMs, handle);
  }

  async #persist(events: unknown, id: string | undefined): Promise<unknown> {
    const life = this.#living('persist');
    const rules = this.#rules();
    const list: readonly unknown[] = Array.isArray(events) ? events : [events];
    if (id !== undefined) checkId(id, list);
    if (id !== undefined && life.ids.has(id)) return this.#owner.state;
    if (list.length === 0) return this.#owner.state;
    const records = list.map((event, index) => packEvent(rules, event, index === 0 ? id : undefined, life.key));
    const { key, epoch, seq: after } = life;
    const stored = this.#write(life, { type: 'append', key, epoch, after, events: records });
    // Not before: what the queue refused has no place in the order.
    life.seq += records.length;
    await stored;
    if (life !== this.#life) throw ended(life.key);
    this.#apply(life, rules, records);
    this.#snapshot(life, rules);
    return this.#owner.state;
  }

  /** Applies what was stored as it will be read back, so that a replay cannot come to another state. */
  #apply(life: Life, rules: AnyEventSourcing, records: readonly Uint8Array[]): void {
    try {
      for (const record of records) {
        const { events, id } = unpackEvent(rules, record, life.key);
        for (const event of events) this.#owner.state = applied(rules, this.#owner.state, event);
        if (id !== undefined) life.ids.add(id);
        life.applied += 1;
      }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      life.broken = new SkepError('BAD_EVENT', `an event of ${life.key} could not be applied: ${message}`, {}, error);
      this.#owner.crashed({ class: 'crash', message: life.broken.message });
      throw error;
    }
  }

  /** Makes a snapshot behind the actor's back: whether it succeeds is nothing that anybody waits for. */
  #snapshot(life: Life, rules: AnyEventSourcing): void {
    const every = rules.snapshotEvery ?? SNAPSHOT_EVERY;
    const { key, epoch, applied: seq } = life;
    if (every === 0 || life.snapshotting || seq - life.snapshotSeq < every || life.broken !== undefined) return;
    life.snapshotting = true;
    const keepFrom = Math.max(0, seq + 1 - Math.min(rules.keepEvents ?? 0, seq + 1));
    const failed = (error: unknown): void => {
      life.snapshotting = false;
      if (life === this.#life) this.#host.log.warn('snapshot failed', { actor: this.#owner.address, key, error });
    };
    try {
      const bytes = packState(rules.version, this.#owner.state, life.ids.list(), key);
      const stored = life.store.write({ type: 'snapshot', key, epoch, seq, bytes, keepFrom }, life.durability);
      stored.then(() => {
        life.snapshotting = false;
        life.snapshotSeq = seq;
      }, failed);
    } catch (error) {
      failed(error);
    }
  }

  async #save(): Promise<void> {
    const life = this.#living('save');
    const { durable, name } = this.#owner.definition;
    if (durable === undefined) throw misuse('save', `${name} is not declared "durable"`);
    const { key, epoch, seq: after } = life;
    const bytes = packState(durable.version, this.#owner.state, [], key);
    const stored = this.#write(life, { type: 'save', key, epoch, after, bytes });
    life.seq += 1;
    await stored;
  }

  /** Sends a write. What is refused at once changes nothing; any other failure ends this life. */
  #write(life: Life, write: StoreWrite): Promise<Head> {
    if (life.broken !== undefined) throw life.broken;
    return life.store.write(write, life.durability).catch((error: unknown) => {
      this.#failed(life, error);
      throw error;
    });
  }

  #failed(life: Life, error: unknown): void {
    const own = error instanceof SkepError ? error : new SkepError('STORE_FAILED', String(error), {}, error);
    if (life.broken !== undefined || life !== this.#life) return;
    life.broken = own;
    // A restart of the one that was replaced would fence its successor in turn.
    if (own.code === 'STORE_FENCED') void this.#owner.stop({ class: 'refusal', message: own.message });
    else this.#owner.crashed({ class: 'crash', message: own.message });
  }

  get #sessions(): DurableOutgoing {
    return this.#host.services.deliveries.durable;
  }

  #living(method: string): Life {
    const life = this.#life;
    if (life === undefined) throw misuse(method, 'it is for handlers of an actor that has started, and has not ended');
    if (life.broken !== undefined) throw life.broken;
    return life;
  }

  #rules(): AnyEventSourcing {
    const { persistence, name } = this.#owner.definition;
    if (persistence === undefined) throw misuse('persist', `${name} declares no "persistence"`);
    return persistence;
  }

  /** Counts a promise among those that a reply waits for. Its rejection is the handler's, awaited or not. */
  #track<T>(work: Promise<T>): Promise<T> {
    const open = (this.#open ??= new Set());
    const settled = (): void => {
      open.delete(work);
      if (open.size === 0 && this.#open === open) this.#open = undefined;
    };
    open.add(work);
    work.then(settled, settled);
    return work;
  }
}

function keyOf(definition: string, key: unknown): string {
  const whole = `${definition}/${String(key)}`;
  if (typeof key === 'string' && key !== '' && Buffer.byteLength(key) <= MAX_KEY_BYTES && isStoreKey(whole))
    return whole;
  const text = `the key of ${definition} is ${JSON.stringify(key)}: expected 1 to ${MAX_KEY_BYTES} bytes of text without control characters`;
  throw new SkepError('BAD_NAME', text, { definition });
}

function checkId(id: string, events: readonly unknown[]): void {
  if (typeof id !== 'string' || id === '' || id.length > MAX_ID_LENGTH)
    throw misuse('persist', `id is ${JSON.stringify(id)}: expected 1 to ${MAX_ID_LENGTH} characters`);
  if (events.length === 0) throw misuse('persist', 'an id needs at least one event with which it is remembered');
}

/** A state that no snapshot can take is found at the first start, not after the first hundred events. */
function checkInitial(name: string, rules: AnyEventSourcing, state: unknown): void {
  if (rules.snapshotEvery === 0) return;
  try {
    assertPlain(state);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const text = `the state of ${name} cannot be put into snapshots: ${why}; make it plain data, or set snapshotEvery to 0`;
    throw new SkepError('BAD_CONFIG', text, { definition: name }, cause);
  }
}

function misuse(method: string, why: string): SkepError {
  return new SkepError('BAD_USAGE', `ctx.${method}: ${why}`, { method });
}

function ended(key: string): SkepError {
  return new SkepError('ACTOR_STOPPED', `this life of ${key} ended before the store had answered`, { key });
}
