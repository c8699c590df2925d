/** Looks at a cluster of the imagination, for the tests of `skep top`. */
import type { NodeModel } from '#cli/inference/registries';
import type { NodeReport } from '#cli/remote/answers';
import type { Sample } from '#cli/top/model';
import type { ActorAddress } from '#protocols/wire/address';

type Report = NodeReport['executors'][number];

const quiet = { p50: 0.1, p99: 0.4, max: 3, count: 100 };

/** A report of an executor in which nothing happens, changed as the test wants it. */
export function report(id: number, changes: Partial<Report> = {}): Report {
  return {
    id,
    uptimeMs: 10_000,
    actors: 0,
    pendingCalls: 0,
    turns: 0,
    processed: 0,
    mailbox: 0,
    definitions: [],
    busiest: [],
    heapUsedBytes: 12_000_000,
    loopActiveMs: 1_000,
    loopIdleMs: 9_000,
    eventLoopDelay: { p50: 0, p99: 2.25, max: 9, count: 100 },
    turnLatency: quiet,
    mailboxWait: quiet,
    slowTurns: [],
    deadLetters: { counts: {}, latest: [] },
    flow: { channels: 0, waiting: 0, withheld: 0 },
    ...changes,
  };
}

/** What the actors of a definition did. */
export function definition(
  name: string,
  changes: Partial<Report['definitions'][number]> = {},
): Report['definitions'][number] {
  const nothing = { actors: 1, processed: 0, failed: 0, restarts: 0, busyMs: 0, mailbox: 0, mailboxMax: 0 };
  return { definition: name, version: 1, ...nothing, ...changes };
}

/** A model of `node-1` that has nothing to do. */
export function modelLine(changes: Partial<NodeModel> = {}): NodeModel {
  return {
    name: 'tiny',
    node: 'node-1',
    backend: 'llama',
    role: 'chat',
    profile: 'balanced',
    state: 'ready',
    memoryBytes: 25_000_000,
    slots: 4,
    running: 0,
    waiting: 0,
    waitingToLoad: 0,
    figures: {},
    ...changes,
  };
}

/** A look. */
export function look(nodes: Readonly<Record<string, readonly Report[]>>, changes: Partial<Sample> = {}): Sample {
  return {
    cluster: 'demo',
    atMs: Date.UTC(2026, 0, 2, 3, 4, 5),
    nodes: Object.entries(nodes).map(([node, executors]) => ({ node, executors: [...executors], silent: [] })),
    models: [],
    warnings: [],
    ...changes,
  };
}

export const counterAddress = 'node-1@k3f9/1/17' as ActorAddress;

const letter = {
  id: 'node-1@k3f9/1#1',
  reason: 'mailbox-full',
  kind: 'cast',
  to: counterAddress,
  name: 'inc',
  atMs: 1,
  replayed: false,
} as const;

/** Two looks at a busy cluster, two seconds apart. */
export function busyCluster(): { readonly before: Sample; readonly now: Sample } {
  const before = look({
    'node-1': [
      report(0, { actors: 3 }),
      report(1, { actors: 2, processed: 100, definitions: [definition('counter', { actors: 2, processed: 100 })] }),
    ],
    'node-2': [report(1)],
  });
  const now = look({
    'node-1': [
      report(0, { actors: 3, uptimeMs: 12_000, loopIdleMs: 11_000 }),
      report(1, {
        uptimeMs: 12_000,
        actors: 2,
        turns: 640,
        processed: 24_100,
        mailbox: 10_000,
        loopActiveMs: 2_500,
        loopIdleMs: 9_500,
        definitions: [
          definition('counter', {
            actors: 2,
            processed: 24_100,
            mailbox: 10_000,
            mailboxMax: 9_999,
            failed: 2,
            restarts: 1,
            busyMs: 1_400,
          }),
        ],
        busiest: [
          { address: counterAddress, definition: 'counter', name: 'hits', mailbox: 9_999 },
          { address: 'node-1@k3f9/1/18' as ActorAddress, definition: 'counter', name: '', mailbox: 1 },
        ],
        slowTurns: [{ definition: 'counter', message: 'spin', durationMs: 120.4, atMs: Date.UTC(2026, 0, 2, 3, 4, 0) }],
        deadLetters: { counts: { 'mailbox-full': 1_500, 'late-reply': 2 }, latest: [letter] },
      }),
    ],
    'node-2': [report(1, { uptimeMs: 12_000, loopIdleMs: 11_000 })],
  });
  return { before, now };
}
