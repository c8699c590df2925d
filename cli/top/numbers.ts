/** Numbers as people read them in a narrow column. */

/** Such as `950`, `1.2k`, `31M`. */
export function countText(value: number): string {
  const rounded = Math.round(value);
  if (rounded < 1_000)
    return value > 0 && value < 9.95 && !Number.isInteger(value) ? value.toFixed(1) : String(rounded);
  const units = ['k', 'M', 'G', 'T'];
  let scaled = rounded / 1_000;
  let unit = 0;
  while (scaled >= 999.5 && unit < units.length - 1) {
    scaled /= 1_000;
    unit += 1;
  }
  return `${scaled < 9.95 ? scaled.toFixed(1) : Math.round(scaled)}${units[unit]}`;
}

/** A rate per second; `-` while it is not known. */
export function rateText(perSecond: number | undefined): string {
  return perSecond === undefined ? '-' : countText(perSecond);
}

/** Such as `12 MB`. */
export function bytesText(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.round(bytes / 1_000)} kB` : `${Math.round(bytes / 1_000_000)} MB`;
}

/** Such as `0.4 ms`, `12 ms`, `3.1 s`, `12m 5s`, `3h 20m`, `4d 2h`. */
export function durationText(ms: number): string {
  if (ms < 9.95) return `${Number(ms.toFixed(1))} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${Number((ms / 1_000).toFixed(1))} s`;
  const seconds = Math.round(ms / 1_000);
  const [minutes, hours, days] = [Math.floor(seconds / 60), Math.floor(seconds / 3_600), Math.floor(seconds / 86_400)];
  if (hours === 0) return `${minutes}m ${seconds % 60}s`;
  return days === 0 ? `${hours}h ${minutes % 60}m` : `${days}d ${hours % 24}h`;
}
