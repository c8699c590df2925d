/**
 * One call to many actors: every outcome in the order of the refs, failures among them, because in a swarm some partner
 * is always away. Whoever needs only so many answers says so, and the rest is cancelled.
 */
import type { ActorAddress } from '#protocols/wire/address';
import { SkepError } from '#protocols/wire/error';
import { linkedAbort } from './linked-abort.js';
import type { ActorRef, CallOptions, Messenger, RefTarget } from './ref.js';

/** Options of {@link callMany}. */
export interface CallManyOptions extends CallOptions {
  /**
   * Replies that are enough, 1 to the number of refs: once they are there, or can no longer be had, what is left is
   * cancelled and its outcome is CALL_CANCELLED. Default: all are waited for.
   */
  readonly quorum?: number;
}

/** What became of the call to one actor. */
export type CallOutcome<Reply> =
  | { readonly ok: true; readonly address: ActorAddress; readonly reply: Reply }
  | { readonly ok: false; readonly address: ActorAddress; readonly error: SkepError };

type CallsOf<D> = D extends { readonly calls: infer Calls } ? Calls : never;
/** What one handler answers, without its promise. A stream has no one answer. */
type ReplyOf<H> = H extends (...args: never) => infer R ? Awaited<R> : never;
type MessageOf<H> = H extends (state: never, message: infer M, ...rest: never) => unknown ? M : undefined;

/** A call to many, as systems and contexts have it. */
export type CallMany = <D extends RefTarget, K extends keyof CallsOf<D> & string>(
  refs: readonly ActorRef<D>[],
  name: K,
  message: MessageOf<CallsOf<D>[K]>,
  options?: CallManyOptions,
) => Promise<readonly CallOutcome<ReplyOf<CallsOf<D>[K]>>[]>;

/** {@link CallMany} of a holder. */
export function callManyBy(messenger: Messenger): CallMany {
  return ((refs: readonly ActorRef[], name: string, message: unknown, options?: CallManyOptions) => {
    const addresses = refs.map(({ address }) => address);
    return callMany(messenger, addresses, name, message, options);
  }) as CallMany;
}

/** Calls every address. @throws SkepError BAD_USAGE when the quorum is not a whole number from 1 to the number of refs. */
async function callMany(
  messenger: Messenger,
  addresses: readonly ActorAddress[],
  name: string,
  message: unknown,
  { quorum, signal, timeoutMs }: CallManyOptions = {},
): Promise<readonly CallOutcome<unknown>[]> {
  const enough = checkQuorum(quorum, addresses.length);
  const rest = linkedAbort(signal);
  const options: CallOptions = { signal: rest.signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
  let replies = 0;
  let failures = 0;
  const ask = async (address: ActorAddress): Promise<CallOutcome<unknown>> => {
    try {
      const reply = await messenger.call(address, name, message, options);
      replies += 1;
      return { ok: true, address, reply };
    } catch (error) {
      failures += 1;
      return { ok: false, address, error: coded(error, address) };
    } finally {
      if (replies >= enough || (quorum !== undefined && addresses.length - failures < enough)) rest.abort();
    }
  };
  try {
    return await Promise.all(addresses.map(ask));
  } finally {
    rest.release();
  }
}

function checkQuorum(quorum: number | undefined, refs: number): number {
  if (quorum === undefined) return refs;
  if (Number.isInteger(quorum) && quorum >= 1 && quorum <= refs) return quorum;
  throw new SkepError('BAD_USAGE', `quorum is ${quorum}: expected a whole number from 1 to the ${refs} refs`, {
    quorum,
    refs,
  });
}

function coded(error: unknown, address: ActorAddress): SkepError {
  if (error instanceof SkepError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new SkepError('INTERNAL', `the call to ${address} failed: ${why}`, { address }, error);
}
