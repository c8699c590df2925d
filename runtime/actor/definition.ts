/**
 * A definition is what an actor is: how it starts, which calls and casts it answers, and what it does when something
 * it watches ends. It is a value without identity or threads, registered by name and version on every executor.
 *
 *     starting --init--> running --handler throws--> failed --supervisor: restart--> starting
 *                           |                          '-----supervisor: stop-----> stopped
 *                           '--stop--> terminate ----------------------------------> stopped
 *
 * One message at a time: while a handler's promise is pending nothing else of that actor runs. A call handler that is
 * an async generator is a stream, and each of its steps is a turn of its own: other messages run between its steps.
 */
import type { ZodType } from 'zod';
import type { ExitReason } from '#protocols/wire/envelope';
import type { ActorAddress } from '#protocols/wire/address';
import { SkepError } from '#protocols/wire/error';
import type { MailboxOptions } from '../mailbox/mailbox.js';
import type { RestartIntensity } from '../supervision/intensity.js';
import { checkSupervision, type SupervisionOptions } from '../supervision/options.js';
import type { ActorContext } from './context.js';

/** What the runtime tells an actor beside its messages. */
export type Info =
  /** A monitored actor is no longer there. */
  | { readonly type: 'down'; readonly address: ActorAddress; readonly reason: ExitReason }
  /** A child ended for good: it stopped, or its restarts are exhausted. */
  | {
      readonly type: 'exit';
      readonly child: ActorAddress;
      readonly reason: ExitReason;
      /** Whether it failed and was given up, rather than ended in order. */
      readonly gaveUp: boolean;
    }
  /** An exit signal that this actor traps; `linked` when a link broke, and not when it was sent by `ctx.exit`. */
  | {
      readonly type: 'exit-signal';
      readonly from: ActorAddress;
      readonly reason: ExitReason;
      readonly linked: boolean;
    }
  /** A timer set by `ctx.after` or `ctx.every`. */
  | { readonly type: 'timer'; readonly key: string }
  /** Members joined or left a group that `ctx.groups.monitor` watches. */
  | {
      readonly type: 'group';
      readonly scope: string;
      readonly group: string;
      readonly event: 'join' | 'leave';
      readonly members: readonly ActorAddress[];
    }
  /** A message of a topic, by a subscription that names no cast. */
  | {
      readonly type: 'topic';
      readonly topic: string;
      /** The pattern of the subscription. */
      readonly pattern: string;
      readonly message: unknown;
      readonly sender: ActorAddress;
    };

/** Answers a call; the return value, awaited, is the reply. */
// oxlint-disable-next-line typescript/no-explicit-any -- a handler's own message type is checked where refs use it
export type CallHandler<State> = (state: State, message: any, ctx: ActorContext) => unknown;
/** Handles a cast. */
// oxlint-disable-next-line typescript/no-explicit-any -- as above
export type CastHandler<State> = (state: State, message: any, ctx: ActorContext) => void | Promise<void>;

/** Schemas for what comes from outside (spawn API, CLI); messages between our own actors are typed, not re-validated. */
export interface DefinitionSchemas {
  readonly args?: ZodType;
  readonly calls?: Readonly<Record<string, ZodType>>;
  readonly casts?: Readonly<Record<string, ZodType>>;
}

/** What a node gives to definitions that say nothing about it themselves. Plain data. */
export interface ActorDefaults {
  readonly mailbox?: MailboxOptions;
  readonly supervision?: Partial<RestartIntensity>;
}

