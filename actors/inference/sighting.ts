/** A look at a model: its health, what it can do, and what it counts, in one; nothing when it does not answer. */
import type { ActorRef } from '#runtime';
import type { modelActor } from './model.js';
import { figuresOf, type Sighting } from './shelf.js';

/** A model whose thread is at work may take so long to answer. */
const LOOK_MS = 2_000;

/** Looks at a model. Never rejects. */
export async function look(ref: ActorRef<typeof modelActor>): Promise<Sighting | null> {
  const options = { timeoutMs: LOOK_MS };
  try {
    // All at once, and from the turn that looks: a call made later would belong to whatever message is in hand then.
    const [health, stats, { model }] = await Promise.all([
      ref.call('health', undefined, options),
      ref.call('stats', undefined, options),
      ref.call('info', undefined, options),
    ]);
    return {
      health,
      contextTokens: model?.contextTokens,
      slots: model?.slots,
      memoryBytes: model?.memoryBytes,
      running: stats.running,
      waiting: stats.waiting,
      figures: figuresOf(stats),
    };
  } catch {
    return null;
  }
}
