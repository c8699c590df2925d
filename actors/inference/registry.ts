/**
 * The models of one node: an actor that loads them, each as a child that it supervises, tells which one answers, and swaps
 * them where they do not fit together. Whoever asks gets the address of the model's own actor and talks to that, so no
 * answer passes through here.
 *
 *     asker --use--> models --address--> asker --ask--> model
 *                      '-- supervises -----------------^
 *
 * Loading takes seconds, so no handler waits for it: what was begun comes back as a cast of its own (`measured`, `started`,
 * `seen`), and whoever waits has a deferred reply. All loads of one name share its slot, so that two at once load once.
 */
import { type ActorContext, type CastHandlers, castFace, defineActor, type Info, type ReplyToken, SkepError } from '#runtime';
import type { ActorAddress } from '#protocols/wire/address';
import { fromWireError, unreachable, type WireError } from '#protocols/wire/error';
import {
  loadModel,
  type LoadModel,
  type ModelChoice,
  type ModelList,
  modelWish,
  type ModelWish,
  namedModel,
  type NamedModel,
  type ReadyModel,
  swapModel,
  type SwapModel,
  useModel,
  type UseModel,
} from '#protocols/wire/models';
import { modelEntry } from '#protocols/wire/model-entry';
import { z } from 'zod';
import type { ModelEntry } from './entry.js';
import { freeMemory, memoryOf } from './memory.js';
import { model } from './model.js';
import { planResidency } from './residency.js';
import { rankModels } from './selection.js';
import { candidates, failureOf, heldBytes, lineOf, newSlot, residents, sameEntry, type Sighting, type Slot, slotNamed } from './shelf.js';
import { look } from './sighting.js';

/** Name of the registry on its node. */
export const MODELS_NAME = 'models';

const registryArgs = z.object({
  models: z.array(modelEntry).default([]),
  /** Who answers when nobody is named; default: the first that fits the wish. */
  defaultModel: z.string().nullable().default(null),
  /** `start` loads the models at once, in their order, as far as they fit together. */
  load: z.enum(['start', 'demand']).default('demand'),
  /** Bytes that the models may take together; null: what is free. */
  memoryBytes: z.number().nullable().default(null),
  /** How long requests for a model that is not loaded wait for those of one that has its memory, in milliseconds. */
  switchAfterMs: z.number().default(10_000),
});

/** What a registry begins with. */
export type RegistryArgs = z.output<typeof registryArgs>;

/** What a registry is made of; tests put their own in place. */
export interface RegistryParts {
  readonly model: typeof model;
  readonly memoryOf: (entry: ModelEntry) => Promise<number>;
  readonly freeMemory: () => number;
  /** Lets a model file be tried again that ended its process before. */
  readonly lift: (entry: ModelEntry) => Promise<void>;
}

interface Registry {
  readonly args: RegistryArgs;
  readonly slots: Map<string, Slot>;
  /** Whether what is loaded at the start was begun. */
  preloaded: boolean;
}

/** What the registry tells itself. */
interface OwnCasts {
  readonly measured: { readonly name: string; readonly bytes: number | WireError };
  readonly started: { readonly name: string; readonly address: ActorAddress | WireError };
  readonly seen: { readonly name: string; readonly address: ActorAddress; readonly sighting: Sighting | null };
  readonly swapped: {
    readonly name: string;
    readonly entry: ModelEntry;
    readonly token: ReplyToken<ReadyModel>;
    readonly error: WireError | null;
  };
}

/** Milliseconds between two looks at models while something is to happen, and while nothing is. */
const LOOK_MS = 50;
const QUIET_LOOK_MS = 1_000;
/** A model that has not ended its answers by then is stopped. */
const DRAIN_MS = 60_000;
const BYTES = 1_048_576;

const own = castFace<OwnCasts>();

