/**
 * Frames: many envelopes in one packet. A frame is the byte of its version, then rows to its end:
 *
 *     row  = head, where, fields        head: the kind in the low four bits, and the flags of {@link Flag}
 *     where = to [, from [, name]]      as far as the kind has them; absent where the row before had the same
 *
 * Addresses and names of handlers repeat from envelope to envelope, so each is written once a frame, where it first
 * occurs, and is a small number after that: its place in the frame's table. `value-writer.ts` does the same for the keys
 * of objects. Rows of casts to one actor are little more than their messages.
 */
import type { Envelope } from '#protocols/wire/envelope';
import { SkepError } from '#protocols/wire/error';
import { FrameReader } from './frame-reader.js';
import { borrowWriter, returnWriter } from './frame-writers.js';

/**
 * Packs envelopes into one frame that owns its memory.
 * @throws TypeError or RangeError when a payload is not plain data.
 */
export function encodeFrame(envelopes: readonly Envelope[]): Uint8Array<ArrayBuffer> {
  const writer = borrowWriter();
  try {
    for (const envelope of envelopes) writer.add(envelope);
    return writer.take();
  } finally {
    returnWriter(writer);
  }
}

/**
 * Unpacks a frame.
 * @throws SkepError BAD_FRAME when the bytes are not a frame of this version; nothing of it is delivered then.
 */
export function decodeFrame(bytes: Uint8Array): readonly Envelope[] {
  try {
    return new FrameReader(bytes).envelopes();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SkepError('BAD_FRAME', `frame of ${bytes.length} bytes refused: ${why}`, { bytes: bytes.length }, cause);
  }
}
