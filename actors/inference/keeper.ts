/**
 * What the registry does with its models, one method for each thing that happens. Loading takes seconds and no method
 * waits for it: what was begun comes back as a cast of the registry to itself, and whoever waits has a deferred reply.
 */
import { type ActorContext, type ReplyToken, SkepError } from '#runtime';
import type { ActorAddress } from '#protocols/wire/address';
import { fromWireError, isErrorCode, unreachable, type WireError } from '#protocols/wire/error';
import type { LoadModel, ModelChoice, ModelList, ModelWish, ReadyModel, UseModel } from '#protocols/wire/models';
import type { ModelEntry } from './entry.js';
import { type KeeperSettings, own, type OwnCasts, type RegistryParts } from './registry-messages.js';
import { type Move, planResidency } from './residency.js';
import { rankModels } from './selection.js';
import {
  candidates,
  failureOf,
  heldBytes,
  lineOf,
  newSlot,
  residents,
  sameEntry,
  type Sighting,
  type Slot,
  slotNamed,
} from './shelf.js';
import { look } from './sighting.js';

/** Milliseconds between two looks at models while something is to happen, and while nothing is. */
const LOOK_MS = 50;
const QUIET_LOOK_MS = 1_000;
/** A model that has not ended its answers by then is stopped. */
const DRAIN_MS = 60_000;
/** Time for loading a new model and for the answers of the old one to end. */
const SWAP_MS = 600_000;
const MIB = 1_048_576;

/** The models of one node. */
export class ModelKeeper {
  readonly #settings: KeeperSettings;
  readonly #parts: RegistryParts;
  readonly #ctx: ActorContext;
  readonly #slots: Map<string, Slot>;
  /** Whether what is loaded at the start was begun. */
  #preloaded: boolean;
  /** When the next look at the models is due; undefined while none is. */
  #lookDueMs: number | undefined;