/** Declares a registry of these parts. */
export function defineModelRegistry(parts: RegistryParts) {
  return defineActor({
    name: 'skep.models',
    description: 'Loads the models of a node and tells which one answers.',
    // A model that cannot live is given up alone; the others, and the registry, go on.
    supervision: {
      whenExceeded: 'stop-child',
      maxRestarts: 3,
      withinMs: 60_000,
      backoff: { firstMs: 100, maxMs: 10_000, jitter: 'full' },
    },
    schemas: {
      args: registryArgs,
      calls: { use: useModel, load: loadModel, unload: namedModel, swap: swapModel, select: modelWish },
    },
    init: (args: RegistryArgs, ctx): Registry => {
      const slots = new Map(args.models.map((entry) => [entry.name, newSlot(entry)]));
      for (const slot of slots.values()) measure(slot, parts, ctx);
      return { args, slots, preloaded: args.load === 'demand' };
    },
    calls: {
      /** The model that answers, once it is ready. */
      use: (state, message: UseModel, ctx) => wait(state, chosen(state, message), parts, ctx),
      /** Loads a model; resolves once it is ready. */
      load: async (state, message: LoadModel, ctx) => {
        const slot = toLoad(state, message);
        if (message.force === true) await parts.lift(slot.entry);
        return wait(state, slot, parts, ctx);
      },
      /** Ends a model once what it has is answered; it is loaded again when it is asked for. */
      unload: (state, { name }: NamedModel, ctx) => {
        const slot = slotNamed(state.slots, name);
        const token = ctx.defer<null>();
        if (slot.phase === 'absent') ctx.reply(token, null);
        else {
          slot.leavers.push(token);
          leave(slot, ctx);
        }
        return token;
      },
      /** Puts another model in the place of one that is loaded; resolves once that one answers. */
      swap: (state, { name, entry }: SwapModel, ctx) => {
        const slot = slotNamed(state.slots, name);
        if (slot.address === undefined) {
          slot.entry = { ...entry, name };
          slot.bytes = undefined;
          return wait(state, slot, parts, ctx);
        }
        return swap(slot, slot.address, { ...entry, name }, parts, ctx);
      },
      list: (state): ModelList => ({ models: [...state.slots.values()].map(lineOf) }),
      /** Who would answer a wish, and why. */
      select: (state, wish: ModelWish): ModelChoice => {
        const ranked = rankModels(candidates(state.slots.values()), wish);
        return { name: ranked[0].name, ranked: [...ranked] };
      },
    },
    casts: {
      measured: (state, { name, bytes }, ctx) => {
        const slot = state.slots.get(name);
        if (slot === undefined) return;
        slot.measuring = false;
        if (typeof bytes !== 'number') fail(slot, bytes, ctx);
        else slot.bytes = bytes;
        preload(state, parts, ctx);
        replan(state, parts, ctx);
      },
      started: (state, { name, address }, ctx) => {
        const slot = state.slots.get(name);
        if (slot === undefined) return;
        if (typeof address === 'string') slot.address = address;
        else {
          slot.phase = 'absent';
          fail(slot, address, ctx);
        }
        replan(state, parts, ctx);
      },
      seen: (state, { name, address, sighting }, ctx) => {
        const slot = state.slots.get(name);
        if (slot === undefined || slot.address !== address || sighting === null) return;
        observe(slot, sighting, ctx);
        replan(state, parts, ctx);
      },
      swapped: (state, { name, entry, token, error }, ctx) => {
        const slot = state.slots.get(name);
        if (error !== null || slot?.address === undefined) {
          ctx.fail(token, fromWireError(error ?? { code: 'MODEL_UNAVAILABLE', message: `model "${name}" is gone` }));
          return;
        }
        slot.entry = entry;
        slot.bytes = undefined;
        measure(slot, parts, ctx);
        ctx.reply(token, { name, address: slot.address });
      },
    } satisfies CastHandlers<Registry, OwnCasts>,
    info: (state, info: Info, ctx) => {
      switch (info.type) {
        case 'timer':
          if (info.key === 'look') for (const slot of state.slots.values()) watch(slot, parts, ctx);
          replan(state, parts, ctx);
          return;
        case 'exit':
          for (const slot of state.slots.values())
            if (slot.address === info.child) gone(slot, info.gaveUp ? info.reason.message : undefined, ctx);
          replan(state, parts, ctx);
          return;
        case 'down':
        case 'exit-signal':
        case 'group':
        case 'topic':
          return;
        default:
          unreachable(info);
      }
    },
  });
}

/** Definition of the registry of a node; it is registered there as {@link MODELS_NAME}. */
export const modelRegistry = defineModelRegistry({ model, memoryOf, freeMemory, lift });

async function lift(entry: ModelEntry): Promise<void> {
  if (entry.backend === 'llama') (await import('./llama/backend.js')).liftQuarantine(entry.path);
}

/** The slot that a request means. @throws SkepError UNKNOWN_MODEL. */
function chosen({ slots, args }: Registry, { model: name, wish }: UseModel): Slot {
  if (name !== undefined) return slotNamed(slots, name);
  if (wish === undefined && args.defaultModel !== null) return slotNamed(slots, args.defaultModel);
  return slotNamed(slots, rankModels(candidates(slots.values()), wish ?? {})[0].name);
}

