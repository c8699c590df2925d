/**
 * A copy of a message that has to wait before it can be written to a frame: what its sender does with it meanwhile is
 * not seen. By hand, because most messages are small, and packing and unpacking one takes ten times as long.
 */

/** The copy; a message that is not plain data comes back as it is, to be refused where frames are made. */
export function copyMessage(message: unknown): unknown {
  try {
    return copy(message);
  } catch {
    // A cycle: the stack ran out.
    return message;
  }
}

function copy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copy);
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (value instanceof Date) return new Date(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const copied: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    if (key === '__proto__') Object.defineProperty(copied, key, { value: copy(item), enumerable: true });
    else copied[key] = copy(item);
  }
  return copied;
}
