/** A model actor over a scripted backend, and one who hears what replicas say; for executors in threads. */
import { defineModel } from '#actors/inference/model';
import { ScriptedBackend } from '#actors/inference/scripted';
import { type ActorAddress, defineActor } from '#runtime';
import { systemClock } from '#runtime/clock/clock';

export const model = defineModel(
  async ({ name }) =>
    new ScriptedBackend({
      clock: systemClock,
      name,
      slots: 2,
      stepMs: 1,
      answer: ({ prompt }) => (prompt === 'hang' ? { text: 'so', hangs: true } : `you said ${prompt}`),
    }),
);

export const listener = defineActor({
  name: 'listener',
  init: async (_args: undefined, ctx) => {
    await ctx.subscribe('inference.replica.>');
    return { heard: [] as ActorAddress[] };
  },
  calls: { heard: (state) => [...state.heard] },
  info: (state, info) => {
    if (info.type === 'topic') state.heard.push(info.sender);
  },
});
