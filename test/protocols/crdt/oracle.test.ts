/** Random interleavings against a history of causality that knows nothing of dots: the oracle of the simulator. */
import type { ReplicaId } from '#protocols/crdt/dot';
import { kinds } from '#protocols/crdt/kind';
import type { Operation } from '#protocols/crdt/operation';
import { valueOf } from '#protocols/crdt/value';
import { describeValue } from '#runtime/simulation/crdt/invariants';
import { History, joinViews, type View } from '#runtime/simulation/crdt/oracle';
import type { PlainOperation } from '#runtime/simulation/crdt/plan';
import fc from 'fast-check';
import t from 'tap';
import { histories, Replicas, type Step } from './history.js';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function plainOf(operation: Operation): PlainOperation {
  switch (operation.type) {
    case 'assign':
    case 'put':
      return { ...operation, value: text(operation.value) };
    case 'update':
      return { ...operation, operation: plainOf(operation.operation) };
    default:
      return operation;
  }
}

/** The first replica whose value is not what its view of the history comes to, in words. */
function firstWrong(replicas: Replicas, steps: readonly Step[]): string | undefined {
  const { kind } = replicas;
  const history = new History(kind);
  const views: View[] = [new Map(), new Map(), new Map()];
  for (const step of steps) {
    const { at } = step;
    const view = views[at] as View;
    if (step.type === 'merge') {
      replicas.merge(at, step.from);
      views[at] = joinViews(view, views[step.from] as View);
    } else {
      replicas.mutate(at, step.operation);
      const replica = `r${at}.1` as ReplicaId;
      const done = history.perform(replica, view, plainOf(step.operation), replicas.clock);
      if (done !== undefined) views[at] = new Map(view).set(replica, done.number);
    }
    const is = describeValue(valueOf(kind, replicas.state(at).store));
    const wanted = history.valueOf(views[at] as View);
    if (is !== wanted) return `r${at} is ${is}, should be ${wanted}`;
  }
  return undefined;
}

t.test('random interleavings read what the history of causality says, for every kind', async () => {
  for (const kind of kinds)
    fc.assert(
      fc.property(histories(kind, 40), (steps) => {
        const wrong = firstWrong(new Replicas(kind), steps);
        if (wrong !== undefined) throw new Error(wrong);
      }),
      { numRuns: 200 },
    );
});
