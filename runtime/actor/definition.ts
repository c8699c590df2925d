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
import type { ExitReason } from '#protocols/wire/envelope';
import type { ActorAddress } from '#protocols/wire/address';
import { SkepError } from '#protocols/wire/error';
import { type ReliableOptions, type ReliableSettings, reliableSettings } from '../delivery/options.js';
import type { MailboxOptions } from '../mailbox/mailbox.js';
import type { PriorityRule } from '../mailbox/priority.js';
import type { RestartIntensity } from '../supervision/intensity.js';
import { checkSupervision, type SupervisionOptions } from '../supervision/options.js';
import type { Metric } from '../telemetry/metrics.js';
import type { ActorContext } from './context.js';
import { checkMigrations, type MigrationOptions } from './migration.js';
import { isStream, mergePhases } from './phase-table.js';
import type { Agreeing, AllCalls, AllCasts, AnyPhases, ContextOf, PhaseTable, TimeoutHandler } from './phases.js';
import type { DefinitionSchemas, SchemasFor } from './schemas.js';
import { checkPersistence, type DurableState, type EventSourcing } from './persistence.js';

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
  /**
   * A timer set by `ctx.after` or `ctx.every`; with `dueMs`, the milliseconds since 1970 at which it was due, one set by
   * `ctx.afterDurable` or `ctx.everyDurable`.
   */
  | { readonly type: 'timer'; readonly key: string; readonly dueMs?: number }
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

// oxlint-disable-next-line typescript/no-explicit-any -- a handler's own message type is checked where refs use it
type HandlerMessage = any;
/** Answers a call; the return value, awaited, is the reply. */
export type CallHandler<State, Ctx = ActorContext<unknown, State>> = (
  state: State,
  message: HandlerMessage,
  ctx: Ctx,
) => unknown;
/** Handles a cast. */
export type CastHandler<State, Ctx = ActorContext<unknown, State>> = (
  state: State,
  message: HandlerMessage,
  ctx: Ctx,
) => void | Promise<void>;

/** Bound of the messages that an actor keeps aside. */
export interface StashOptions {
  /** Messages at most, 1 or more; one more fails with STASH_FULL. Default 1,000. */
  readonly capacity?: number;
}

/** The mailbox of a definition: bounds, and the order in which its mail is handled. */
export interface DefinitionMailbox extends MailboxOptions {
  /**
   * Priority of each message, from -100 to 100; 0 is normal. Without it the sender's option decides. Higher mail is
   * handled first, FIFO within a priority; low mail may wait for ever while higher mail keeps coming.
   */
  readonly priority?: PriorityRule;
}

/** What a node gives to definitions that say nothing about it themselves. Plain data. */
export interface ActorDefaults {
  readonly mailbox?: MailboxOptions;
  readonly supervision?: Partial<RestartIntensity>;
}

