/** A look at a model: its health, what it can do, and what it counts, in one; nothing when it does not answer. */
import type { ActorRef } from '#runtime';
import type { model } from './model.js';
import { figuresOf, type Sighting } from './shelf.js';

/** A model whose thread is at work may take so long to answer. */
const LOOK_MS = 2_000;

/** Looks at a model. Never rejects. */
export async function look(ref: ActorRef<typeof model>): Promise<Sighting | null> {
  const options = { timeoutMs: LOOK_MS };
  try {
    // All at once, and from the turn that looks: a call made later would belong to whatever message is in hand then.
    const [health, stats, info] = await Promise.all([
      ref.call('health', undefined, options),
      ref.call('stats', undefined, options),
      // A model that is still loading does not know.
      ref.call('info', undefined, options).catch(() => undefined),
    ]);
    return {
      health,
      contextTokens: info?.contextTokens,
      slots: info?.slots,
      memoryBytes: info?.memoryBytes,
      running: stats.running,
      waiting: stats.waiting,
      figures: figuresOf(stats),
    };
  } catch {
    return null;
  }
}
