/**
 * What the turns of one executor cost: how long they take, how long calls wait for theirs, who does the work, and which
 * handlers held everyone up. It is on the path of each turn, so it reads no clock (the run queue has the times anyway),
 * keeps nothing per actor, and leaves what is dear to turns that are slow already. Reading a clock may take longer than a
 * quick turn, so a few turns of actors that are known to be quick are measured together and share what they took.
 *
 * Only what runs in the turn itself is seen: of an async handler the part before its first `await`. What runs later shows
 * in the delay of the event loop.
 */
import type { AnyDefinition } from '../actor/definition.js';
import type { Heartbeat } from '../executor/heartbeat.js';
import { DEFAULT_SCHEDULING } from '../executor/scheduling.js';
import { LatencyHistogram, type LatencySummary } from './histogram.js';
import type { Logger } from './log.js';

/** A turn that held up its executor. */
export interface SlowTurn {
  readonly definition: string;
  /**
   * Name of the cast or call; the type of an info (`timer`, `down`, `exit`); `stream step`; or how many messages. Turns
   * that were measured together were all of quick actors before, and each definition among them is named.
   */
  readonly message: string;
  readonly durationMs: number;
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

/** What the actors of one definition have done on an executor. */
export interface DefinitionLoad {
  readonly definition: string;
  readonly version: number;
  /** Messages, infos and steps of streams handled. */
  readonly processed: number;
  /** Crashes, those in init included. */
  readonly failed: number;
  /** Lives after the first. */
  readonly restarts: number;
  /** Milliseconds in turns. */
  readonly busyMs: number;
}

/** The turns of an executor in its report. */
export interface TurnReport {
  /** Durations of turns in milliseconds. */
  readonly turnLatency: LatencySummary;
  /** Time from arrival to turn in milliseconds, of calls that have a deadline: they carry what it takes to know it. */
  readonly mailboxWait: LatencySummary;
  /** The latest, oldest first. */
  readonly slowTurns: readonly SlowTurn[];
  readonly definitions: readonly DefinitionLoad[];
}

/** Whose turn it is. */
interface TurnTaker {
  readonly serial: number;
  readonly definition: AnyDefinition;
}

interface Load {
  readonly definition: AnyDefinition;
  /** By which the heartbeat knows it. */
  readonly number: number;
  processed: number;
  failed: number;
  restarts: number;
  busyMs: number;
  /** Moving average of one message. */
  meanMs: number;
  /** Messages in turns that wait to be measured with others. */
  joined: number;
}

/**
 * Actors of a definition whose messages take longer than this on average get one message a turn: a row of many would hold
 * up the others, and a turn of one message says which message was slow. Below it, looking at the clock after each message
 * would cost more than it tells.
 */
const HEAVY_MS = 0.02;
/** Weight of the newest turn in the average. */
const NEWEST = 1 / 8;
/** Actors of a definition whose messages take less than this on average are quick. */
const QUICK_MS = 0.003;
/** Turns, and messages in them, that are measured together. */
const TOGETHER = 16;
const SLOW_KEPT = 20;
/** Milliseconds between two lines in the log about slow turns. */
const LOG_EVERY_MS = 1_000;

export class TurnMeter {
  /** Name of the message in hand; whoever runs a handler writes it. */
  message = '';
  /** The time on the clock of the executor, as long as {@link current}; whoever gives turns writes both. */
  nowMs = 0;
  /** Whether no handler has run since that time was read; whoever runs a handler takes it back. */
  current = false;
  readonly #slowMs: number;
  readonly #log: Logger;
  readonly #heartbeat: Heartbeat | undefined;
  readonly #throughput: number;
  readonly #loads = new Map<AnyDefinition, Load>();
  readonly #turns = new LatencyHistogram();
  readonly #waits = new LatencyHistogram();
  readonly #slow: SlowTurn[] = [];
  #load: Load | undefined;
  /** The two that had their turns last: actors that talk are mostly of one definition or of two. */
  #latest: Load | undefined;
  #other: Load | undefined;
  /** Turns that wait to be measured with those after them, and the messages in them by definition. */
  #joinedTurns = 0;
  #joinedMessages = 0;
  /** Their loads; the first so many of the list, which is never made shorter, because that is dear. */
  readonly #joined: Load[] = [];
  #joinedLoads = 0;
  #serial = 0;
  #loggedMs = Number.NEGATIVE_INFINITY;
  #unlogged = 0;

  /** Turns of `slowMs` and more are slow; 0 for none. `throughput` is how many messages one actor may have in a row. */
  constructor(
    slowMs: number,
    log: Logger,
    heartbeat: Heartbeat | undefined,
    throughput: number = DEFAULT_SCHEDULING.throughput,
  ) {
    this.#throughput = throughput;
    this.#slowMs = slowMs > 0 ? slowMs : Number.POSITIVE_INFINITY;
    this.#log = log;
    this.#heartbeat = heartbeat;
  }

  /** The event loop has come round. */
  beat(): void {
    this.#heartbeat?.beat();
  }

  /** A turn begins; the result is how many messages it may have. */
  begin({ serial, definition }: TurnTaker): number {
    const load = this.#latest?.definition === definition ? this.#latest : this.#turnTo(definition);
    this.#load = load;
    this.#serial = serial;
    this.#heartbeat?.enter(load.number, serial);
    return load.meanMs > HEAVY_MS ? 1 : this.#throughput;
  }