/** What {@link defineActor} takes. */
export interface DefinitionSpec<Args, State, Calls, Casts, Phases, Event = unknown>
  extends MigrationOptions<NoInfer<State>> {
  /** 1 to 128 letters, digits, hyphens, underscores or dots; unique on a node together with `version`. */
  readonly name: string;
  /** Default 1. */
  readonly version?: number;
  /** One line for `describe`. */
  readonly description?: string;
  /** Makes the state. A throw here fails the spawn, or counts as a failure when it happens in a restart. */
  readonly init: (args: Args, ctx: ActorContext) => State | Promise<State>;
  /** Makes the state follow from stored events: `init` gives the state before the first, then they are applied. */
  readonly persistence?: EventSourcing<Args, State, Event>;
  /** Makes the state one that `ctx.save()` stores: `init` gives the first, later lives begin with the one last saved. */
  readonly durable?: DurableState<Args, State>;
  // The intersections give the handlers their contextual types while their own types are inferred.
  readonly calls?: Calls & Record<string, CallHandler<State, ContextOf<State, Event>>>;
  /**
   * Names of calls that are streams and do not hold the actor: while a step of one waits, the actor handles messages and
   * takes steps of other streams (reentrancy in the sense of Orleans' interleaving, for streams only). Up to its first
   * `await` a step is a turn like any other. Behind it the state may have changed, and `ctx.sender`, `ctx.signal` and the
   * like are those of another message: take them before.
   */
  readonly interleaved?: readonly string[];
  readonly casts?: Casts & Record<string, CastHandler<State, ContextOf<State, Event>>>;
  readonly info?: (state: State, info: Info, ctx: ContextOf<State, Event>) => void | Promise<void>;
  /** Makes the actor a state machine: handlers by `state.phase`, before those that all phases share. */
  readonly phases?: Phases &
    PhaseTable<State, Event> &
    Agreeing<State, NoInfer<Phases>, NoInfer<Calls>, NoInfer<Casts>>;
  /** Time-outs that a phase does not handle itself. Only with `phases`. */
  readonly timeouts?: Readonly<Record<string, TimeoutHandler<State, ContextOf<State, Event>>>>;
  /** Runs once before the actor ends or restarts; the state is as the last handler left it. */
  readonly terminate?: (state: State, reason: ExitReason, ctx: ActorContext) => void | Promise<void>;
  /** What its actors count, read from their state whenever a report is asked for; it must be quick and change nothing. */
  readonly metrics?: (state: State) => readonly Metric[];
  readonly mailbox?: DefinitionMailbox;
  readonly supervision?: SupervisionOptions;
  /** Exit signals become `exit-signal` infos instead of ending this actor; only a `kill` still does. Default false. */
  readonly trapExits?: boolean;
  /** Bound of what `ctx.stash` and `ctx.postpone` keep aside. */
  readonly stash?: StashOptions;
  readonly schemas?: SchemasFor<
    NoInfer<Args>,
    AllCalls<NoInfer<Phases>, NoInfer<Calls>, NoInfer<Casts>>,
    AllCasts<NoInfer<Phases>, NoInfer<Calls>, NoInfer<Casts>>
  >;
  /**
   * Casts to such an actor are delivered at least once: sent again until their handler ended, in order for each sender,
   * and not handled twice while sender and receiver live. Default: at most once.
   */
  readonly reliable?: boolean | ReliableOptions;
}

/** A registered kind of actor; made by {@link defineActor}. */
export interface Definition<Args = unknown, State = unknown, Calls = unknown, Casts = unknown>
  extends Omit<
    // oxlint-disable-next-line typescript/no-explicit-any -- the type of its events is the definition's own affair
    DefinitionSpec<Args, State, Calls, Casts, unknown, any>,
    'calls' | 'casts' | 'info' | 'phases' | 'timeouts' | 'schemas' | 'reliable'
  > {
  readonly kind: 'actor';
  readonly version: number;
  /** Of all phases together. */
  readonly calls: Calls;
  readonly casts: Casts;
  // oxlint-disable-next-line typescript/no-explicit-any -- the context is that of the state
  readonly info?: (state: State, info: Info, ctx: any) => void | Promise<void>;
  readonly phases?: AnyPhases;
  // oxlint-disable-next-line typescript/no-explicit-any -- as above
  readonly timeouts?: Readonly<Record<string, TimeoutHandler<State, any>>>;
  /** Of a definition with phases: the handlers that all phases share. */
  readonly common?: { readonly calls: object; readonly casts: object };
  readonly schemas?: DefinitionSchemas;
  /** Names of the calls that are streams. */
  readonly streams: ReadonlySet<string>;
  readonly reliable: ReliableSettings | undefined;
}

/** Any definition, whatever its types: what registries and refs are generic over. */
// oxlint-disable typescript/no-explicit-any -- the four types vary in both directions
export type AnyDefinition = Definition<
  any,
  any,
  Record<string, CallHandler<any, any>>,
  Record<string, CastHandler<any, any>>
>;
// oxlint-enable typescript/no-explicit-any

/** The type of a definition's init arguments. */
export type ArgsOf<D> = D extends { readonly init: (args: infer Args, ctx: ActorContext) => unknown } ? Args : never;

const namePattern = /^[A-Za-z0-9_.-]{1,128}$/;

/**
 * Declares an actor. Types of arguments, state, messages and replies are inferred from the functions.
 * @throws SkepError BAD_NAME when the name cannot be a definition's name, BAD_CONFIG when an option is out of range.
 */
