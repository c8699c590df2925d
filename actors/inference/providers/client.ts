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
import { type ErrorFacts, SkepError } from '#protocols/wire/error';
import type { AnthropicEntry, OpenAiEntry } from '../entry.js';
import { type Answer, accept } from './accept.js';
import { AttemptError, troubled } from './attempt-error.js';
import { type BreakerOutcome, type BreakerState, admit, closedBreaker, settle } from './breaker.js';
import { Connections } from './connections.js';
import { endpointOf } from './endpoint.js';
import { Exchange, Trouble, troubleOf } from './exchange.js';
import { failureClasses } from './failure-kind.js';
import { ProviderKey } from './key.js';
import { type ProviderOptions, providerOptions } from './options.js';
import type { ProviderError } from './provider-error.js';
import { decideRetry } from './retry.js';

/** Characters that an error quotes of an answer: in its facts, and in its message. */
const SAMPLE_LENGTH = 500;
const MESSAGE_LENGTH = 300;

/** What tells one API from another at this level. */
export interface ProviderApi {
  /** Headers that carry the key and the version of the API. */
  headers(key: string | undefined): Readonly<Record<string, string>>;
  /** The header that names a request to the provider's support. */
  readonly requestIdHeader: string;
}

/** One request, and how to read its answer. */
export interface ProviderCall<T> {
  /** Path of the endpoint, behind that of the entry's url or, with `fromRoot`, behind its host. */
  readonly path: string;
  readonly fromRoot?: boolean;
  /** What is sent; asked for again before each attempt. */
  body(): unknown;
  /** What is read of an answer, as it comes. @throws AttemptError. */
  read(answer: Answer): AsyncGenerator<T, void, undefined>;
  /** Whether an item completes the answer. */
  isLast(item: T): boolean;
  /** Whether the request has another form that may be accepted after this refusal; `body` then gives it. */
  learn?(said: ProviderError): boolean;
}

/** One use of `run`. */
interface Run<T> {
  readonly call: ProviderCall<T>;
  readonly stop: AbortController;
  readonly deadlineMs: number;
  /** The provider's name of the last request that it began to answer. */
  requestId: string | undefined;
  /** Takes back what holds on to the asker. */
  release(): void;
}

export class ProviderClient {
  readonly #entry: OpenAiEntry | AnthropicEntry;
  readonly #api: ProviderApi;
  readonly #options: ProviderOptions;
  readonly #url: URL;
  readonly #key: ProviderKey;
  readonly #agent: HttpAgent;
  readonly #connections: Connections;
  readonly #running = new Set<AbortController>();
  #breaker: BreakerState = closedBreaker;
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
    if (signal.aborted) cancel();
    if (this.#closed) stop.abort(closedTrouble());
    const release = (): void => {
      timer?.cancel();
      signal.removeEventListener('abort', cancel);
      this.#running.delete(stop);
    };
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

  /** One exchange. What it holds is given back before its last item is handed out. */
  async *#attempt<T>(run: Run<T>): AsyncGenerator<T, void, undefined> {
    const { call, release } = run;
    const { signal } = run.stop;
    run.requestId = undefined;
    const leave = await this.#connections.acquire(signal);
    let settled: ((outcome: BreakerOutcome) => void) | undefined;
    let exchange: Exchange | undefined;
    try {
      settled = this.#enter();
      exchange = await this.#send(call, signal);
      const answer = await accept(exchange, this.#api.requestIdHeader, this.#options.clock);
      run.requestId = answer.requestId;
      for await (const item of call.read(answer)) {
        // One chunk may hold many items, read without a look at the connection.
        if (signal.aborted) throw troubleOf(signal);
        if (call.isLast(item)) {
          settled('success');
          exchange.finish();
          leave();
          release();
        }
        yield item;
      }
      settled('success');
      exchange.finish();
    } catch (thrown) {
      settled?.(failureClasses[attemptErrorOf(thrown)?.kind ?? 'closed'].breaker);
      throw thrown;
    } finally {
      settled?.('neutral');
      exchange?.abandon();
      leave();
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

  /** Asks the breaker; gives the function that tells it, once, how it went. @throws AttemptError CIRCUIT_OPEN. */
  #enter(): (outcome: BreakerOutcome) => void {
    const { clock, breaker } = this.#options;
    const admission = admit(this.#breaker, breaker, clock.now());
    this.#breaker = admission.state;
    if (admission.type === 'rejected') {
      const { retryAfterMs } = admission;
      const message = `the provider failed several times in a row and is left alone; ask again in ${retryAfterMs} ms`;
      throw new AttemptError('circuit', 'CIRCUIT_OPEN', message, { retryAfterMs });
    }
    const { ticket } = admission;
    let open = true;
    return (outcome) => {
      if (!open) return;
      open = false;
      this.#breaker = settle(this.#breaker, breaker, ticket, outcome, clock.now());
    };
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

  /** A failure as its asker gets it: with the model and the attempts, and without a key anywhere. */
  #told<T>({ requestId }: Run<T>, failure: AttemptError, attempts: number): SkepError {
    const { name: model } = this.#entry;
    const { serverWaitMs } = failure;
    const quoted = Object.entries(failure.facts).map(([name, value]) => [
      name,
      typeof value === 'string' ? this.#key.quote(value, SAMPLE_LENGTH) : value,
    ]);
    const facts = {
      model,
      attempts,
      ...(requestId === undefined ? {} : { requestId: this.#key.quote(requestId, SAMPLE_LENGTH) }),
      ...(serverWaitMs === undefined ? {} : { retryAfterMs: Math.ceil(serverWaitMs) }),
      ...(Object.fromEntries(quoted) as ErrorFacts),
    };
    return new SkepError(failure.code, `model ${model}: ${this.#key.quote(failure.message, MESSAGE_LENGTH)}`, facts, failure.cause);
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