/** What {@link defineActor} takes. */
export interface DefinitionSpec<Args, State, Calls, Casts> {
  /** 1 to 128 letters, digits, hyphens, underscores or dots; unique on a node together with `version`. */
  readonly name: string;
  /** Default 1. */
  readonly version?: number;
  /** One line for `describe`. */
  readonly description?: string;
  /** Makes the state. A throw here fails the spawn, or counts as a failure when it happens in a restart. */
  readonly init: (args: Args, ctx: ActorContext) => State | Promise<State>;
  // The intersections give the handlers their contextual types while their own types are inferred.
  readonly calls?: Calls & Record<string, CallHandler<State>>;
  readonly casts?: Casts & Record<string, CastHandler<State>>;
  readonly info?: (state: State, info: Info, ctx: ActorContext) => void | Promise<void>;
  /** Runs once before the actor ends or restarts; the state is as the last handler left it. */
  readonly terminate?: (state: State, reason: ExitReason, ctx: ActorContext) => void | Promise<void>;
  readonly mailbox?: MailboxOptions;
  readonly supervision?: SupervisionOptions;
  /** Exit signals become `exit-signal` infos instead of ending this actor; only a `kill` still does. Default false. */
  readonly trapExits?: boolean;
  readonly schemas?: DefinitionSchemas;
}

/** A registered kind of actor; made by {@link defineActor}. */
export interface Definition<
  Args = unknown,
  State = unknown,
  Calls extends Record<string, CallHandler<State>> = Record<string, CallHandler<State>>,
  Casts extends Record<string, CastHandler<State>> = Record<string, CastHandler<State>>,
> extends Omit<DefinitionSpec<Args, State, Calls, Casts>, 'calls' | 'casts'> {
  readonly kind: 'actor';
  readonly version: number;
  readonly calls: Calls;
  readonly casts: Casts;
  /** Names of the calls that are streams. */
  readonly streams: ReadonlySet<string>;
}

/** Any definition, whatever its types: what registries and refs are generic over. */
// oxlint-disable-next-line typescript/no-explicit-any -- the four types vary in both directions
export type AnyDefinition = Definition<any, any, Record<string, CallHandler<any>>, Record<string, CastHandler<any>>>;

/** The type of a definition's init arguments. */
export type ArgsOf<D> = D extends { readonly init: (args: infer Args, ctx: ActorContext) => unknown } ? Args : never;

const namePattern = /^[A-Za-z0-9_.-]{1,128}$/;
const streamTag = '[object AsyncGeneratorFunction]';

/**
 * Declares an actor. Types of arguments, state, messages and replies are inferred from the functions.
 * @throws SkepError BAD_NAME when the name cannot be a definition's name, BAD_CONFIG when an option is out of range.
 */
export function defineActor<
  Args,
  State,
  // oxlint-disable-next-line typescript/no-empty-object-type -- "no handlers" is the empty object
  Calls extends Record<string, CallHandler<State>> = {},
  // oxlint-disable-next-line typescript/no-empty-object-type -- as above
  Casts extends Record<string, CastHandler<State>> = {},
>(spec: DefinitionSpec<Args, State, Calls, Casts>): Definition<Args, State, Calls, Casts> {
  if (!namePattern.test(spec.name)) {
    throw new SkepError(
      'BAD_NAME',
      `definition name ${JSON.stringify(spec.name)}: expected 1 to 128 letters, digits, "-", "_" or "."`,
    );
  }
  checkNumber(spec.name, 'version', spec.version, 0);
  checkNumber(spec.name, 'mailbox.capacity', spec.mailbox?.capacity, 1);
  checkNumber(spec.name, 'mailbox.highWater', spec.mailbox?.highWater, 0);
  checkSupervision(spec.name, spec.supervision);
  const calls = spec.calls ?? ({} as Calls);
  const streams = Object.keys(calls).filter((name) => Object.prototype.toString.call(calls[name]) === streamTag);
  return {
    ...spec,
    kind: 'actor',
    version: spec.version ?? 1,
    calls,
    casts: spec.casts ?? ({} as Casts),
    streams: new Set(streams),
  };
}

function checkNumber(definition: string, field: string, value: number | undefined, least: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return;
  throw new SkepError(
    'BAD_CONFIG',
    `definition ${definition}: ${field} is ${value}: expected a whole number from ${least}`,
    {
      definition,
      field,
    },
  );
}

/** Whether a value exported by a module is a definition. */
export function isDefinition(value: unknown): value is AnyDefinition {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'actor' && 'streams' in value;
}
