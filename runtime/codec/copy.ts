/** A copy of a message that has to wait before it can be written to a frame: what its sender does meanwhile is not seen. */
import { decode, encode } from './msgpack.js';

/** The message as it would arrive; one that is not plain data comes back as it is, to be refused where frames are made. */
export function copyMessage(message: unknown): unknown {
  if (typeof message !== 'object' || message === null) return message;
  try {
    return decode(encode(message));
  } catch {
    return message;
  }
}
