/**
 * Requests to one provider: a place among its connections, the circuit breaker, an exchange, and the decision what to do
 * when it fails. Every error that leaves here was freed of keys.
 *
 *     run ---> connection ---> breaker ---> exchange ---> items ...   the last one settles everything before it is given
 *       ^                                      |
 *       +------- back-off <--- decideRetry <---+ a failure, while the reader has nothing yet
 */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { SkepError } from '#protocols/wire/error';
import type { AnthropicEntry, OpenAiEntry } from '../entry.js';
import { accept } from './accept.js';
import { AttemptError, troubled } from './attempt-error.js';
import type { BreakerOutcome } from './breaker.js';
import type { ProviderApi, ProviderCall } from './call.js';
import { Circuit } from './circuit.js';
import { Connections } from './connections.js';
import { endpointOf } from './endpoint.js';
import { Exchange, Trouble, troubleOf } from './exchange.js';
import { failureClasses } from './failure-kind.js';
import { ProviderKey } from './key.js';
import { type ProviderOptions, providerOptions } from './options.js';
import { decideRetry } from './retry.js';
import { told } from './told.js';

/** One use of `run`. */
interface Run<T> {
  readonly call: ProviderCall<T>;
  readonly stop: AbortController;
  readonly deadlineMs: number;
  /** The provider's name of the last request that it began to answer. */
  requestId: string | undefined;
  /** Takes back what holds on to the asker. */
  readonly release: () => void;
}

export class ProviderClient {
  readonly #entry: OpenAiEntry | AnthropicEntry;
  readonly #api: ProviderApi;
  readonly #options: ProviderOptions;
  readonly #url: URL;
  readonly #key: ProviderKey;
  readonly #agent: HttpAgent;
  readonly #connections: Connections;
  readonly #circuit: Circuit;
  readonly #running = new Set<AbortController>();
  #closed = false;

  /** @throws SkepError BAD_CONFIG when the url of the entry is of no use. */
  constructor(entry: OpenAiEntry | AnthropicEntry, api: ProviderApi, options: Partial<ProviderOptions>) {
    this.#entry = entry;
    this.#api = api;
    this.#options = { ...providerOptions, ...options };
    this.#url = endpointOf(entry);
    this.#key = new ProviderKey(entry.key, entry.name);
    // An agent of its own knows no proxies of the environment.
    const keep = { keepAlive: true, maxFreeSockets: entry.connections };
    this.#agent = this.#url.protocol === 'https:' ? new HttpsAgent(keep) : new HttpAgent(keep);
    this.#connections = new Connections(entry.connections);
    this.#circuit = new Circuit(this.#options.breaker, this.#options.clock);
  }

  /**
   * The items of an answer. Nothing is sent before the first is asked for; the connection is let go with the last one,
   * or when the reader leaves. `timeLeftMs` counts from now and may be infinite.
   * @throws SkepError as the table in docs/inference/providers.md says.
   */
  run<T>(call: ProviderCall<T>, timeLeftMs: number, signal: AbortSignal): AsyncGenerator<T, void, undefined> {
    return this.#items(call, this.#options.clock.now() + timeLeftMs, signal);
  }

