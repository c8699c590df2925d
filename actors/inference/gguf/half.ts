/**
 * IEEE 754 half precision, as F16 tensors have it: one sign bit, five of the exponent, ten of the fraction. Rounds to
 * nearest, ties to even, as ggml's conversions by the processor (F16C) do; what is too large becomes infinite.
 */
const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The 16 bits of a number in half precision. */
export function toHalf(value: number): number {
  float[0] = value;
  const word = bits[0] ?? 0;
  const sign = (word >>> 16) & 0x8000;
  const exponent = (word >>> 23) & 0xff;
  const fraction = word & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200 | (fraction >>> 13));
  const scaled = exponent - 112;
  if (scaled >= 31) return sign | 0x7c00;
  if (scaled > 0) return sign + rounded((scaled << 23) | fraction, 13);
  // Below 2^-25 zero is nearer than the least number, 2^-24.
  if (scaled < -10) return sign;
  return sign + rounded(fraction | 0x800000, 14 - scaled);
}

/** The number that 16 bits stand for. */
export function fromHalf(half: number): number {
  const sign = (half & 0x8000) === 0 ? 1 : -1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** Drops the lowest bits of a number, rounding to nearest and ties to even. A carry goes up into the exponent, rightly. */
function rounded(value: number, drop: number): number {
  const kept = value >>> drop;
  const rest = value & ((1 << drop) - 1);
  const half = 1 << (drop - 1);
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept;
}
