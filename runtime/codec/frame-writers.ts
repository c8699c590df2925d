/**
 * Writers of frames that are not in use. Their buffers and tables are large beside a frame, and few frames are written at
 * the same time: as many as there are destinations that one turn sends to.
 */
import { FrameWriter } from './frame-writer.js';

/** Writers that are kept. */
const MAX_SPARE = 16;
/** A writer that has grown beyond this is not kept. */
const MAX_KEPT_BYTES = 262_144;

const spare: FrameWriter[] = [];

/** A writer with an empty frame. */
export function borrowWriter(): FrameWriter {
  return spare.pop() ?? new FrameWriter();
}

/** Takes a writer back; what is in it is forgotten. */
export function returnWriter(writer: FrameWriter): void {
  if (spare.length >= MAX_SPARE || writer.capacity > MAX_KEPT_BYTES) return;
  if (writer.count > 0) writer.clear();
  spare.push(writer);
}
