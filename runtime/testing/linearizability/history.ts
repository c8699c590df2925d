/**
 * What clients saw of an object: operations with the time of their call and, when there was one, of their reply. A client
 * whose reply was lost knows nothing: its operation may have taken effect at any time after the call, or may yet do so,
 * or never will. (Herlihy and Wing, "Linearizability: a correctness condition for concurrent objects", TOPLAS 1990.)
 */

/** One operation of a client. */
export interface Operation<Input, Output> {
  /** Who called it; only for the account of a failure. */
  readonly client: number;
  readonly input: Input;
  /** By any clock that all operations of the history share; a count of events is one. */
  readonly callAt: number;
  /** Undefined when the outcome is unknown. */
  readonly reply: { readonly at: number; readonly output: Output } | undefined;
}

/** Operations in any order. */
export type History<Input, Output> = readonly Operation<Input, Output>[];

/** A call or a reply. */
export interface Happening<Input, Output> {
  readonly at: number;
  readonly type: 'call' | 'reply';
  readonly operation: Operation<Input, Output>;
}

/**
 * Calls and replies by time. At one time calls come first: an operation precedes another only when it ended strictly
 * before the other began, so a tie never makes a history look worse than it was.
 */
export function happenings<Input, Output>(history: History<Input, Output>): readonly Happening<Input, Output>[] {
  const all: Happening<Input, Output>[] = [];
  for (const operation of history) {
    all.push({ at: operation.callAt, type: 'call', operation });
    if (operation.reply === undefined) continue;
    if (operation.reply.at < operation.callAt)
      throw new RangeError(`an operation was called at ${operation.callAt} and answered at ${operation.reply.at}`);
    all.push({ at: operation.reply.at, type: 'reply', operation });
  }
  return all.toSorted((one, other) => one.at - other.at || Number(one.type === 'reply') - Number(other.type === 'reply'));
}
