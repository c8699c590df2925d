/**
 * How fast a group notices a crash, and what it sends to do so, at several sizes: measured in the simulator with the LAN
 * preset over a network of a millisecond. Run as a program it writes the table of `docs/protocols/swim.md`:
 *
 *     node dist/test/simulation/swim-figures.js
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lan } from '#protocols/swim/settings';
import { Cluster } from '#runtime/simulation/swim/cluster';
import { calm } from '#runtime/simulation/knobs';
import { World } from '#runtime/simulation/world';
import { root } from '#test/tidy/sources';

/** Of one run. Times in seconds. */
export interface Figures {
  /** From the crash to the first suspicion, to the first death, and to the last of all nodes. */
  readonly suspectedAfter: number;
  readonly deadAfter: number;
  readonly knownAfter: number;
  /** Of one node when nothing happens, a second. */
  readonly packets: number;
  readonly bytes: number;
  /** Of one node over the seconds in which the crash is noticed, a second. */
  readonly busyBytes: number;
}

/** Crashes one of `size` nodes that have run for a while. */
export function measure(size: number, seed: number): Figures {
  const world: World = new World({
    seed,
    size,
    knobs: { ...calm, delayLeastUs: 500, delayMeanUs: 500 },
    keep: 0,
    words: () => '',
    receive: (to, from, packet) => group.receive(to, from, packet),
  });
  const setup = { settings: lan, members: size, seeds: Math.min(3, size), tickMs: 50, garble: 0 };
  const group: Cluster = new Cluster(world, { size, setup, operations: [], spare: 0 });
  const run = (untilUs: number): void => {
    while (world.step(untilUs));
  };
  const sent = (): readonly [number, number] =>
    group.processes.reduce<readonly [number, number]>(
      ([packets, bytes], { state: { counts } }) => [
        packets + counts.packets + counts.streams,
        bytes + counts.bytes + counts.streamBytes,
      ],
      [0, 0],
    );
  run(60e6);
  const [packetsBefore, bytesBefore] = sent();
  run(120e6);
  const [packets, bytes] = sent();
  // Not on the beat of anybody's clock.
  const crashUs = 120e6 + world.chances.workload.below(1_000_000);
  run(crashUs);
  world.crash(size - 1, false);
  group.crashed(size - 1);
  const [, bytesAtCrash] = sent();
  const name = `n${size}`;
  const times = { suspect: 0, dead: 0 };
  const others = group.processes.length;
  for (let known = 0; known < others; ) {
    if (!world.step(crashUs + 300e6)) throw new Error(`${known} of ${others} know of the crash after 300 s`);
    const statuses = group.processes.map(({ state }) => state.members.get(name)?.status);
    if (times.suspect === 0 && statuses.includes('suspect')) times.suspect = world.nowUs;
    if (times.dead === 0 && statuses.includes('dead')) times.dead = world.nowUs;
    known = statuses.filter((status) => status === 'dead').length;
  }
  const after = (atUs: number): number => (atUs - crashUs) / 1e6;
  const knownAfter = after(world.nowUs);
  return {
    suspectedAfter: after(times.suspect),
    deadAfter: after(times.dead),
    knownAfter,
    packets: (packets - packetsBefore) / 60 / size,
    bytes: (bytes - bytesBefore) / 60 / size,
    busyBytes: (sent()[1] - bytesAtCrash) / knownAfter / (size - 1),
  };
}

/** The middle, and the one that nine of ten are not above. */
function spread(values: readonly number[], digits: number): string {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(digits);
  return `${at(0.5)} (${at(0.9)})`;
}

/** The table of the page: a row a size. */
export function table(sizes: readonly number[], seeds: number): string {
  const rows = sizes.map((size) => {
    const runs = Array.from({ length: seeds }, (_, seed) => measure(size, seed + 1));
    const column = (what: keyof Figures, digits: number): string =>
      spread(
        runs.map((run) => run[what]),
        digits,
      );
    return `| ${size} | ${column('suspectedAfter', 1)} | ${column('deadAfter', 1)} | ${column('knownAfter', 1)} | ${column('packets', 1)} | ${column('bytes', 0)} | ${column('busyBytes', 0)} |`;
  });
  return [
    '| members | suspect after, s | dead after, s | known to all after, s | packets/s a node | B/s a node, at rest | B/s a node, crash |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

if (process.argv[1]?.endsWith('swim-figures.js') === true) {
  const page = join(root, 'docs/protocols/swim.md');
  const text = await readFile(page, 'utf8');
  const marked = /(<!-- figures -->\n)[\s\S]*?(<!-- end -->)/;
  if (!marked.test(text)) throw new Error(`${page} has no place for the table`);
  await writeFile(page, text.replace(marked, `$1\n${table([5, 20, 50], 20)}\n\n$2`));
}
