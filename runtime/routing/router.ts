/**
 * Routers: what looks like the ref of one actor and is many. A router is a value of its holder, not an actor: it chooses
 * where the message is sent, so routing costs no hop.
 */
import type { ActorAddress } from '#protocols/wire/address';
import { SkepError } from '#protocols/wire/error';
import { linkedAbort } from '../actor/linked-abort.js';
import {
  type ActorRef,
  type CallOptions,
  type CastOptions,
  makeRef,
  type Messenger,
  type RefTarget,
} from '../actor/ref.js';
import type { CastOutcome } from '../flow/outcome.js';
import type { GroupId } from '../groups/message.js';
import { DEFAULT_SCOPE } from '../groups/message.js';
import type { GroupView, GroupViews } from '../groups/views.js';
import { type LoadsHost, Loads } from './loads.js';
import { hashText } from './random.js';
import { makeChoice, type RouterOptions } from './strategy.js';

/** Where the routees of a router come from. */
export type RouteeSource =
  | { readonly refs: readonly { readonly address: ActorAddress }[] }
  /** The members of a group, as they come and go; one that joined twice gets twice as much. */
  | { readonly group: string; readonly scope?: string };

/** A handle of many actors of one definition. */
export interface Router<D extends RefTarget = RefTarget> extends Pick<ActorRef<D>, 'cast' | 'tryCast' | 'call'> {
  /** The routees of now. */
  readonly routees: readonly ActorAddress[];
  /** Resolves once `cast` to the routee that was over its high-water mark last would return true again. */
  drained(): Promise<void>;
  /** Ends the router's interest in its group; a router of an actor ends with that life of the actor. */
  close(): void;
}

/** What routers need of their executor. */
export interface RouterHost extends LoadsHost {
  /** Counts a cast that found no routee. */
  noRoutee(from: ActorAddress, name: string, message: unknown): void;
}

/** Who holds a router. */
export interface RouterHolder {
  readonly address: ActorAddress;
  readonly messenger: Messenger;
}

/** Opens the group, where there is one, and makes the router. @throws SkepError BAD_CONFIG, BAD_NAME. */
export async function openRouter<D extends RefTarget>(
  host: RouterHost,
  views: GroupViews,
  holder: RouterHolder,
  definition: D,
  source: RouteeSource,
  options: RouterOptions,
): Promise<Router<D>> {
  if ('refs' in source) {
    const members = source.refs.map(({ address }) => address);
    return new RouterOf(host, holder, definition, { members }, options, () => {}).face;
  }
  const id: GroupId = { scope: source.scope ?? DEFAULT_SCOPE, group: source.group };
  const view = await views.open(id);
  try {
    return new RouterOf(host, holder, definition, view, options, () => views.close(id)).face;
  } catch (error) {
    views.close(id);
    throw error;
  }
}

const CLOSED: GroupView = { members: [] };
let routersMade = 0;

class RouterOf<D extends RefTarget> {
  readonly #host: RouterHost;
  readonly #holder: RouterHolder;
  readonly #definition: D;
  readonly #strategy: RouterOptions['strategy'];
  readonly #choice: ReturnType<typeof makeChoice>;
  readonly #release: () => void;
  readonly #refs = new Map<ActorAddress, ActorRef<RefTarget>>();
  #view: GroupView;
  /** The membership that the refs are of. */
  #members: readonly ActorAddress[] = [];
  #pressed: ActorRef<RefTarget> | undefined;

  constructor(
    host: RouterHost,
    holder: RouterHolder,
    definition: D,
    view: GroupView,
    options: RouterOptions,
    release: () => void,
  ) {
    this.#host = host;
    this.#holder = holder;
    this.#definition = definition;
    this.#view = view;
    this.#strategy = options.strategy;
    // Routers of one holder must not all begin with the same routee.
    this.#choice = makeChoice(options, new Loads(host), hashText(`${holder.address} ${(routersMade += 1)}`));
    this.#release = release;
  }