/** The slot to load, which is made where the model is new. @throws SkepError UNKNOWN_MODEL, NAME_TAKEN. */
function toLoad({ slots }: Registry, message: LoadModel): Slot {
  if ('name' in message) return slotNamed(slots, message.name);
  const { entry } = message;
  const present = slots.get(entry.name);
  if (present !== undefined && sameEntry(present.entry, entry)) return present;
  if (present !== undefined && present.phase !== 'absent') {
    throw new SkepError(
      'NAME_TAKEN',
      `model "${entry.name}" is loaded from another entry; swap it, or give this one another name`,
      { model: entry.name },
    );
  }
  const slot = newSlot(entry);
  slots.set(entry.name, slot);
  return slot;
}

/** Answers with the model once it is ready. What failed before is tried once more, because somebody asks for it. */
function wait(state: Registry, slot: Slot, parts: RegistryParts, ctx: ActorContext) {
  const token = ctx.defer<ReadyModel>();
  slot.waiters.push({ token, sinceMs: ctx.clock.now() });
  if (slot.phase === 'absent') slot.failure = undefined;
  measure(slot, parts, ctx);
  replan(state, parts, ctx);
  return token;
}

/** Reads what the model will take, once; the answer comes as `measured`. */
function measure(slot: Slot, parts: RegistryParts, ctx: ActorContext): void {
  if (slot.bytes !== undefined || slot.measuring) return;
  slot.measuring = true;
  const { name } = slot.entry;
  const self = ctx.ref(own, ctx.self);
  parts.memoryOf(slot.entry).then(
    (bytes) => self.cast('measured', { name, bytes }),
    (error: unknown) => self.cast('measured', { name, bytes: failureOf(error) }),
  );
}

/** Once all are measured: loads, in their order, what fits beside the others; what does not waits until it is asked for. */
function preload(state: Registry, parts: RegistryParts, ctx: ActorContext): void {
  const slots = [...state.slots.values()];
  if (state.preloaded || slots.some(({ measuring }) => measuring)) return;
  state.preloaded = true;
  for (const slot of slots) {
    const fits = slot.bytes !== undefined && slot.bytes <= roomFor(state, parts);
    if (fits && slot.phase === 'absent') begin(slot, parts, ctx);
  }
}

/** Bytes that one more model may take. */
function roomFor({ args, slots }: Registry, parts: RegistryParts): number {
  const all = [...slots.values()];
  if (args.memoryBytes !== null) return args.memoryBytes - heldBytes(all, ['loading', 'ready', 'leaving']);
  // What is being loaded has not taken its memory yet.
  return parts.freeMemory() - heldBytes(all, ['loading']);
}

/** Carries out what the plan says now, and looks again when time alone may change it. */
function replan(state: Registry, parts: RegistryParts, ctx: ActorContext): void {
  const nowMs = ctx.clock.now();
  const memory = { roomBytes: roomFor(state, parts), switchAfterMs: state.args.switchAfterMs };
  const plan = planResidency(residents(state.slots.values(), nowMs), memory, nowMs);
  for (const move of plan.moves) {
    const slot = slotNamed(state.slots, move.name);
    switch (move.type) {
      case 'load':
        begin(slot, parts, ctx);
        break;
      case 'unload':
        leave(slot, ctx);
        break;
      case 'admit':
        admit(slot, ctx);
        break;
      case 'refuse':
        fail(slot, tooLarge(move), ctx);
        break;
      default:
        unreachable(move);
    }
  }
  const slots = [...state.slots.values()];
  const eager = slots.some(({ phase, waiters }) => phase === 'loading' || phase === 'leaving' || waiters.length > 0);
  if (slots.some(({ address }) => address !== undefined)) ctx.after(eager ? LOOK_MS : QUIET_LOOK_MS, 'look');
  if (plan.lookAtMs !== undefined) ctx.after(Math.max(1, plan.lookAtMs - nowMs), 'plan');
}

function tooLarge({ name, needBytes, haveBytes }: { readonly name: string; readonly needBytes: number; readonly haveBytes: number }): WireError {
  const [need, have] = [needBytes, haveBytes].map((bytes) => Math.ceil(Math.max(0, bytes) / BYTES));
  return {
    code: 'OUT_OF_MEMORY',
    message: `model "${name}" needs about ${need} MiB, and at most ${have} MiB can be had for it`,
    facts: { model: name, needBytes, haveBytes },
  };
}

