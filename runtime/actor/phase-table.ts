/**
 * The table of phases at run time: checked where the definition is written, merged into one table of calls and one of
 * casts for all that look at a definition from outside, and asked for the handler of the phase that an actor is in.
 */
import { SkepError } from '#protocols/wire/error';
import type { AnyDefinition } from './definition.js';
import type { AnyPhases, Phased, PhaseSpec } from './phases.js';

type Handler = (...args: never[]) => unknown;
type Table = Readonly<Record<string, Handler>>;
type Kind = 'calls' | 'casts';

/** What a definition with phases is made of. */
export interface PhasedSpec {
  readonly name: string;
  readonly phases: AnyPhases;
  readonly calls?: Table | undefined;
  readonly casts?: Table | undefined;
  readonly timeouts?: Table | undefined;
  readonly info?: Handler | undefined;
}

/** The tables of all phases together, and those that all phases share. */
interface MergedPhases {
  readonly calls: Table;
  readonly casts: Table;
  readonly streams: ReadonlySet<string>;
  readonly common: { readonly calls: Table; readonly casts: Table };
  /** There when any phase has one: it says that the actor is to be told at all. */
  readonly info?: Handler;
}

const streamTag = '[object AsyncGeneratorFunction]';

/** Whether a call handler is a stream. */
export function isStream(handler: unknown): boolean {
  return Object.prototype.toString.call(handler) === streamTag;
}

/** The phase that a state of a phased definition is in. */
export function phaseOf(state: unknown): string {
  return (state as Phased).phase;
}

/** The present phase of an actor's definition; undefined when the definition has none of that name. */
// oxlint-disable-next-line typescript/no-explicit-any -- the states vary
export function phaseSpec(definition: AnyDefinition, phase: string): PhaseSpec<any, any> | undefined {
  const { phases = {} } = definition;
  return Object.hasOwn(phases, phase) ? phases[phase] : undefined;
}

/** Whether the phase of this state, or the common table, has that handler. */
export function handles(definition: AnyDefinition, kind: Kind, name: string, state: unknown): boolean {
  const own = handlerIn(phaseSpec(definition, phaseOf(state))?.[kind], name);
  return own !== undefined || handlerIn(definition.common?.[kind], name) !== undefined;
}

/** The handler of infos of the phase that the state is in, or the common one. */
export function infoHandler(definition: AnyDefinition, state: unknown): AnyDefinition['info'] {
  const phase = definition.phases === undefined ? undefined : phaseSpec(definition, phaseOf(state));
  return phase?.info ?? definition.info;
}

/** Refuses a state that is in no phase of the definition. @throws SkepError BAD_USAGE. */
export function checkPhase(definition: AnyDefinition, state: unknown): void {
  const phase = typeof state === 'object' && state !== null && 'phase' in state ? state.phase : undefined;
  if (typeof phase === 'string' && phaseSpec(definition, phase) !== undefined) return;
  const known = Object.keys(definition.phases ?? {});
  throw new SkepError(
    'BAD_USAGE',
    `the state of ${definition.name} has phase ${JSON.stringify(phase)}; expected one of: ${known.join(', ')}`,
    { definition: definition.name, phase, known },
  );
}

/**
 * The calls and casts of all phases together: each entry runs the handler of the phase that the state is in.
 * @throws SkepError BAD_CONFIG when a time-out has no handler, or a call is a stream in one phase only.
 */
export function mergePhases(spec: PhasedSpec): MergedPhases {
  for (const [phase, { timeoutMs, timeouts }] of Object.entries(spec.phases)) {
    if (timeoutMs === undefined) continue;
    if (!(timeoutMs >= 0)) refuse(spec, `phases.${phase}.timeoutMs is ${timeoutMs}: expected milliseconds from 0`);
    if (handlerIn(timeouts, 'state') === undefined && handlerIn(spec.timeouts, 'state') === undefined)
      refuse(spec, `phases.${phase}.timeoutMs needs a handler timeouts.state`);
  }
  const calls = merged(spec, 'calls');
  const common = { calls: spec.calls ?? {}, casts: spec.casts ?? {} };
  return { calls, casts: merged(spec, 'casts'), streams: streamsOf(spec, Object.keys(calls)), common, ...infoOf(spec) };
}

function infoOf(spec: PhasedSpec): { readonly info?: Handler } {
  const listens = Object.values(spec.phases).some((phase) => phase.info !== undefined);
  return listens ? { info: spec.info ?? (() => {}) } : {};
}

function merged(spec: PhasedSpec, kind: Kind): Table {
  const common = spec[kind] ?? {};
  const names = new Set(
    [common, ...Object.values(spec.phases).map((phase) => phase[kind] ?? {})].flatMap((table) => Object.keys(table)),
  );
  const dispatch =
    (name: string) =>
    (state: Phased, message: unknown, ctx: unknown): unknown => {
      const handler = handlerIn(spec.phases[state.phase]?.[kind], name) ?? handlerIn(common, name);
      return (handler as ((state: unknown, message: unknown, ctx: unknown) => unknown) | undefined)?.(
        state,
        message,
        ctx,
      );
    };
  return Object.fromEntries([...names].map((name) => [name, dispatch(name)]));
}

function streamsOf(spec: PhasedSpec, calls: readonly string[]): ReadonlySet<string> {
  const tables = [spec.calls, ...Object.values(spec.phases).map((phase) => phase.calls)];
  return new Set(
    calls.filter((name) => {
      const kinds = new Set(
        tables
          .map((table) => handlerIn(table, name))
          .filter((handler) => handler !== undefined)
          .map(isStream),
      );
      if (kinds.size > 1) refuse(spec, `call "${name}" is a stream in one phase and none in another`);
      return kinds.has(true);
    }),
  );
}

function handlerIn(table: unknown, name: string): Handler | undefined {
  return table !== undefined && Object.hasOwn(table as Table, name) ? (table as Table)[name] : undefined;
}

function refuse(spec: PhasedSpec, text: string): never {
  throw new SkepError('BAD_CONFIG', `definition ${spec.name}: ${text}`, { definition: spec.name });
}
