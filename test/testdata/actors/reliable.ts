/** A receiver of reliable casts that writes down what it handled, because its state dies with its thread. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { type ActorAddress, defineActor } from '#runtime';

export const ledger = defineActor({
  name: 'ledger',
  init: (args: { readonly file: string; readonly dieAt: readonly number[] }) => ({ ...args }),
  reliable: { window: 32, resendMs: 50, maxResendMs: 200 },
  casts: {
    /** Dies with its thread in the middle of some, the first time. */
    enter: (state, message: { readonly n: number }) => {
      const mark = `${message.n} died`;
      if (state.dieAt.includes(message.n) && !written(state.file).includes(mark)) {
        appendFileSync(state.file, `${mark}\n`);
        process.exit(3);
      }
      appendFileSync(state.file, `${message.n}\n`);
    },
  },
  calls: { executor: (_state, _message: undefined, ctx) => ctx.executor },
});

/** Sends numbers to a ledger, as fast as it may. */
export const clerk = defineActor({
  name: 'clerk',
  init: () => null,
  calls: {
    send: async (_state, message: { readonly to: ActorAddress; readonly count: number }, ctx): Promise<void> => {
      const ref = ctx.ref(ledger, message.to);
      for (let n = 0; n < message.count; n += 1) if (!ref.cast('enter', { n })) await ref.drained();
    },
  },
});

function written(file: string): readonly string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
}
