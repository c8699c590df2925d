/**
 * Runs of replicated data types: how many replicas, how small their buffers, how coarse their clocks, and what
 * applications do at them. Names, keys and values are few, so that operations meet.
 */
import { type Kind, kinds } from '#protocols/crdt/kind';
import type { Operation } from '#protocols/crdt/operation';
import type { ReplicaSettings } from '#protocols/crdt/state';
import { unreachable } from '#protocols/wire/error';
import type { Random } from '../../testing/random.js';
import type { Planned } from '../model.js';

/** Virtual microseconds with faults. */
export const busyUs = 8_000_000;

/** What a run is made of. */
export interface Setup {
  readonly settings: ReplicaSettings;
  readonly tickUs: number;
  /** Wall clocks count in steps of this many milliseconds: coarse ones give equal stamps. */
  readonly grainMs: number;
  /** At the end the ids of replicas that departed are pruned. */
  readonly prune: boolean;
}

/** An operation as plain data: text in the place of bytes. */
export type PlainOperation =
  | Exclude<Operation, { readonly type: 'assign' | 'put' | 'update' }>
  | { readonly type: 'assign'; readonly value: string }
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  | { readonly type: 'update'; readonly kind: Kind; readonly key: string; readonly operation: PlainOperation };

/** What happens at a node, or to the membership. */
export type SimulatedOperation =
  | {
      readonly type: 'mutate';
      readonly node: number;
      readonly kind: Kind;
      readonly name: string;
      readonly operation: PlainOperation;
    }
  | { readonly type: 'leave' | 'join'; readonly node: number };

const texts = new TextEncoder();

/** The operation that plain data stands for. */
export function operationOf(plain: PlainOperation): Operation {
  switch (plain.type) {
    case 'assign':
    case 'put':
      return { ...plain, value: texts.encode(plain.value) };
    case 'update':
      return { ...plain, operation: operationOf(plain.operation) };
    default:
      return plain;
  }
}

/** Draws a run. */
export function drawPlan(random: Random): Planned<Setup, SimulatedOperation> {
  const size = random.between(3, 7);
  const lossy = random.chance(0.5);
  const setup: Setup = {
    settings: {
      fanout: random.between(1, 3),
      resendTicks: random.between(2, 8),
      digestTicks: random.between(5, 40),
      groupsPerMessage: random.pick([1, 3, 64]),
      deltasPerDocument: lossy ? random.between(1, 6) : 64,
      deltasInAll: lossy ? random.between(4, 30) : 4_096,
      maxDocuments: 100,
      maxAheadMs: random.pick([100, 10_000, 600_000]),
    },
    tickUs: random.between(20_000, 150_000),
    grainMs: random.pick([1, 1, 16, 1_000]),
    prune: random.chance(0.6),
  };
  const some = random.shuffle(kinds).slice(0, random.between(1, kinds.length));
  return { size, setup, operations: drawOperations(random, size, some), spare: 1 };
}

function drawOperations(
  random: Random,
  size: number,
  some: readonly Kind[],
): readonly { readonly atUs: number; readonly operation: SimulatedOperation }[] {
  const operations: { readonly atUs: number; readonly operation: SimulatedOperation }[] = [];
  const names = random.chance(0.7) ? ['x'] : ['x', 'y', 'z'];
  for (let left = random.between(20, 120); left > 0; left -= 1) {
    const atUs = random.below(busyUs);
    const kind = random.pick(some);
    const name = random.pick(names);
    // At once at several nodes, now and then: what is concurrent is what matters.
    for (let together = random.chance(0.3) ? random.between(2, size) : 1; together > 0; together -= 1) {
      const operation = drawOperation(random, kind, 1);
      operations.push({ atUs, operation: { type: 'mutate', node: random.below(size), kind, name, operation } });
    }
  }
  if (random.chance(0.3)) {
    const node = random.below(size);
    const atUs = random.below(busyUs);
    operations.push({ atUs, operation: { type: 'leave', node } });
    if (random.chance(0.7))
      operations.push({ atUs: random.between(atUs, busyUs - 1), operation: { type: 'join', node } });
  }
  return operations;
}

function drawOperation(random: Random, kind: Kind, depth: number): PlainOperation {
  const letter = (): string => random.pick(['a', 'b', 'c']);
  switch (kind) {
    case 'g-counter':
      return { type: 'increment', by: random.between(1, 9) };
    case 'pn-counter':
      return { type: random.chance(0.6) ? 'increment' : 'decrement', by: random.between(1, 9) };
    case 'lww-register':
    case 'mv-register':
      if (depth > 1 && random.chance(0.1)) return { type: 'clear' };
      return { type: 'assign', value: `${letter()}${random.below(100)}` };
    case 'flag':
      return { type: random.chance(0.5) ? 'enable' : 'disable' };
    case 'or-set':
      if (random.chance(0.05)) return { type: 'clear' };
      return { type: random.chance(0.6) ? 'add' : 'remove', element: letter() };
    case 'lww-map':
      if (random.chance(0.3)) return { type: 'delete', key: letter() };
      return { type: 'put', key: letter(), value: `${random.below(100)}` };
    case 'or-map': {
      // Maps in maps, but not without end.
      const child = depth > 3 ? 'or-set' : random.pick(kinds);
      if (random.chance(0.3)) return { type: 'drop', kind: child, key: letter() };
      return { type: 'update', kind: child, key: letter(), operation: drawOperation(random, child, depth + 1) };
    }
    default:
      return unreachable(kind);
  }
}
