/**
 * Supervisors declared as data, as OTP's child specs have it: an ordinary definition whose actor starts its children in
 * order when it begins, and answers the calls of OTP's `supervisor` module. If one child does not start, those before it
 * end in reverse order and the start of the supervisor fails.
 */
import type { ActorAddress } from '#protocols/wire/address';
import { SkepError } from '#protocols/wire/error';
import { type ActorContext } from '../actor/context.js';
import { type Definition, defineActor } from '../actor/definition.js';
import {
  checkChildSpec,
  checkChildSpecs,
  type CheckedChildSpec,
  type ChildSpec,
  markSupervisor,
  toSpawnSpec,
} from './child-spec.js';
import type { ChildStatus } from './children.js';
import type { SupervisionOptions } from './options.js';
import { doorOf, type KnownChild } from './supervisor-door.js';

/** What {@link defineSupervisor} takes for children that are listed. */
export interface SupervisorSpec<Args> extends Omit<SupervisionOptions, 'maxRestarts' | 'withinMs'> {
  readonly name: string;
  readonly version?: number;
  readonly description?: string;
  /** Restarts of all children together that are allowed. Default 3 in 5000 ms. */
  readonly intensity?: { readonly maxRestarts?: number; readonly withinMs?: number };
  /** Started in this order. A function makes them of the supervisor's arguments. */
  readonly children: readonly ChildSpec[] | ((args: Args) => readonly ChildSpec[]);
}

/**
 * A supervisor whose children are all of one kind and come and go (OTP's `simple_one_for_one`): it begins without any,
 * and keeps no spec of one that ended. A million children take a million entries of one table, which share their spec.
 */
export interface DynamicSupervisorSpec extends Omit<SupervisorSpec<never>, 'children' | 'strategy'> {
  readonly strategy: 'simple-one-for-one';
  readonly child: ChildSpec;
}

/** One child in `whichChildren`. */
export interface ChildEntry {
  /** Undefined for children of a dynamic supervisor. */
  readonly id: string | undefined;
  /** Where it lives, if it does; kept over restarts. */
  readonly address: ActorAddress;
  readonly status: ChildStatus;
  readonly type: 'worker' | 'supervisor';
  readonly definition: string;
}

/** What `countChildren` gives. */
export interface ChildCounts {
  readonly specs: number;
  /** Children that run or are being restarted. */
  readonly active: number;
  readonly supervisors: number;
  readonly workers: number;
}

interface SupervisorState {
  /** Specs by id; of a dynamic supervisor the one of all its children. */
  readonly specs: Map<string, CheckedChildSpec>;
  readonly template: CheckedChildSpec | undefined;
}

type StartRequest = ChildSpec | { readonly args?: unknown; readonly name?: string };
interface ById {
  readonly id: string;
}

const calls = (autoShutdown: SupervisionOptions['autoShutdown']) => ({
  /**
   * Starts a child from its spec; a dynamic supervisor takes `{ args, name }`, where fields of `args` that is an object
   * come on top of those of the spec.
   */
  startChild: (state: SupervisorState, request: StartRequest, ctx: ActorContext): Promise<ActorAddress> =>
    startChild(state, request, autoShutdown ?? 'never', ctx),
  /** Ends a child, by its id or, of a dynamic supervisor, its address. */
  terminateChild: async (
    state: SupervisorState,
    message: ById | { readonly address: ActorAddress },
    ctx: ActorContext,
  ): Promise<void> => {
    if (state.template !== undefined) return doorOf(ctx).terminateChild(text(message, 'address'));
    await doorOf(ctx).terminateChild(text(message, 'id'));
    forgetEnded(state, ctx);
  },
  restartChild: (state: SupervisorState, message: ById, ctx: ActorContext): Promise<ActorAddress> => {
    refuseDynamic(state, 'restartChild');
    return doorOf(ctx).restartChild(text(message, 'id'));
  },
  deleteChild: async (state: SupervisorState, message: ById, ctx: ActorContext): Promise<void> => {
    refuseDynamic(state, 'deleteChild');
    await doorOf(ctx).deleteChild(text(message, 'id'));
    state.specs.delete(message.id);
  },
  /** All children, in the order of their start. */
  whichChildren: (state: SupervisorState, _message: undefined, ctx: ActorContext): readonly ChildEntry[] =>
    doorOf(ctx)
      .knownChildren()
      .map((child) => entryOf(state, child)),
  countChildren: (state: SupervisorState, _message: undefined, ctx: ActorContext): ChildCounts => {
    const children = doorOf(ctx).knownChildren();
    const supervisors = children.filter((child) => specOf(state, child)?.type === 'supervisor').length;
    return {
      specs: state.template === undefined ? children.length : 1,
      active: children.filter(({ status }) => status !== 'stopped').length,
      supervisors,
      workers: children.length - supervisors,
    };
  },
  /** The spec of a child with its defaults filled in. */
  getChildSpec: (state: SupervisorState, message: ById, ctx: ActorContext): CheckedChildSpec => {
    forgetEnded(state, ctx);
    const id = text(message, 'id');
    const spec = state.template?.id === id ? state.template : state.specs.get(id);
    if (spec === undefined) throw new SkepError('NO_SUCH_CHILD', `no child ${id}`, { id });
    return spec;
  },
});

