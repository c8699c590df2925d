/** Links executors of one node by a message port; frames are transferred, not copied. */
import type { MessagePort } from 'node:worker_threads';
import type { Executor } from './executor.js';

/** Frames between threads are split at this size, so that one never blocks its receiver for long. */
export const MAX_FRAME_BYTES = 1_048_576;

/** Connects `executor` to executor `peer` through `port`. The owner of the port closes it. */
export function linkExecutors(executor: Executor, peer: number, port: MessagePort): void {
  port.on('message', (frame: unknown) => {
    if (frame instanceof Uint8Array) executor.receive(frame);
  });
  executor.connect(peer, {
    maxFrameBytes: MAX_FRAME_BYTES,
    send: (frame) => {
      port.postMessage(frame, [frame.buffer]);
      return true;
    },
  });
}