export function defineActor<
  Args,
  State,
  // oxlint-disable-next-line typescript/no-explicit-any, typescript/no-empty-object-type -- the context depends on the state; "no handlers" is the empty object
  Calls extends Record<string, CallHandler<State, any>> = {},
  // oxlint-disable-next-line typescript/no-explicit-any, typescript/no-empty-object-type -- as above
  Casts extends Record<string, CastHandler<State, any>> = {},
  // oxlint-disable-next-line typescript/no-empty-object-type -- as above
  Phases extends object = {},
  Event = unknown,
>(
  spec: DefinitionSpec<Args, State, Calls, Casts, Phases, Event>,
): Definition<Args, State, AllCalls<Phases, Calls, Casts>, AllCasts<Phases, Calls, Casts>> {
  if (!namePattern.test(spec.name)) {
    throw new SkepError(
      'BAD_NAME',
      `definition name ${JSON.stringify(spec.name)}: expected 1 to 128 letters, digits, "-", "_" or "."`,
    );
  }
  checkNumber(spec.name, 'version', spec.version, 0);
  checkNumber(spec.name, 'mailbox.capacity', spec.mailbox?.capacity, 1);
  checkNumber(spec.name, 'mailbox.highWater', spec.mailbox?.highWater, 0);
  checkNumber(spec.name, 'mailbox.lowWater', spec.mailbox?.lowWater, 0);
  checkMarks(spec.name, spec.mailbox);
  checkSupervision(spec.name, spec.supervision);
  checkNumber(spec.name, 'stash.capacity', spec.stash?.capacity, 1);
  checkPersistence(spec.name, spec.persistence, spec.durable);
  const version = spec.version ?? 1;
  checkMigrations(spec.name, version, spec);
  const reliable = reliableSettings(spec.name, spec.reliable);
  const tables = tablesOf(spec);
  checkInterleaved(spec.name, spec.interleaved, tables.streams);
  const definition = { ...spec, kind: 'actor', version, ...tables, reliable };
  // The tables of a phased definition are merged at run time as their types are merged here.
  return definition as unknown as Definition<
    Args,
    State,
    AllCalls<Phases, Calls, Casts>,
    AllCasts<Phases, Calls, Casts>
  >;
}

/** The handlers as all see them who look at a definition from outside. */
function tablesOf(
  spec: Pick<AnyDefinition, 'name' | 'phases' | 'timeouts'> & { readonly calls?: object; readonly casts?: object },
) {
  const { phases, calls = {}, casts = {} } = spec;
  if (phases !== undefined) return mergePhases({ ...spec, phases } as Parameters<typeof mergePhases>[0]);
  const streams = Object.entries(calls).filter(([, handler]) => isStream(handler));
  return { calls, casts, streams: new Set(streams.map(([name]) => name)) };
}

function checkInterleaved(definition: string, names: readonly string[] = [], streams: ReadonlySet<string>): void {
  const stray = names.find((name) => !streams.has(name));
  if (stray === undefined) return;
  const text = `definition ${definition}: interleaved names "${stray}": expected a call that is an async generator`;
  throw new SkepError('BAD_CONFIG', text, { definition, field: 'interleaved' });
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

function checkMarks(definition: string, mailbox: DefinitionMailbox | undefined): void {
  const { lowWater, highWater, priority } = mailbox ?? {};
  if (lowWater !== undefined && highWater !== undefined && lowWater > highWater) {
    const text = `definition ${definition}: mailbox.lowWater is ${lowWater}: expected at most mailbox.highWater, ${highWater}`;
    throw new SkepError('BAD_CONFIG', text, { definition, field: 'mailbox.lowWater' });
  }
  if (priority === undefined || typeof priority === 'function') return;
  const text = `definition ${definition}: mailbox.priority is no function: expected (name, message) => number`;
  throw new SkepError('BAD_CONFIG', text, { definition, field: 'mailbox.priority' });
}

/** Whether a value exported by a module is a definition. */
export function isDefinition(value: unknown): value is AnyDefinition {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'actor' && 'streams' in value;
}
