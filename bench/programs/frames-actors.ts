/** The actors of the sweeps over frames; a module of its own, because executors load it. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ActorAddress, defineActor } from '#runtime';

/** Counts what it gets, and its bytes. */
export const frameSink = defineActor({
  name: 'bench.frame-sink',
  init: () => ({ messages: 0, bytes: 0 }),
  casts: {
    note: (state, { data }: { readonly data: Uint8Array }) => {
      state.messages += 1;
      state.bytes += data.byteLength;
    },
  },
  calls: {
    /** What came since the reset. */
    taken: (state) => ({ ...state }),
    reset: (state) => {
      state.messages = 0;
      state.bytes = 0;
    },
  },
});

/** What has not arrived by then is lost. */
const ARRIVAL_LIMIT_MS = 60_000;

/** What a source is to send. */
export interface SourceOrder {
  readonly to: ActorAddress;
  readonly messages: number;
  readonly bytes: number;
  /** Casts in one turn of the event loop; infinite: as many as flow control lets through. */
  readonly inTurn: number;
}

/** Sends, with flow control, until all has arrived; gives the messages that did. */
export const frameSource = defineActor({
  name: 'bench.frame-source',
  init: () => null,
  calls: {
    send: async (_state, { to, messages, bytes, inTurn }: SourceOrder, ctx): Promise<number> => {
      const sink = ctx.ref(frameSink, to);
      const data = new Uint8Array(bytes).fill(7);
      let left = inTurn;
      for (let sent = 0; sent < messages; sent += 1) {
        if (!sink.cast('note', { data })) await sink.drained();
        left -= 1;
        if (left > 0) continue;
        await nextTurn();
        left = inTurn;
      }
      // Large payloads have a lane of their own, on which a call may overtake them.
      const endMs = performance.now() + ARRIVAL_LIMIT_MS;
      for (;;) {
        const taken = await sink.call('taken', undefined, { timeoutMs: ARRIVAL_LIMIT_MS });
        if (taken.messages < messages && performance.now() < endMs) continue;
        if (taken.bytes !== messages * bytes) throw new Error(`got ${taken.bytes} bytes of ${messages * bytes}`);
        return taken.messages;
      }
    },
  },
});