  get face(): Router<D> {
    const members = (): readonly ActorAddress[] => this.#view.members;
    return {
      get routees() {
        return members();
      },
      cast: (name, ...rest) => this.#cast(name, rest[0], rest[1]) === 'accepted',
      tryCast: (name, ...rest) => this.#cast(name, rest[0], rest[1]),
      // As with a ref: the definition's handlers say what comes back.
      call: ((name: string, message?: unknown, options?: CallOptions) =>
        this.#call(name, message, options)) as Router<D>['call'],
      drained: () => this.#pressed?.drained() ?? Promise.resolve(),
      close: () => {
        if (this.#view === CLOSED) return;
        this.#view = CLOSED;
        this.#release();
      },
    };
  }

  #cast(name: string, message: unknown, options: CastOptions | undefined): CastOutcome {
    const { members } = this.#view;
    if (members.length === 0) {
      this.#host.noRoutee(this.#holder.address, name, message);
      return 'refused';
    }
    if (this.#choice !== undefined)
      return this.#send(this.#choice.pick(members, name, message), name, message, options);
    const outcomes = members.map((member) => this.#send(member, name, message, options));
    // What the worst off of them says.
    if (outcomes.includes('refused')) return 'refused';
    return outcomes.includes('wait') ? 'wait' : 'accepted';
  }

  #send(to: ActorAddress, name: string, message: unknown, options: CastOptions | undefined): CastOutcome {
    const ref = this.#ref(to);
    const outcome = (ref.tryCast as (name: string, message: unknown, options?: CastOptions) => CastOutcome)(
      name,
      message,
      options,
    );
    if (outcome !== 'accepted') this.#pressed = ref;
    return outcome;
  }

  #call(name: string, message: unknown, options: CallOptions = {}): unknown {
    const { members } = this.#view;
    const streams = this.#definition.streams.has(name);
    if (this.#choice === undefined && (streams || this.#strategy === 'broadcast')) {
      const what = streams ? `the stream "${name}"` : `the call "${name}"`;
      const text = `${what} goes to one actor and this router (${this.#strategy}) sends to all; use callMany or another strategy`;
      return refused(new SkepError('BAD_USAGE', text, { name, strategy: this.#strategy }), streams);
    }
    if (members.length === 0) {
      const text = `call "${name}" of a router without routees`;
      return refused(new SkepError('NO_ROUTEE', text, { name, strategy: this.#strategy }), streams);
    }
    if (this.#choice === undefined) return this.#first(members, name, message, options);
    let routee: ActorAddress;
    try {
      routee = this.#choice.pick(members, name, message);
    } catch (error) {
      return refused(error, streams);
    }
    return this.#ask(routee, name, message, options);
  }

  /** Asks all; the first reply wins and the others are cancelled. When all fail, the last failure is the answer. */
  async #first(
    members: readonly ActorAddress[],
    name: string,
    message: unknown,
    { signal, timeoutMs }: CallOptions,
  ): Promise<unknown> {
    const others = linkedAbort(signal);
    const options: CallOptions = { signal: others.signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
    let last: unknown;
    const asked = [...new Set(members)].map((member) =>
      (this.#ask(member, name, message, options) as Promise<unknown>).catch((error: unknown) => {
        last = error;
        throw error;
      }),
    );
    try {
      return await Promise.any(asked);
    } catch {
      throw last;
    } finally {
      others.abort();
      others.release();
    }
  }

  #ask(to: ActorAddress, name: string, message: unknown, options: CallOptions): unknown {
    return (this.#ref(to).call as (name: string, message: unknown, options: CallOptions) => unknown)(
      name,
      message,
      options,
    );
  }

  #ref(to: ActorAddress): ActorRef<RefTarget> {
    const { members } = this.#view;
    if (members !== this.#members) {
      this.#members = members;
      this.#refs.clear();
    }
    let ref = this.#refs.get(to);
    if (ref === undefined) {
      ref = makeRef<RefTarget>(this.#definition, to, this.#holder.messenger);
      this.#refs.set(to, ref);
    }
    return ref;
  }
}

/** A failure in the form of the answer that it stands for. */
function refused(error: unknown, asStream: boolean): unknown {
  const rejected = (): Promise<never> => Promise.reject(error);
  return asStream ? { [Symbol.asyncIterator]: () => ({ next: rejected }) } : rejected();
}