  /** The only item of an answer that has one. @throws SkepError as {@link run}. */
  async one<T>(call: Omit<ProviderCall<T>, 'isLast'>, signal: AbortSignal): Promise<T> {
    const items = this.run({ ...call, isLast: () => true }, Number.POSITIVE_INFINITY, signal);
    const first = await items.next();
    await items.return();
    if (first.done !== true) return first.value;
    throw new SkepError('BAD_ANSWER', `model ${this.#entry.name}: the answer was empty`, { model: this.#entry.name });
  }

  /** Ends what runs, with MODEL_UNAVAILABLE, and closes the connections. */
  close(): void {
    this.#closed = true;
    for (const running of this.#running) running.abort(closedTrouble());
    this.#agent.destroy();
  }

  async *#items<T>(call: ProviderCall<T>, deadlineMs: number, signal: AbortSignal): AsyncGenerator<T, void, undefined> {
    const run = this.#begin(call, deadlineMs, signal);
    try {
      yield* this.#attempts(run);
    } finally {
      run.release();
    }
  }

  #begin<T>(call: ProviderCall<T>, deadlineMs: number, signal: AbortSignal): Run<T> {
    const { clock } = this.#options;
    const stop = new AbortController();
    const cancel = (): void => stop.abort(troubleOf(signal));
    signal.addEventListener('abort', cancel, { once: true });
    const expire = (): void => stop.abort(new Trouble('deadline', 'the deadline of the request passed'));
    const timer = Number.isFinite(deadlineMs) ? clock.after(deadlineMs - clock.now(), expire) : undefined;
    this.#running.add(stop);
    const release = (): void => {
      timer?.cancel();
      signal.removeEventListener('abort', cancel);
      this.#running.delete(stop);
    };
    // A reader that is cancelled may never come back to be told.
    stop.signal.addEventListener('abort', release, { once: true });
    if (signal.aborted) cancel();
    if (this.#closed) stop.abort(closedTrouble());
    return { call, stop, deadlineMs, requestId: undefined, release };
  }

  async *#attempts<T>(run: Run<T>): AsyncGenerator<T, void, undefined> {
    const { clock, random, retry } = this.#options;
    let retries = 0;
    let usedOnce = false;
    let previous: AttemptError | undefined;
    for (;;) {
      let delivered = false;
      try {
        for await (const item of this.#attempt(run)) {
          delivered = true;
          yield item;
        }
        return;
      } catch (thrown) {
        const failure = attemptErrorOf(thrown);
        if (failure === undefined) throw thrown;
        if (this.#isTaught(run, failure, delivered)) continue;
        const { kind, serverWaitMs } = failure;
        const timeLeftMs = run.deadlineMs - clock.now();
        const chance = random.next();
        const decision = decideRetry({ kind, retries, usedOnce, delivered, timeLeftMs, serverWaitMs, chance }, retry);
        if (decision.type === 'give-up') {
          // A breaker that opened between two attempts is not why the request failed.
          throw this.#told(run, kind === 'circuit' && previous !== undefined ? previous : failure, retries + 1);
        }
        await this.#pause(run, decision.delayMs);
        if (run.stop.signal.aborted) throw this.#told(run, troubled(troubleOf(run.stop.signal)), retries + 1);
        retries += 1;
        usedOnce ||= failureClasses[kind].retry === 'once';
        previous = failure;
      }
    }
  }

  /** One exchange. With its last item the asker holds nothing any more, and the connection gets ready for the next. */
  async *#attempt<T>(run: Run<T>): AsyncGenerator<T, void, undefined> {
    const { call, release } = run;
    const { signal } = run.stop;
    run.requestId = undefined;
    const leave = await this.#connections.acquire(signal);
    let settled: ((outcome: BreakerOutcome) => void) | undefined;
    let exchange: Exchange | undefined;
    let complete = false;
    const giveBack = (): void => {
      settled?.('neutral');
      if (!complete) leave();
    };
    signal.addEventListener('abort', giveBack, { once: true });
    try {
      settled = this.#circuit.enter();
      exchange = await this.#send(call, signal);
      const answer = await accept(exchange, this.#api.requestIdHeader, this.#options.clock);
      run.requestId = answer.requestId;
      for await (const item of call.read(answer)) {
        // One chunk may hold many items, read without a look at the connection.
        if (signal.aborted) throw troubleOf(signal);
        if (call.isLast(item)) {
          complete = true;
          settled('success');
          release();
          void exchange.finish().then(leave);
        }
        yield item;
      }
    } catch (thrown) {
      settled?.(failureClasses[attemptErrorOf(thrown)?.kind ?? 'closed'].breaker);
      throw thrown;
    } finally {
      signal.removeEventListener('abort', giveBack);
      exchange?.abandon();
      giveBack();
    }
  }

  async #send<T>(call: ProviderCall<T>, signal: AbortSignal): Promise<Exchange> {
    const { clock, connectMs } = this.#options;
    const { firstByteMs, betweenPartsMs } = this.#entry;
    const headers = {
      ...this.#api.headers(await this.#key.read(signal)),
      'content-type': 'application/json',
      accept: 'text/event-stream, application/json',
      'accept-encoding': 'identity',
      'user-agent': 'skep',
    };
    const url = new URL(this.#url);
    url.pathname = `${call.fromRoot === true ? '' : url.pathname.replace(/\/+$/, '')}${call.path}`;
    const outgoing = { url, headers, body: JSON.stringify(call.body()) };
    return new Exchange(outgoing, this.#agent, { connectMs, firstByteMs, betweenPartsMs }, signal, clock);
  }

  /** Whether the call has another form, now that this one was refused. */
  #isTaught<T>(run: Run<T>, { said, code }: AttemptError, delivered: boolean): boolean {
    return code === 'PROVIDER_REFUSED' && !delivered && said !== undefined && run.call.learn?.(said) === true;
  }

  /** Waits, or until the run is stopped. */
  async #pause<T>({ stop: { signal } }: Run<T>, delayMs: number): Promise<void> {
    if (delayMs === 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = this.#options.clock.after(delayMs, end);
      signal.addEventListener('abort', end, { once: true });
    });
  }

  #told<T>({ requestId }: Run<T>, failure: AttemptError, attempts: number): SkepError {
    return told(failure, { model: this.#entry.name, attempts, requestId }, this.#key);
  }
}

function closedTrouble(): Trouble {
  return new Trouble('closed', 'the model was closed');
}

/** A failure as an attempt's; undefined for one that is none, such as a missing key or a defect of ours. */
function attemptErrorOf(thrown: unknown): AttemptError | undefined {
  if (thrown instanceof AttemptError) return thrown;
  return thrown instanceof Trouble ? troubled(thrown) : undefined;
}
