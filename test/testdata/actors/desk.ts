/** A desk that answers its callers when somebody serves them. */
import { defineActor, type ReplyToken } from '#runtime';

export const desk = defineActor({
  name: 'desk',
  init: () => ({ queue: [] as { readonly question: string; readonly token: ReplyToken<string> }[] }),
  calls: {
    ask: (state, question: string, ctx) => {
      const token = ctx.defer<string>();
      state.queue.push({ question, token });
      return token;
    },
    serve: (state, answer: string, ctx) => {
      for (const { question, token } of state.queue.splice(0)) ctx.reply(token, `${question}? ${answer}`);
    },
  },
});
