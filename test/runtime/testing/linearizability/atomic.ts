/**
 * Histories that are linearizable because of how they are made: clients whose operations overlap at random use one map,
 * which carries each out at one moment between its call and its reply. Some replies are lost, and some of the
 * operations whose reply is lost are never carried out.
 */
import type { MapInput, Operation, RegisterOutput, Value } from '#runtime/testing/linearizability/index';
import { Random } from '#runtime/testing/random';

/** An operation with the moment at which it took effect, if it did. */
export interface Made {
  readonly operation: Operation<MapInput, RegisterOutput>;
  readonly effectAt: number | undefined;
}

/** How a history is made. */
export interface Making {
  readonly clients: number;
  readonly operations: number;
  readonly keys: number;
  /** Share of replies that are lost. */
  readonly lost: number;
}

interface Draft {
  readonly client: number;
  readonly input: MapInput;
  readonly callAt: number;
  readonly effectAt: number;
  readonly replyAt: number;
  readonly lost: boolean;
  readonly happens: boolean;
}

/** Draws a history; the same from the same seed. */
export function atomicHistory(seed: number, { clients, operations, keys, lost }: Making): readonly Made[] {
  const random = new Random(seed, 77);
  const free = Array.from({ length: clients }, () => random.between(0, 20));
  const drafts: Draft[] = [];
  for (let number = 0; number < operations; number += 1) {
    const client = random.below(clients);
    const callAt = (free[client] as number) + random.between(1, 10);
    const effectAt = callAt + random.between(1, 30);
    const replyAt = effectAt + random.between(1, 30);
    free[client] = replyAt;
    const isLost = random.chance(lost);
    const input = drawInput(random, number, `k${random.below(keys)}`);
    drafts.push({ client, input, callAt, effectAt, replyAt, lost: isLost, happens: !isLost || random.chance(0.5) });
  }
  return carryOut(drafts);
}

function drawInput(random: Random, number: number, key: string): MapInput {
  const what = random.below(10);
  if (what < 4) return { type: 'read', key };
  if (what < 8) return { type: 'write', key, value: number };
  return { type: 'cas', key, from: random.chance(0.3) ? null : random.below(number + 1), to: number };
}

/** In the order of the moments at which they take effect. */
function carryOut(drafts: readonly Draft[]): readonly Made[] {
  const held = new Map<string, Value>();
  return drafts
    .toSorted((one, other) => one.effectAt - other.effectAt)
    .map((draft) => {
      const output = draft.happens ? perform(held, draft.input) : null;
      const { client, input, callAt, replyAt } = draft;
      const reply = draft.lost ? undefined : { at: replyAt, output };
      return { operation: { client, input, callAt, reply }, effectAt: draft.happens ? draft.effectAt : undefined };
    });
}

function perform(held: Map<string, Value>, input: MapInput): RegisterOutput {
  const value = held.get(input.key) ?? null;
  switch (input.type) {
    case 'read':
      return value;
    case 'write':
      held.set(input.key, input.value);
      return null;
    case 'cas':
      if (value === input.from) held.set(input.key, input.to);
      return value === input.from;
  }
}
