/**
 * Phases: an actor as a state machine, with the semantics of OTP's gen_statem. The state is a discriminated union on
 * `phase`; each phase has its own handlers, which get the narrowed state, and what a phase does not handle falls to the
 * handlers that all phases share.
 *
 * A handler changes the phase by `ctx.next(state)` rather than by what it returns: the return value of a call is its
 * reply, and a wrapper around both would have to be unwrapped in every handler's type and by every reader. The change
 * takes place when the handler is done, and not at all when it throws.
 *
 *     handler done -> reply -> [postponed or not] -> phase changes -> enter -> time-outs -> inserted, retried, mailbox
 */
import type { ActorContext } from './context.js';
import type { CallHandler, CastHandler, Info } from './definition.js';
import type { ReturnOf } from './ref.js';

/** What a state of a phased definition has. */
export interface Phased {
  readonly phase: string;
}

/** The names of the phases of a state; none when the state is not one union on `phase`. */
export type PhaseOf<State> = [State] extends [Phased] ? State['phase'] : never;

/** What the handler that is run at the entry of a phase may do. */
export interface EnterContext<State = unknown, Event = unknown> extends ActorContext<Event, State> {
  /**
   * Starts the time-out of that name, or starts it again; `Infinity` cancels it. `state` is cancelled by a change of
   * phase, `event` by any message, info or time-out; every other name runs until it is set again or cancelled. It
   * starts when the handler is done, in the phase that is entered then.
   * @throws SkepError BAD_USAGE when the delay is no number from 0.
   */
  timeout(name: string, delayMs: number): void;
}

/** What the handlers of a phased definition may do besides: transitions as in gen_statem. */
export interface PhaseContext<State, Event = unknown> extends EnterContext<State, Event> {
  /** The state from now on. Another phase is entered, with its enter handler, time-outs and what was postponed. */
  next(state: State): void;
  /** Enters the present phase again: its enter handler runs, what was postponed stays so (`repeat_state`). */
  repeat(state?: State): void;
  /** Puts the message in hand aside; it is handled again after the next change of phase, in its old order. */
  postpone(): void;
  /** A cast to this actor that is handled before everything that waits; several are handled in their order. */
  insert(cast: string, message?: unknown): void;
}

/** The context of a definition with that state. */
export type ContextOf<State, Event = unknown> = [State] extends [Phased]
  ? PhaseContext<State, Event>
  : ActorContext<Event, State>;

/** Handles a time-out. */
export type TimeoutHandler<State, Ctx> = (state: State, ctx: Ctx) => void | Promise<void>;

/** The handlers of one phase; `Own` is the state narrowed to it. */
export interface PhaseSpec<Own, State, Event = unknown> {
  /** Runs at each entry, before anything else; `from` is the phase before, at first the phase itself. */
  readonly enter?: (state: Own, from: PhaseOf<State>, ctx: EnterContext<State, Event>) => void | Promise<void>;
  readonly calls?: Readonly<Record<string, CallHandler<Own, PhaseContext<State, Event>>>>;
  readonly casts?: Readonly<Record<string, CastHandler<Own, PhaseContext<State, Event>>>>;
  readonly info?: (state: Own, info: Info, ctx: PhaseContext<State, Event>) => void | Promise<void>;
  /** Milliseconds of the `state` time-out that each entry starts. Needs `timeouts.state`. */
  readonly timeoutMs?: number;
  /** Handlers of time-outs by name. */
  readonly timeouts?: Readonly<Record<string, TimeoutHandler<Own, PhaseContext<State, Event>>>>;
}

/** One entry for each phase of the state. */
export type PhaseTable<State, Event = unknown> = {
  readonly [Name in PhaseOf<State>]: PhaseSpec<Extract<State, { readonly phase: Name }>, State, Event>;
};

/** Any phases, as the runtime holds them. */
// oxlint-disable-next-line typescript/no-explicit-any -- the states vary in both directions
export type AnyPhases = Readonly<Record<string, PhaseSpec<any, any, any>>>;

type Kind = 'calls' | 'casts';
// oxlint-disable-next-line typescript/no-empty-object-type -- "no handlers" is the empty object
type NoHandlers = {};
/** A table of phases with the common handlers as one more. */
type WithCommon<Phases, Calls, Casts> = Phases & { readonly '(all)': { readonly calls: Calls; readonly casts: Casts } };
type TableOf<Phase, K extends Kind> = Phase extends { readonly [Key in K]: infer Table } ? Table : NoHandlers;
type NamesIn<Phases, K extends Kind> = { [P in keyof Phases]: keyof TableOf<Phases[P], K> }[keyof Phases];
/** The union of the handlers of one name. */
type Named<Phases, K extends Kind, Name> = {
  [P in keyof Phases]: Name extends keyof TableOf<Phases[P], K> ? TableOf<Phases[P], K>[Name] : never;
}[keyof Phases];
/** The message that each handler of a union takes, as a tuple; one that takes none agrees with every message. */
type Messages<Handler> = Handler extends (state: never, ...rest: infer Rest) => unknown
  ? Rest extends []
    ? never
    : Rest extends [infer Message, ...unknown[]]
      ? [Message]
      : Rest extends [(infer Message)?, ...unknown[]]
        ? [Message | undefined]
        : never
  : never;
type Merged<Phases, K extends Kind> = {
  readonly [Name in NamesIn<Phases, K> & string]: (
    // oxlint-disable-next-line typescript/no-explicit-any -- refs read the message and the reply only
    state: any,
    ...message: TakesMessage<Named<Phases, K, Name>>
  ) => ReturnOf<Named<Phases, K, Name>>;
};
type TakesMessage<Handlers> = [Messages<Handlers>] extends [never]
  ? []
  : undefined extends Messages<Handlers>[0]
    ? [message?: Messages<Handlers>[0]]
    : [message: Messages<Handlers>[0]];

/** Whether a definition has no phases. */
type None<Phases> = NoHandlers extends Phases ? true : false;
/** The calls or casts of all phases together, as refs see them. */
export type AllCalls<Phases, Calls, Casts> =
  None<Phases> extends true ? Calls : Merged<WithCommon<Phases, Calls, Casts>, 'calls'>;
export type AllCasts<Phases, Calls, Casts> =
  None<Phases> extends true ? Casts : Merged<WithCommon<Phases, Calls, Casts>, 'casts'>;

/**
 * Refuses entries for phases that the state does not have, and handlers of one name that take different messages: what
 * is sent may meet any of the phases.
 */
export type Agreeing<State, Phases, Calls, Casts> = {
  readonly [P in keyof Phases]: string extends P
    ? unknown
    : P extends PhaseOf<State>
      ? {
          readonly [K in Kind & keyof Phases[P]]: AgreeingTable<
            TableOf<Phases[P], K>,
            WithCommon<Phases, Calls, Casts>,
            K
          >;
        }
      : never;
};
type AgreeingTable<Table, Phases, K extends Kind> = {
  readonly [Name in keyof Table]: [Messages<Table[Name]>] extends [never]
    ? unknown
    : [Messages<Named<Phases, K, Name>>] extends [Messages<Table[Name]>]
      ? unknown
      : (state: never, message: `"${Name & string}" takes another message in another phase`) => never;
};
