/** The thread side of an offload: imports the module that was named, and runs its export once. */
import { serialize } from 'node:v8';
import { isAnyArrayBuffer, isArrayBufferView, isSharedArrayBuffer } from 'node:util/types';
import { SkepError } from '#protocols/wire/error';
import { handOverResult } from '../executor/pool.js';
import { copied, type Failure, toFailure } from './failure.js';
import { isOffloadTask } from './offload.js';

/** What the thread gets. */
export interface OffloadWork {
  readonly module: string;
  readonly name: string;
  readonly args: unknown;
}

/**
 * What it gives back: a buffer as it is, so that it can be handed over; anything else serialised already, because a value
 * that cannot be copied would end the thread if it came to light when the answer is sent.
 */
export type OffloadOutcome =
  | ArrayBuffer
  | NodeJS.ArrayBufferView
  | { readonly serialised: Uint8Array }
  | { readonly failure: Failure };

/** Runs one piece of work. */
export default async function runOffload({ module, name, args }: OffloadWork): Promise<unknown> {
  try {
    const task = ((await import(module)) as Readonly<Record<string, unknown>>)[name];
    if (!isOffloadTask(task)) {
      const text = `${module} exports no offload "${name}"; export what defineOffload gives under the name it was given`;
      throw new SkepError('BAD_USAGE', text, { module, name });
    }
    const value: unknown = await task.run(args);
    if (isWholeBuffer(value)) return handOverResult(value);
    return { serialised: copied(name, () => serialize(value)) } satisfies OffloadOutcome;
  } catch (error) {
    return { failure: toFailure(error) } satisfies OffloadOutcome;
  }
}

/** Whether nobody else can hold a part of its memory: small Buffers share one pool, which must not leave. */
function isWholeBuffer(value: unknown): value is ArrayBuffer | NodeJS.ArrayBufferView {
  if (isAnyArrayBuffer(value)) return !isSharedArrayBuffer(value);
  return isArrayBufferView(value) && !isSharedArrayBuffer(value.buffer) && value.byteLength === value.buffer.byteLength;
}
