/** One flood, wherever its two ends are: what is sent, what arrives, how much waits meanwhile, and how others fare. */
import type { ActorRef, ActorSystem, SpawnOptions } from '#runtime';
import { consumer, producer, third } from '#test/testdata/actors/flow';

/** Where the flood runs. */
export interface Place {
  /** The system from which it is watched. */
  readonly system: ActorSystem;
  /** All systems that take part. */
  readonly systems: readonly ActorSystem[];
  readonly producer: SpawnOptions;
  readonly consumer: SpawnOptions;
}

/** What was seen. */
export interface Seen {
  readonly refused: readonly number[];
  readonly waits: number;
  readonly ids: readonly number[];
  /** The most messages that waited at one time in the mailbox of the consumer, and for credit at its senders. */
  readonly mailbox: number;
  readonly waiting: number;
  /** The most that the heaps of the two threads grew by, in MiB. */
  readonly heapMiB: number;
  /** Messages of the flood handled during one round trip of neighbours beside the consumer, at most. */
  readonly besides: number;
  /** Round trips across that did not wait for the flood sent before them, and those that did. */
  readonly overtook: number;
  readonly waited: number;
  /** How many times faster the producer could send than the consumer could handle. */
  readonly ratio: number;
}

/** The consumer's work on one message; with 0.8 the producer was 195 times faster at least, on 2 cores. */
const WORK_MS = Number(process.env['SKEP_FLOOD_WORK_MS'] ?? 0.1);

/** Runs a flood of `count` messages to its end. */
export async function flood(place: Place, count: number, obey: boolean): Promise<Seen> {
  const { system } = place;
  const from = await system.spawn(producer, undefined, place.producer);
  const to = await system.spawn(consumer, { workMs: WORK_MS }, place.consumer);
  const near = await system.spawn(third, undefined, place.producer);
  const far = await system.spawn(third, undefined, place.consumer);
  const neighbour = await system.spawn(third, undefined, place.consumer);
  // Those that ask are busy with it: the heaps are looked at by others.
  const gauges = [
    await system.spawn(third, undefined, place.producer),
    await system.spawn(third, undefined, place.consumer),
  ] as const;
  for (const ref of [near, far]) ref.cast('reset');
  const base = await heaps(gauges);
  const long = { timeoutMs: 120_000 };
  const most = { mailbox: 0, waiting: 0, heap: 0 };
  let over = false;
  const running = from.call('run', { to: to.address, count, obey }, long).finally(() => {
    over = true;
  });
  const besides = far.call('besides', { neighbour: neighbour.address, times: 300 }, long);
  const across = near.call('across', { far: neighbour.address, times: 200, backlog: 300 }, long);
  const look = async (): Promise<void> => {
    for (const one of place.systems) {
      for (const { address, mailbox } of await one.list())
        if (address === to.address) most.mailbox = Math.max(most.mailbox, mailbox);
      for (const { flow } of await one.reports()) most.waiting = Math.max(most.waiting, flow.waiting);
    }
    most.heap = Math.max(most.heap, (await heaps(gauges)) - base);
  };
  while (!over) await look();
  const { refused, waits, ms } = await running;
  const expected = count - refused.length;
  while ((await gauges[1].call('handled', undefined, long)) < expected) await look();
  const ids = await to.call('ids', undefined, long);
  const others = { besides: await besides, ...(await across) };
  for (const { address } of [from, to, near, far, neighbour, ...gauges]) system.stopActor(address);
  return {
    refused,
    waits,
    ids,
    mailbox: most.mailbox,
    waiting: most.waiting,
    heapMiB: Math.round(most.heap / 2 ** 20),
    ...others,
    ratio: Math.round((count * WORK_MS) / ms),
  };
}

/** The ids that a flood should have left: all but the refused, in order. */
export function expectedIds(count: number, refused: readonly number[]): readonly number[] {
  const gone = new Set(refused);
  return Array.from({ length: count }, (_, id) => id).filter((id) => !gone.has(id));
}

/** What was seen, in a line. */
export function figures({
  ids,
  refused,
  waits,
  mailbox,
  waiting,
  heapMiB,
  besides,
  overtook,
  waited,
  ratio,
}: Seen): string {
  return `${ids.length} handled, ${refused.length} refused, told to wait ${waits} times; at most ${mailbox} in the mailbox, ${waiting} waiting for credit, ${heapMiB} MiB more heap; ${besides} handled during one round trip beside, ${overtook} round trips across overtook the flood, ${waited} did not; ratio ${ratio}`;
}

async function heaps(refs: readonly ActorRef<typeof third>[]): Promise<number> {
  const sizes = await Promise.all(refs.map((ref) => ref.call('heap', undefined, { timeoutMs: 120_000 })));
  return sizes.reduce((sum, size) => sum + size, 0);
}
