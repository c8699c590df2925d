/**
 * Logs: pino, one line per event, to standard error (or a file), written synchronously so that the last line before a
 * crash is there to be read. The event is a short stable word; facts are fields. This is the one file that knows pino.
 */
import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import pretty from 'pino-pretty';

/** Levels, most talkative first. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** How to log. Plain data, because it crosses to worker threads. */
export interface LogOptions {
  readonly level: LogLevel;
  /** `json` for machines, `pretty` for a terminal. */
  readonly format: 'json' | 'pretty';
  /** Appends to this file instead of standard error. */
  readonly file?: string;
}

/** Facts of a log line. Never a secret. */
export type LogFacts = Readonly<Record<string, unknown>>;

/** One line per event. */
export interface Logger {
  trace(event: string, facts?: LogFacts): void;
  debug(event: string, facts?: LogFacts): void;
  info(event: string, facts?: LogFacts): void;
  warn(event: string, facts?: LogFacts): void;
  error(event: string, facts?: LogFacts): void;
  /** A logger whose lines all carry these facts too. */
  with(facts: LogFacts): Logger;
}

/** Makes the logger of a thread. */
export function createLogger(options: LogOptions, facts: LogFacts = {}): Logger {
  const withStack = options.level === 'debug' || options.level === 'trace';
  const serializers = { error: (error: unknown) => serializeError(error, withStack) };
  return wrap(pino({ level: options.level, base: facts, serializers }, destination(options)));
}

function destination(options: LogOptions): DestinationStream {
  const target = options.file ?? 2;
  if (options.format === 'pretty')
    return pretty({ destination: target, sync: true, ignore: 'pid,hostname', colorize: target === 2 });
  return pino.destination({ dest: target, sync: true, append: true });
}

function wrap(inner: PinoLogger): Logger {
  return {
    trace: (event, facts = {}) => inner.trace(facts, event),
    debug: (event, facts = {}) => inner.debug(facts, event),
    info: (event, facts = {}) => inner.info(facts, event),
    warn: (event, facts = {}) => inner.warn(facts, event),
    error: (event, facts = {}) => inner.error(facts, event),
    with: (facts) => wrap(inner.child(facts)),
  };
}

/** An error as facts: code and message always, the stack only when the level asks for it, never a loop of causes. */
function serializeError(error: unknown, withStack: boolean): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = 'code' in error ? { code: error.code } : {};
  return { ...code, message: error.message, ...(withStack ? { stack: error.stack } : {}) };
}

/** Swallows everything; for tests and tools that print for themselves. */
export const silentLogger: Logger = {
  trace: () => {},
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  with: () => silentLogger,
};