/** A definition of a supervisor. */
export type SupervisorDefinition<Args> = Definition<
  Args,
  SupervisorState,
  ReturnType<typeof calls>,
  // oxlint-disable-next-line typescript/no-empty-object-type -- it takes no casts
  {}
>;

/**
 * Declares a supervisor. Children that are listed as values are checked at once, those of a function when it begins.
 * @throws SkepError BAD_CHILD_SPEC, BAD_NAME, BAD_CONFIG.
 */
export function defineSupervisor<Args = undefined>(
  spec: SupervisorSpec<Args> | DynamicSupervisorSpec,
): SupervisorDefinition<Args> {
  const { name, version, description, intensity = {}, strategy, ...rest } = spec;
  const { autoShutdown = 'never' } = spec;
  const template = 'child' in rest ? checkChildSpec(rest.child, autoShutdown) : undefined;
  const listed = 'children' in rest ? rest.children : [];
  const fixed = typeof listed === 'function' ? undefined : checkChildSpecs(listed, autoShutdown);
  const { backoff, whenExceeded, onFailure } = spec;
  const definition = defineActor({
    name,
    ...(version === undefined ? {} : { version }),
    ...(description === undefined ? {} : { description }),
    supervision: {
      strategy: strategy === undefined || strategy === 'simple-one-for-one' ? 'one-for-one' : strategy,
      autoShutdown,
      ...intensity,
      ...(backoff === undefined ? {} : { backoff }),
      ...(whenExceeded === undefined ? {} : { whenExceeded }),
      ...(onFailure === undefined ? {} : { onFailure }),
    },
    init: async (args: Args, ctx): Promise<SupervisorState> => {
      const specs = typeof listed === 'function' ? checkChildSpecs(listed(args), autoShutdown) : (fixed ?? []);
      for (const child of specs) await doorOf(ctx).startChild({ ...toSpawnSpec(child), parent: ctx.self });
      return { specs: new Map(specs.map((child) => [child.id, child])), template };
    },
    calls: calls(autoShutdown),
  });
  markSupervisor(definition);
  return definition;
}

async function startChild(
  state: SupervisorState,
  request: StartRequest,
  autoShutdown: NonNullable<SupervisionOptions['autoShutdown']>,
  ctx: ActorContext,
): Promise<ActorAddress> {
  if (state.template !== undefined) return doorOf(ctx).startChild(dynamicSpec(state.template, request, ctx.self));
  const spec = checkChildSpec(request, autoShutdown);
  const address = await doorOf(ctx).startChild({ ...toSpawnSpec(spec), parent: ctx.self });
  forgetEnded(state, ctx);
  state.specs.set(spec.id, spec);
  return address;
}

/** Spawn specs of children without arguments of their own, one for each template and supervisor. */
const shared = new WeakMap<CheckedChildSpec, ReturnType<typeof toSpawnSpec>>();

function dynamicSpec(template: CheckedChildSpec, request: unknown, parent: ActorAddress) {
  const { args, name } = isRecord(request) ? request : {};
  if (name !== undefined && typeof name !== 'string') {
    throw new SkepError('BAD_CHILD_SPEC', `child ${template.id}: name is ${JSON.stringify(name)}: expected a text`);
  }
  let common = shared.get(template);
  if (common === undefined || common.parent !== parent) {
    const { id: _id, ...withoutId } = toSpawnSpec(template);
    common = { ...withoutId, parent };
    shared.set(template, common);
  }
  if (args === undefined && name === undefined) return common;
  const merged = isRecord(args) && isRecord(common.args) ? { ...common.args, ...args } : (args ?? common.args);
  return { ...common, args: merged, ...(name === undefined ? {} : { name }) };
}

/** Temporary children leave no spec behind. */
function forgetEnded(state: SupervisorState, ctx: ActorContext): void {
  const known = new Set(
    doorOf(ctx)
      .knownChildren()
      .map(({ spec }) => spec.id),
  );
  for (const id of state.specs.keys()) if (!known.has(id)) state.specs.delete(id);
}

function specOf(state: SupervisorState, { spec }: KnownChild): CheckedChildSpec | undefined {
  return state.template ?? (spec.id === undefined ? undefined : state.specs.get(spec.id));
}

function entryOf(state: SupervisorState, child: KnownChild): ChildEntry {
  const { address, status, spec } = child;
  const type = specOf(state, child)?.type ?? 'worker';
  return { id: spec.id, address, status, type, definition: spec.definition };
}

function refuseDynamic(state: SupervisorState, call: string): void {
  if (state.template === undefined) return;
  throw new SkepError('BAD_USAGE', `${call}: children of a simple-one-for-one supervisor have no ids; start another`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(message: unknown, field: 'id' | 'address'): string {
  const value = isRecord(message) ? message[field] : undefined;
  if (typeof value === 'string') return value;
  throw new SkepError('BAD_MESSAGE', `${field}: expected the ${field} of a child`, { field });
}
