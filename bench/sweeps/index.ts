/** Every sweep, in the order of the results. */
import type { Sweep } from '../harness/sweep.js';
import { actorsSweep } from './actors.js';
import { envelopesSweep, envelopesSweepThreads, frameSweep, frameSweepThreads } from './frames.js';

export const sweeps: readonly Sweep[] = [
  actorsSweep,
  frameSweepThreads,
  envelopesSweepThreads,
  frameSweep,
  envelopesSweep,
];
