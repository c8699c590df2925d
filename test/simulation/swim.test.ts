/** Groups of SWIM nodes under simulation: each seed is a group, its network, its faults and what its operators do. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lan } from '#protocols/swim/settings';
import { suspicionTimes } from '#protocols/swim/suspicion';
import { swimModel, swimStallModel } from '#runtime/simulation/swim/index';
import type { Model } from '#runtime/simulation/model';
import { runSeed } from '#runtime/simulation/run';
import t from 'tap';
import { root } from '#test/tidy/sources';
import { swimMutants } from './mutants/swim.js';
import { measure } from './swim-figures.js';

/** Runs seeds one after another; what they met together, or the first that failed. */
function campaign(model: Model, from: number, count: number): ReadonlyMap<string, number> {
  const met = new Map<string, number>();
  for (let seed = from; seed < from + count; seed += 1) {
    const { failure, sometimes } = runSeed(model, seed);
    if (failure !== undefined) throw new Error(`seed ${seed} of ${model.name}: ${failure.message}`);
    for (const [what, times] of sometimes) met.set(what, (met.get(what) ?? 0) + times);
  }
  return met;
}

t.test(
  'joins, leaves, crashes, restarts, stalls, partitions and loss: no invariant breaks, and after healing all see all',
  (t) => {
    const met = campaign(swimModel, 1, 40);
    t.same(
      swimModel.sometimes.filter((what) => !met.has(what)),
      [],
      'everything that a campaign has to meet was met',
    );
    t.end();
  },
);

t.test('30 s stall of one node yields zero false deaths of others, in groups of 3 to 50', (t) => {
  const met = campaign(swimStallModel, 1, 12);
  t.same(
    swimStallModel.sometimes.filter((what) => !met.has(what)),
    [],
  );
  t.end();
});

t.test('a seed is a run: the same events, again and again', (t) => {
  for (const seed of [3, 7]) {
    const [one, other] = [runSeed(swimModel, seed), runSeed(swimModel, seed)];
    t.equal(one.hash, other.hash);
    t.equal(one.events, other.events);
  }
  t.not(runSeed(swimModel, 3).hash, runSeed(swimModel, 4).hash);
  t.end();
});

t.test('each planted bug is a text that the compiled core has exactly once', async (t) => {
  t.ok(swimMutants.length >= 20);
  for (const { name, file, find, replace } of swimMutants) {
    const code = await readFile(join(root, 'dist', file), 'utf8');
    t.equal(code.split(find).length - 1, 1, name);
    t.not(find, replace, name);
  }
});

t.test('detection time and traffic at 5/20/50 members: within what the settings promise', (t) => {
  const { suspicionMult, probeIntervalMs } = lan;
  for (const size of [5, 20, 50]) {
    const { suspectedAfter, deadAfter, knownAfter, packets, bytes } = measure(size, 1);
    const interval = probeIntervalMs / 1_000;
    t.ok(suspectedAfter <= 5 * interval + interval, `suspected by one of ${size - 1} after ${suspectedAfter} s`);
    const { minMs, maxMs } = suspicionTimes(lan, size);
    t.ok(deadAfter - suspectedAfter <= maxMs / 1_000 && deadAfter - suspectedAfter >= minMs / 1_000 - 0.1);
    t.ok(deadAfter - suspectedAfter <= minMs / 1_000 + suspicionMult * 2 * interval, 'confirmations shortened it');
    t.ok(knownAfter - deadAfter <= 3, `all knew ${knownAfter - deadAfter} s later`);
    // A ping and an ack of its own and of one other, whatever the size.
    t.ok(packets < 6 && bytes < 2_000, `${packets.toFixed(1)} packets and ${bytes.toFixed(0)} B a second`);
  }
  t.end();
});
