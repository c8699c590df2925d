/**
 * Actors in a ring on one executor, and ten tokens that go round: every message is for the next actor, so all are touched
 * and, with many, none is in a cache when its turn comes. What was handled is summed by a census through the ring.
 */
import { type ActorRef, ActorSystem, defineActor } from '#runtime';
import { serve, type Work } from '../harness/program.js';
import type { Completed, Size } from '../harness/question.js';

/** Tokens under way at a time: as many as there are actors in the smallest ring. */
const TOKENS = 10;
const BATCH = 1_000;

interface RingState {
  next: ActorRef<RingActor> | undefined;
  /** Messages handled since the last census. */
  handled: number;
}

interface RingActor {
  readonly calls: object;
  readonly casts: {
    pass(state: RingState, message: { readonly left: number }): void;
    census(state: RingState, message: { readonly left: number; readonly sum: number }): void;
  };
  readonly streams: ReadonlySet<string>;
}

/** Who waits in this process for tokens to arrive and for the census; one run at a time. */
const waiting = { tokens: 0, arrived: () => {}, counted: (_sum: number) => {} };

const member = defineActor({
  name: 'bench.ring-member',
  init: (): RingState => ({ next: undefined, handled: 0 }),
  casts: {
    follow: (state: RingState, next: ActorRef<RingActor>) => {
      state.next = next;
    },
    pass: (state: RingState, { left }: { readonly left: number }) => {
      state.handled += 1;
      if (left > 1) state.next?.cast('pass', { left: left - 1 });
      else if (--waiting.tokens === 0) waiting.arrived();
    },
    census: (state: RingState, { left, sum }: { readonly left: number; readonly sum: number }) => {
      const total = sum + state.handled;
      state.handled = 0;
      if (left > 1) state.next?.cast('census', { left: left - 1, sum: total });
      else waiting.counted(total);
    },
  },
});

const maker = defineActor({
  name: 'bench.ring-maker',
  init: () => null,
  calls: {
    make: async (_state, { actors }: { readonly actors: number }, ctx): Promise<ActorRef<typeof member>[]> => {
      const members: ActorRef<typeof member>[] = [];
      for (let left = actors; left > 0; left -= BATCH) {
        const starting = Array.from({ length: Math.min(BATCH, left) }, () => ctx.spawn(member, undefined));
        for (const ref of await Promise.all(starting)) members.push(ref);
      }
      members.forEach((ref, index) => {
        const next = members[(index + 1) % members.length];
        if (next !== undefined) ref.cast('follow', next);
      });
      return members;
    },
  },
});

async function ring({ actors = 0 }: Size): Promise<Work> {
  const system = await ActorSystem.create({ executors: 0, definitions: [member, maker] });
  const making = await system.spawn(maker, undefined);
  const members = await making.call('make', { actors }, { timeoutMs: Number.POSITIVE_INFINITY });
  return {
    run: (size) => goRound(members, size),
    // A million ends in order are another question.
    stop: async () => process.exit(0),
  };
}

async function goRound(members: readonly ActorRef<typeof member>[], { messages = 0 }: Size): Promise<Completed> {
  waiting.tokens = TOKENS;
  const arrived = new Promise<void>((resolve) => {
    waiting.arrived = resolve;
  });
  const startMs = performance.now();
  for (let token = 0; token < TOKENS; token += 1)
    members[Math.floor((token * members.length) / TOKENS)]?.cast('pass', { left: messages / TOKENS });
  await arrived;
  const ms = performance.now() - startMs;
  const operations = await new Promise<number>((resolve) => {
    waiting.counted = resolve;
    members[0]?.cast('census', { left: members.length, sum: 0 });
  });
  return { ms, operations };
}

serve(import.meta.filename, { ring });
