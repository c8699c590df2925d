/**
 * Products of matrices, forward and backward, as plain loops over typed arrays. Rows of `x` are positions, rows of `w` are
 * outputs, as GGUF stores them: out[t][o] = sum of x[t][i] w[o][i]. Four sums run beside each other, which hides the
 * latency of an addition; each sum has one order, so that results do not depend on how the work is divided.
 */

/** Numbers of a network: F32 to train, F64 to check gradients. */
export type Floats = Float32Array | Float64Array;

/** out = x w^T. */
export function linear(out: Floats, x: Floats, w: Floats, rows: number, inputs: number, outputs: number): void {
  for (let t = 0; t < rows; t += 1) {
    const from = t * inputs;
    const to = t * outputs;
    let o = 0;
    for (; o + 4 <= outputs; o += 4) {
      const w0 = o * inputs;
      const w1 = w0 + inputs;
      const w2 = w1 + inputs;
      const w3 = w2 + inputs;
      let a = 0;
      let b = 0;
      let c = 0;
      let d = 0;
      for (let i = 0; i < inputs; i += 1) {
        const value = x[from + i] as number;
        a += value * (w[w0 + i] as number);
        b += value * (w[w1 + i] as number);
        c += value * (w[w2 + i] as number);
        d += value * (w[w3 + i] as number);
      }
      out[to + o] = a;
      out[to + o + 1] = b;
      out[to + o + 2] = c;
      out[to + o + 3] = d;
    }
    for (; o < outputs; o += 1) {
      let a = 0;
      for (let i = 0; i < inputs; i += 1) a += (x[from + i] as number) * (w[o * inputs + i] as number);
      out[to + o] = a;
    }
  }
}

/** dx += dout w: what a change of the inputs changes. */
export function linearInputs(dx: Floats, dout: Floats, w: Floats, rows: number, inputs: number, outputs: number): void {
  for (let t = 0; t < rows; t += 1) {
    const to = t * inputs;
    const from = t * outputs;
    let o = 0;
    for (; o + 4 <= outputs; o += 4) {
      const g0 = dout[from + o] as number;
      const g1 = dout[from + o + 1] as number;
      const g2 = dout[from + o + 2] as number;
      const g3 = dout[from + o + 3] as number;
      const w0 = o * inputs;
      const w1 = w0 + inputs;
      const w2 = w1 + inputs;
      const w3 = w2 + inputs;
      for (let i = 0; i < inputs; i += 1) {
        const sum = g0 * (w[w0 + i] as number) + g1 * (w[w1 + i] as number) + g2 * (w[w2 + i] as number);
        dx[to + i] = (dx[to + i] as number) + sum + g3 * (w[w3 + i] as number);
      }
    }
    for (; o < outputs; o += 1) {
      const g = dout[from + o] as number;
      for (let i = 0; i < inputs; i += 1) dx[to + i] = (dx[to + i] as number) + g * (w[o * inputs + i] as number);
    }
  }
}

/** dw += dout^T x: what a change of the weights changes. */
export function linearWeights(
  dw: Floats,
  dout: Floats,
  x: Floats,
  rows: number,
  inputs: number,
  outputs: number,
): void {
  for (let o = 0; o < outputs; o += 1) {
    const to = o * inputs;
    let t = 0;
    for (; t + 4 <= rows; t += 4) {
      const g0 = dout[t * outputs + o] as number;
      const g1 = dout[(t + 1) * outputs + o] as number;
      const g2 = dout[(t + 2) * outputs + o] as number;
      const g3 = dout[(t + 3) * outputs + o] as number;
      const x0 = t * inputs;
      const x1 = x0 + inputs;
      const x2 = x1 + inputs;
      const x3 = x2 + inputs;
      for (let i = 0; i < inputs; i += 1) {
        const sum = g0 * (x[x0 + i] as number) + g1 * (x[x1 + i] as number) + g2 * (x[x2 + i] as number);
        dw[to + i] = (dw[to + i] as number) + sum + g3 * (x[x3 + i] as number);
      }
    }
    for (; t < rows; t += 1) {
      const g = dout[t * outputs + o] as number;
      for (let i = 0; i < inputs; i += 1) dw[to + i] = (dw[to + i] as number) + g * (x[t * inputs + i] as number);
    }
  }
}
