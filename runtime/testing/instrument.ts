/**
 * A definition whose handlers tell an observer what they are about to handle. This is how a test system knows what a
 * turn was about, and where a crash fault strikes; the executor runs the instrumented definition as any other.
 */
import type { ActorContext } from '../actor/context.js';
import type { AnyDefinition, CallHandler, CastHandler, Info } from '../actor/definition.js';
import type { Handled } from './trace.js';

/** Sees each message before its handler. */
export interface Observer {
  /** May throw in place of the handler. The result, if any, runs once the handler is done, and may throw too. */
  handling(handled: Handled, ctx: ActorContext): (() => void) | undefined;
}

// oxlint-disable-next-line typescript/no-explicit-any -- handlers of any definition, with messages of any type
type AnyHandler = (state: any, message: any, ctx: ActorContext) => unknown;

/** The same definition, observed. */
export function observed(definition: AnyDefinition, observer: Observer): AnyDefinition {
  const { info } = definition;
  const wrap = (kind: 'call' | 'cast', handlers: Readonly<Record<string, AnyHandler>>): Record<string, AnyHandler> =>
    Object.fromEntries(
      Object.entries(handlers).map(([name, handler]) => [name, wrapHandler(kind, name, handler, observer)]),
    );
  return {
    ...definition,
    calls: wrap('call', definition.calls) as Record<string, CallHandler<unknown>>,
    casts: wrap('cast', definition.casts) as Record<string, CastHandler<unknown>>,
    ...(info === undefined ? {} : { info: wrapInfo(info as AnyHandler, observer) }),
  };
}

function wrapHandler(kind: 'call' | 'cast', name: string, handler: AnyHandler, observer: Observer): AnyHandler {
  return (state: unknown, message: unknown, ctx) => {
    const after = observer.handling({ kind, name, message }, ctx);
    return finish(handler(state, message, ctx), after);
  };
}

function wrapInfo(info: AnyHandler, observer: Observer): NonNullable<AnyDefinition['info']> {
  return (state: unknown, message: Info, ctx: ActorContext) => {
    const after = observer.handling({ kind: 'info', name: message.type, message }, ctx);
    return finish(info(state, message, ctx), after) as void | Promise<void>;
  };
}

function finish(outcome: unknown, after: (() => void) | undefined): unknown {
  if (after === undefined) return outcome;
  if (outcome instanceof Promise) {
    return outcome.then((value: unknown) => {
      after();
      return value;
    });
  }
  after();
  return outcome;
}