  constructor(settings: KeeperSettings, parts: RegistryParts, ctx: ActorContext) {
    this.#settings = settings;
    this.#parts = parts;
    this.#ctx = ctx;
    this.#slots = new Map(settings.models.map((entry) => [entry.name, newSlot(entry)]));
    this.#preloaded = settings.load === 'demand';
    for (const slot of this.#slots.values()) this.#measure(slot);
  }

  // ---- what is asked -----------------------------------------------------------------------------------------

  /** The model that answers, once it is ready. @throws SkepError UNKNOWN_MODEL. */
  use({ model: name, wish }: UseModel): ReplyToken<ReadyModel> {
    const { defaultModel } = this.#settings;
    const wanted = name ?? (wish === undefined ? defaultModel : null) ?? this.select(wish ?? {}).name;
    return this.#wait(slotNamed(this.#slots, wanted));
  }

  /** @throws SkepError UNKNOWN_MODEL, NAME_TAKEN. */
  async load(message: LoadModel): Promise<ReplyToken<ReadyModel>> {
    const slot = 'name' in message ? slotNamed(this.#slots, message.name) : this.#slotFor(message.entry);
    if (message.force === true) await this.#parts.lift(slot.entry);
    return this.#wait(slot);
  }

  /** @throws SkepError UNKNOWN_MODEL. */
  unload(name: string): ReplyToken<null> {
    const slot = slotNamed(this.#slots, name);
    const token = this.#ctx.defer<null>();
    slot.leavers.push(token);
    if (slot.phase === 'absent') this.#tellLeavers(slot);
    else this.#leave(slot);
    this.#replan();
    return token;
  }

  /** @throws SkepError UNKNOWN_MODEL, MODEL_UNAVAILABLE while it is loading or leaving. */
  swap(name: string, given: ModelEntry): ReplyToken<ReadyModel> {
    const slot = slotNamed(this.#slots, name);
    const entry = { ...given, name };
    if (slot.phase === 'absent') {
      slot.entry = entry;
      slot.bytes = undefined;
      return this.#wait(slot);
    }
    if (slot.phase === 'ready' && slot.address !== undefined) return this.#swapAt(slot.address, slot.entry.name, entry);
    const facts = { model: name, retryAfterMs: QUIET_LOOK_MS };
    throw new SkepError('MODEL_UNAVAILABLE', `model "${name}" is ${slot.phase}; swap it once it is ready`, facts);
  }

  list(): ModelList {
    return { models: [...this.#slots.values()].map(lineOf) };
  }

  /** @throws SkepError UNKNOWN_MODEL. */
  select(wish: ModelWish): ModelChoice {
    const ranked = rankModels(candidates(this.#slots.values()), wish);
    return { name: ranked[0].name, ranked: [...ranked] };
  }

  // ---- what happens ------------------------------------------------------------------------------------------

  measured({ name, bytes }: OwnCasts['measured']): void {
    const slot = this.#slots.get(name);
    if (slot === undefined) return;
    slot.measuring = false;
    if (typeof bytes === 'number') slot.bytes = bytes;
    else this.#fail(slot, bytes);
    this.#preload();
    this.#replan();
  }

  started({ name, address }: OwnCasts['started']): void {
    const slot = this.#slots.get(name);
    if (slot === undefined) return;
    if (typeof address === 'string') {
      slot.address = address;
      if (slot.leavers.length > 0) this.#leave(slot);
    } else {
      slot.phase = 'absent';
      this.#fail(slot, address);
      this.#tellLeavers(slot);
    }
    this.#replan();
  }

  seen({ name, address, sighting }: OwnCasts['seen']): void {
    const slot = this.#slots.get(name);
    if (slot === undefined) return;
    slot.looking = false;
    if (slot.address !== address) return;
    if (sighting !== null) this.#observe(slot, sighting);
    const late = this.#ctx.clock.now() - slot.leavingSinceMs > DRAIN_MS;
    if (slot.phase === 'leaving' && late) this.#ctx.stop(address);
    this.#replan();
  }

  swapped({ name, entry, token, error }: OwnCasts['swapped']): void {
    const slot = this.#slots.get(name);
    if (error !== null || slot?.address === undefined) {
      const gone: WireError = { code: 'MODEL_UNAVAILABLE', message: `model "${name}" is gone` };
      this.#ctx.fail(token, fromWireError(error ?? gone));
      return;
    }
    slot.entry = entry;
    slot.bytes = undefined;
    this.#measure(slot);
    this.#ctx.reply(token, { name, address: slot.address });
  }

  /** Time has passed. */
  timer(key: string): void {
    if (key === 'look') {
      this.#lookDueMs = undefined;
      for (const slot of this.#slots.values()) this.#watch(slot);
    }
    this.#replan();
  }

  /** A child ended for good: as it was told to, or, with a reason, because it could not live. */
  ended(child: ActorAddress, givenUp: string | undefined): void {
    for (const slot of this.#slots.values()) {
      if (slot.address !== child) continue;
      const { name } = slot.entry;
      slot.phase = 'absent';
      slot.address = undefined;
      slot.seen = undefined;
      slot.looking = false;
      this.#tellLeavers(slot);
      if (givenUp === undefined) continue;
      const message = `model "${name}" failed again and again and is given up: ${givenUp}`;
      this.#fail(slot, { code: 'MODEL_FAILED', message, facts: { model: name } });
    }
    this.#replan();
  }

  // ---- one model ---------------------------------------------------------------------------------------------

  /** The slot for an entry, made where its name is new or free. @throws SkepError NAME_TAKEN. */
  #slotFor(entry: ModelEntry): Slot {
    const present = this.#slots.get(entry.name);
    if (present !== undefined && sameEntry(present.entry, entry)) return present;
    if (present !== undefined && present.phase !== 'absent') {
      const text = `model "${entry.name}" is loaded from another entry; swap it, or give this one another name`;
      throw new SkepError('NAME_TAKEN', text, { model: entry.name });
    }
    const slot = newSlot(entry);
    this.#slots.set(entry.name, slot);
    return slot;
  }

  /** Answers once the model is ready. What failed before is tried once more, because somebody asks for it. */
  #wait(slot: Slot): ReplyToken<ReadyModel> {
    const token = this.#ctx.defer<ReadyModel>();
    slot.waiters.push({ token, sinceMs: this.#ctx.clock.now() });
    if (slot.phase === 'absent') slot.failure = undefined;
    this.#measure(slot);
    this.#replan();
    return token;
  }

  /** Reads what the model will take, once; the answer comes as `measured`. */
  #measure(slot: Slot): void {
    if (slot.bytes !== undefined || slot.measuring) return;
    slot.measuring = true;
    const { name } = slot.entry;
    const self = this.#ctx.ref(own, this.#ctx.self);
    this.#parts.memoryOf(slot.entry).then(
      (bytes) => self.cast('measured', { name, bytes }),
      (error: unknown) => self.cast('measured', { name, bytes: failureOf(error) }),
    );
  }

  /** Starts the actor of a model; the answer comes as `started`. */
  #begin(slot: Slot): void {
    const { entry } = slot;
    const { name } = entry;
    slot.phase = 'loading';
    slot.failure = undefined;
    slot.seen = undefined;
    slot.lastUsedMs = this.#ctx.clock.now();
    const self = this.#ctx.ref(own, this.#ctx.self);
    this.#ctx.log.info('model loads', { model: name, backend: entry.backend, bytes: slot.bytes });
    // On the thread of the registry, which so knows what is in quarantine; and idle models go by the plan, not by themselves.
    this.#ctx.spawn(this.#parts.model, { entry: { ...entry, keepAliveMs: 0 } }).then(
      ({ address }) => self.cast('started', { name, address }),
      (error: unknown) => self.cast('started', { name, address: failureOf(error) }),
    );
  }

  /** Asks a model how it is; the answer comes as `seen`. */
  #watch(slot: Slot): void {
    const { entry, address } = slot;
    if (address === undefined || slot.looking) return;
    slot.looking = true;
    const { name } = entry;
    const self = this.#ctx.ref(own, this.#ctx.self);
    const asked = look(this.#ctx.ref(this.#parts.model, address));
    void asked.then((sighting) => self.cast('seen', { name, address, sighting }));
  }

  #observe(slot: Slot, sighting: Sighting): void {
    const nowMs = this.#ctx.clock.now();
    slot.seen = sighting;
    const requests = sighting.running + sighting.waiting;
    if (requests > 0) slot.lastUsedMs = nowMs;
    if (slot.phase === 'loading' && sighting.health.ready) {
      slot.phase = 'ready';
      slot.failure = undefined;
      slot.lastUsedMs = nowMs;
      this.#ctx.log.info('model is ready', { model: slot.entry.name });
    } else if (slot.phase === 'loading') this.#notLoaded(slot, sighting);
    if (slot.phase === 'leaving' && requests === 0 && slot.address !== undefined) this.#ctx.stop(slot.address);
  }

  /** A load failed: who waits is told at once, also where the model itself tries again. One that does not is let go. */
  #notLoaded(slot: Slot, { health: { live, reason = '' } }: Sighting): void {
    const [, code, message] = /^([A-Z_]+): (.*)$/s.exec(reason) ?? [];
    if (!isErrorCode(code) || message === undefined) return;
    if (slot.failure?.message !== message || slot.waiters.length > 0)
      this.#fail(slot, { code, message, facts: { model: slot.entry.name } });
    if (!live && slot.address !== undefined) this.#ctx.stop(slot.address);
  }

  /** Sends the requests that wait for it to a model that is ready. */
  #admit({ address, entry, waiters }: Slot): void {
    if (address === undefined) return;
    for (const { token } of waiters.splice(0)) this.#ctx.reply(token, { name: entry.name, address });
  }

  /** Lets a model end what it has; it is stopped when it is seen to have nothing. */
  #leave(slot: Slot): void {
    if (slot.phase === 'leaving' || slot.address === undefined) return;
    slot.phase = 'leaving';
    slot.leavingSinceMs = this.#ctx.clock.now();
    this.#ctx.log.info('model leaves', { model: slot.entry.name });
    this.#ctx.ref(this.#parts.model, slot.address).cast('drain');
  }

  #tellLeavers(slot: Slot): void {
    for (const token of slot.leavers.splice(0)) this.#ctx.reply(token, null);
  }

