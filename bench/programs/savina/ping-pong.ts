/** Savina's ping-pong: one actor sends a ping and, when the pong comes, the next one. One message is under way at a time. */
import { type ActorAddress, type ActorRef, castFace, defineActor } from '#runtime';
import { serve } from '../../harness/program.js';
import { latch, PATIENCE, play } from './stage.js';

const pingerFace = castFace<{ readonly pong: undefined }>();

const ponger = defineActor({
  name: 'bench.ponger',
  init: (args: { readonly pinger: ActorAddress; readonly latch: ActorAddress }, ctx) => ({
    pinger: ctx.ref(pingerFace, args.pinger),
    latch: ctx.ref(latch, args.latch),
    pings: 0,
  }),
  casts: {
    ping: (state) => {
      state.pings += 1;
      state.pinger.cast('pong');
    },
    finish: (state) => {
      state.latch.cast('done', state.pings);
      state.pings = 0;
    },
  },
});

const pinger = defineActor({
  name: 'bench.pinger',
  init: (args: { readonly latch: ActorAddress }, ctx) => ({
    latch: ctx.ref(latch, args.latch),
    ponger: undefined as ActorRef<typeof ponger> | undefined,
    pongs: 0,
    wanted: 0,
  }),
  casts: {
    start: (state, message: { readonly ponger: ActorAddress; readonly pings: number }, ctx) => {
      state.ponger = ctx.ref(ponger, message.ponger);
      state.wanted = message.pings;
      state.pongs = 0;
      state.ponger.cast('ping');
    },
    pong: (state) => {
      state.pongs += 1;
      if (state.pongs < state.wanted) {
        state.ponger?.cast('ping');
        return;
      }
      state.latch.cast('done', state.pongs);
      state.ponger?.cast('finish');
    },
  },
});

const pingPong = play([pinger, ponger], async (system, { pings = 0 }) => {
  const end = await system.spawn(latch, undefined);
  const first = await system.spawn(pinger, { latch: end.address });
  const second = await system.spawn(ponger, { pinger: first.address, latch: end.address });
  return {
    once: () => {
      const done = end.call('wait', 2, PATIENCE);
      first.cast('start', { ponger: second.address, pings });
      return done;
    },
  };
});

serve(import.meta.filename, { 'ping-pong': pingPong });
