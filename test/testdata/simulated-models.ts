/** Models for the tests of `skep simulate`: one with a bug, one that is not deterministic, one that meets nothing. */
import type { Model, Simulated } from '#runtime/simulation/index';
import { toyModel } from '../simulation/toy.js';

export const buggy: Model = { ...toyModel('primary forgets to sync'), name: 'buggy' };

/** Never at rest, and never twice the same. */
let runs = 0;
const still: Simulated = {
  receive: () => {},
  words: () => '',
  operate: () => {},
  crashed: () => {},
  restarted: () => {},
  healed: () => {},
  check: () => {},
  settled: () => true,
  finish: () => {},
  state: () => [],
};

export const hollow: Model = {
  name: 'hollow',
  about: 'nothing happens in it',
  faults: ['kill'],
  sometimes: ['a unicorn'],
  busyUs: 1_000,
  settleUs: 1_000,
  plan: () => ({ size: 1, setup: null, operations: [], spare: 0 }),
  start: () => still,
};

export const unsteady: Model = {
  ...hollow,
  name: 'unsteady',
  sometimes: [],
  start: (world) => {
    runs += 1;
    world.disk(0).write('runs', Uint8Array.of(runs));
    return { ...still, settled: () => false };
  },
};

export const slow: Model = {
  ...hollow,
  name: 'slow',
  sometimes: [],
  busyUs: 1e9,
  start: (world) => {
    world.every(10, 0, () => {});
    return still;
  },
};