/** Starts the actor of a model; the answer comes as `started`. */
function begin(slot: Slot, parts: RegistryParts, ctx: ActorContext): void {
  const { entry } = slot;
  slot.phase = 'loading';
  slot.failure = undefined;
  slot.seen = undefined;
  slot.lastUsedMs = ctx.clock.now();
  const self = ctx.ref(own, ctx.self);
  ctx.log.info('model loads', { model: entry.name, backend: entry.backend, bytes: slot.bytes });
  // On the thread of the registry, which so knows what is in quarantine; and idle models go by the plan, not by themselves.
  ctx.spawn(parts.model, { entry: { ...entry, keepAliveMs: 0 } }).then(
    ({ address }) => self.cast('started', { name: entry.name, address }),
    (error: unknown) => self.cast('started', { name: entry.name, address: failureOf(error) }),
  );
}

/** Asks a model how it is; the answer comes as `seen`. */
function watch({ entry, address }: Slot, parts: RegistryParts, ctx: ActorContext): void {
  if (address === undefined) return;
  const { name } = entry;
  const self = ctx.ref(own, ctx.self);
  void look(ctx.ref(parts.model, address)).then((sighting) => self.cast('seen', { name, address, sighting }));
}

/** Takes in how a model is. */
function observe(slot: Slot, sighting: Sighting, ctx: ActorContext): void {
  const nowMs = ctx.clock.now();
  slot.seen = sighting;
  const requests = sighting.running + sighting.waiting;
  if (requests > 0) slot.lastUsedMs = nowMs;
  if (slot.phase === 'loading' && sighting.health.ready) {
    slot.phase = 'ready';
    slot.lastUsedMs = nowMs;
    ctx.log.info('model is ready', { model: slot.entry.name });
  }
  if (slot.phase === 'leaving' && slot.address !== undefined) {
    const late = nowMs - slot.leavingSinceMs > DRAIN_MS;
    if (requests === 0 || late) ctx.stop(slot.address);
  }
}

/** Sends the requests that wait for it to a model that is ready. */
function admit(slot: Slot, ctx: ActorContext): void {
  const { address, entry } = slot;
  if (address === undefined) return;
  slot.admittedMs = ctx.clock.now();
  slot.lastUsedMs = slot.admittedMs;
  for (const { token } of slot.waiters.splice(0)) ctx.reply(token, { name: entry.name, address });
}

/** Lets a model end what it has; it is stopped when it is seen to have nothing. */
function leave(slot: Slot, ctx: ActorContext): void {
  if (slot.phase === 'leaving' || slot.address === undefined) return;
  slot.phase = 'leaving';
  slot.leavingSinceMs = ctx.clock.now();
  ctx.log.info('model leaves', { model: slot.entry.name });
  ctx.ref(model, slot.address).cast('drain', null);
}

/** The actor of a model ended: as it was told to, or because it could not live. */
function gone(slot: Slot, why: string | undefined, ctx: ActorContext): void {
  slot.phase = 'absent';
  slot.address = undefined;
  slot.seen = undefined;
  for (const token of slot.leavers.splice(0)) ctx.reply(token, null);
  if (why === undefined) return;
  const message = `model "${slot.entry.name}" failed again and again and is given up: ${why}`;
  fail(slot, { code: 'MODEL_FAILED', message, facts: { model: slot.entry.name } }, ctx);
}

/** It cannot be had: whoever waits for it is told. */
function fail(slot: Slot, error: WireError, ctx: ActorContext): void {
  slot.failure = error;
  ctx.log.warn('model is not there', { model: slot.entry.name, code: error.code, reason: error.message });
  for (const { token } of slot.waiters.splice(0)) ctx.fail(token, fromWireError(error));
}

/** Has a loaded model replaced by its own actor, which keeps answering meanwhile; the answer comes as `swapped`. */
function swap(slot: Slot, address: ActorAddress, entry: ModelEntry, parts: RegistryParts, ctx: ActorContext) {
  const token = ctx.defer<ReadyModel>();
  const self = ctx.ref(own, ctx.self);
  const ref = ctx.ref(parts.model, address);
  const news = { name: slot.entry.name, entry, token };
  // By what this actor does and not for its caller: one that leaves does not undo a swap half-way.
  ref.call('swap', entry, { timeoutMs: SWAP_MS }).then(
    () => self.cast('swapped', { ...news, error: null }),
    (error: unknown) => self.cast('swapped', { ...news, error: failureOf(error) }),
  );
  return token;
}

/** Time for loading the new model and for the answers of the old one to end. */
const SWAP_MS = 600_000;
