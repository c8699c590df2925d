/** Root mean square layer norm (Zhang and Sennrich 2019), forward and backward: y = x w / sqrt(mean(x^2) + epsilon). */
import { rmsEpsilon } from '#actors/inference/gguf/llama-draft';
import type { Floats } from './linear.js';

/** Norms `rows` rows of `x`; `scales` keeps one over the root of each for the way back. */
export function norm(out: Floats, scales: Floats, x: Floats, w: Floats, rows: number): void {
  const width = w.length;
  for (let t = 0; t < rows; t += 1) {
    const at = t * width;
    let squares = 0;
    for (let i = 0; i < width; i += 1) squares += (x[at + i] as number) * (x[at + i] as number);
    const scale = 1 / Math.sqrt(squares / width + rmsEpsilon);
    scales[t] = scale;
    for (let i = 0; i < width; i += 1) out[at + i] = (x[at + i] as number) * scale * (w[i] as number);
  }
}

/** Adds to `dx` and `dw` what changes of `out` by `dout` come from. */
export function normBackward(
  dx: Floats,
  dw: Floats,
  dout: Floats,
  scales: Floats,
  x: Floats,
  w: Floats,
  rows: number,
): void {
  const width = w.length;
  for (let t = 0; t < rows; t += 1) {
    const at = t * width;
    const scale = scales[t] as number;
    let along = 0;
    for (let i = 0; i < width; i += 1) {
      const pull = (dout[at + i] as number) * (x[at + i] as number);
      along += pull * (w[i] as number);
      dw[i] = (dw[i] as number) + pull * scale;
    }
    const shrink = (along * scale * scale * scale) / width;
    for (let i = 0; i < width; i += 1) {
      dx[at + i] =
        (dx[at + i] as number) + (dout[at + i] as number) * (w[i] as number) * scale - (x[at + i] as number) * shrink;
    }
  }
}