  /** It cannot be had: whoever waits for it is told. */
  #fail(slot: Slot, error: WireError): void {
    slot.failure = error;
    this.#ctx.log.warn('model is not there', { model: slot.entry.name, code: error.code, reason: error.message });
    for (const { token } of slot.waiters.splice(0)) this.#ctx.fail(token, fromWireError(error));
  }

  /** Has a loaded model replaced by its own actor, which keeps answering meanwhile; the answer comes as `swapped`. */
  #swapAt(address: ActorAddress, name: string, entry: ModelEntry): ReplyToken<ReadyModel> {
    const token = this.#ctx.defer<ReadyModel>();
    const self = this.#ctx.ref(own, this.#ctx.self);
    this.#ctx
      .ref(this.#parts.model, address)
      .call('swap', { ...entry, keepAliveMs: 0 }, { timeoutMs: SWAP_MS })
      .then(
        () => self.cast('swapped', { name, entry, token, error: null }),
        (error: unknown) => self.cast('swapped', { name, entry, token, error: failureOf(error) }),
      );
    return token;
  }

  // ---- all of them -------------------------------------------------------------------------------------------

  /** Once all are measured: loads, in their order, what fits beside the others; what does not waits until it is asked for. */
  #preload(): void {
    const slots = [...this.#slots.values()];
    if (this.#preloaded || slots.some(({ measuring }) => measuring)) return;
    this.#preloaded = true;
    for (const slot of slots) {
      const fits = slot.bytes !== undefined && slot.bytes <= this.#roomBytes();
      if (fits && slot.phase === 'absent') this.#begin(slot);
    }
  }

  /** Bytes that one more model may take. */
  #roomBytes(): number {
    const all = [...this.#slots.values()];
    const { memoryBytes } = this.#settings;
    if (memoryBytes !== null) return memoryBytes - heldBytes(all, ['loading', 'ready', 'leaving']);
    // What is being loaded has not taken its memory yet.
    return this.#parts.freeMemory() - heldBytes(all, ['loading']);
  }

  /** Carries out what the plan says now, and looks again when time alone may change it. */
  #replan(): void {
    const nowMs = this.#ctx.clock.now();
    const memory = { roomBytes: this.#roomBytes(), switchAfterMs: this.#settings.switchAfterMs };
    const plan = planResidency(residents(this.#slots.values(), nowMs), memory, nowMs);
    for (const move of plan.moves) this.#carryOut(move, nowMs);
    if (plan.lookAtMs !== undefined) this.#ctx.after(Math.max(1, plan.lookAtMs - nowMs), 'plan');
    const slots = [...this.#slots.values()];
    if (!slots.some(({ address }) => address !== undefined)) return;
    const eager = slots.some(
      ({ phase, failure, waiters }) =>
        waiters.length > 0 || phase === 'leaving' || (phase === 'loading' && failure === undefined),
    );
    const dueMs = nowMs + (eager ? LOOK_MS : QUIET_LOOK_MS);
    if (this.#lookDueMs !== undefined && this.#lookDueMs <= dueMs) return;
    this.#lookDueMs = dueMs;
    this.#ctx.after(dueMs - nowMs, 'look');
  }

  #carryOut(move: Move, nowMs: number): void {
    const slot = slotNamed(this.#slots, move.name);
    switch (move.type) {
      case 'load':
        return this.#begin(slot);
      case 'unload':
        return this.#leave(slot);
      case 'admit':
        slot.admittedMs = nowMs;
        slot.lastUsedMs = nowMs;
        return this.#admit(slot);
      case 'refuse': {
        const { name, needBytes, haveBytes } = move;
        const [need, have] = [needBytes, haveBytes].map((bytes) => Math.ceil(Math.max(0, bytes) / MIB));
        const message = `model "${name}" needs about ${need} MiB, and at most ${have} MiB can be had for it`;
        return this.#fail(slot, { code: 'OUT_OF_MEMORY', message, facts: { model: name, needBytes, haveBytes } });
      }
      default:
        return unreachable(move);
    }
  }
}