  /**
   * Whether the turn that began last, of `handled` messages, can be measured with those after it: then it is not ended.
   * Whoever gives turns ends the last of a row.
   */
  joins(handled: number): boolean {
    const load = this.#load;
    if (load === undefined || handled === 0 || load.meanMs > QUICK_MS) return false;
    if (this.#joinedMessages + handled >= TOGETHER || this.#joinedTurns + 1 >= TOGETHER) return false;
    this.#join(load, handled);
    return true;
  }

  /** The turn that began last ended after `handled` messages, `durationMs` after the last that was ended so. */
  end(handled: number, durationMs: number, nowMs: number): void {
    const load = this.#load;
    if (this.#joinedTurns > 0) {
      if (load !== undefined && handled > 0) this.#join(load, handled);
      this.#endJoined(durationMs, nowMs);
      return;
    }
    this.#turns.record(durationMs);
    if (load === undefined || handled === 0) return;
    account(load, handled, durationMs);
    if (durationMs >= this.#slowMs) this.#slowTurn(load.definition, handled, durationMs, nowMs);
  }

  #join(load: Load, handled: number): void {
    this.#joinedTurns += 1;
    this.#joinedMessages += handled;
    load.joined += handled;
    // The first of its definition in this row.
    if (load.joined === handled) this.#joined[this.#joinedLoads++] = load;
  }

  /** Each message of the row gets the same share of the time. */
  #endJoined(durationMs: number, nowMs: number): void {
    const turns = this.#joinedTurns;
    const messages = this.#joinedMessages;
    this.#joinedTurns = 0;
    this.#joinedMessages = 0;
    this.#turns.record(durationMs / turns, turns);
    const slow = durationMs >= this.#slowMs;
    const loads = this.#joinedLoads;
    this.#joinedLoads = 0;
    for (let index = 0; index < loads; index += 1) {
      const load = this.#joined[index];
      if (load === undefined) continue;
      const handled = load.joined;
      load.joined = 0;
      account(load, handled, (durationMs * handled) / messages);
      if (slow) this.#slowTurn(load.definition, messages, durationMs, nowMs);
    }
  }

  /** No turn follows for now. */
  rest(): void {
    this.#load = undefined;
    this.current = false;
    this.#heartbeat?.enter(0, 0);
  }

  /** Runs what an actor does outside of its turns (init, terminate), perhaps within the turn of another. */
  inside<T>({ serial, definition }: TurnTaker, body: () => T): T {
    if (this.#heartbeat === undefined) return body();
    const [load, outer] = [this.#load, this.#serial];
    this.#heartbeat.enter(this.#loadOf(definition).number, serial);
    try {
      return body();
    } finally {
      this.#heartbeat.enter(load?.number ?? 0, load === undefined ? 0 : outer);
    }
  }

  /** A call waited that long for its turn. */
  waited(durationMs: number): void {
    if (Number.isFinite(durationMs)) this.#waits.record(durationMs);
  }

  /** An actor of that definition crashed. */
  failed(definition: AnyDefinition): void {
    this.#loadOf(definition).failed += 1;
  }

  /** An actor of that definition begins another life. */
  restarted(definition: AnyDefinition): void {
    this.#loadOf(definition).restarts += 1;
  }

  report(): TurnReport {
    return {
      turnLatency: this.#turns.summary(),
      mailboxWait: this.#waits.summary(),
      slowTurns: [...this.#slow],
      definitions: [...this.#loads.values()].map(({ definition, processed, failed, restarts, busyMs }) => {
        return { definition: definition.name, version: definition.version, processed, failed, restarts, busyMs };
      }),
    };
  }

  /** The load of a definition that did not have the turn before. */
  #turnTo(definition: AnyDefinition): Load {
    const load = this.#other?.definition === definition ? this.#other : this.#loadOf(definition);
    this.#other = this.#latest;
    this.#latest = load;
    return load;
  }

  #loadOf(definition: AnyDefinition): Load {
    const present = this.#loads.get(definition);
    if (present !== undefined) return present;
    const number = this.#heartbeat?.number(definition.name) ?? 0;
    // Taken for heavy until it has shown that it is not, so that its first slow message is named.
    const load: Load = {
      definition,
      number,
      processed: 0,
      failed: 0,
      restarts: 0,
      busyMs: 0,
      meanMs: 2 * HEAVY_MS,
      joined: 0,
    };
    this.#loads.set(definition, load);
    return load;
  }

  #slowTurn({ name: definition }: AnyDefinition, handled: number, durationMs: number, nowMs: number): void {
    const message = handled === 1 ? this.message : `one of ${handled} messages`;
    this.#slow.push({ definition, message, durationMs, atMs: Date.now() });
    if (this.#slow.length > SLOW_KEPT) this.#slow.shift();
    if (nowMs - this.#loggedMs < LOG_EVERY_MS) {
      this.#unlogged += 1;
      return;
    }
    const more = this.#unlogged === 0 ? {} : { unlogged: this.#unlogged };
    this.#loggedMs = nowMs;
    this.#unlogged = 0;
    this.#log.warn('slow turn', { definition, message, durationMs: Math.round(durationMs), ...more });
  }
}

/** Writes a turn down for its definition. */
function account(load: Load, handled: number, durationMs: number): void {
  load.processed += handled;
  load.busyMs += durationMs;
  load.meanMs += (durationMs / handled - load.meanMs) * NEWEST;
}
