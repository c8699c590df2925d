/**
 * How values of plain data lie in a frame: as msgpack, with the record extension of msgpackr for objects that are alike.
 *
 *     0x00 .. 0x3f   a whole number from 0 to 63
 *     0x40 .. 0x5f   an object whose shape is number 0 to 31 of the frame, then its values in the order of the keys; where
 *                    there is no such shape, and up to 0x7f, a whole number
 *     0x80 .. 0xbf   small maps, small arrays, and texts of 0 to 31 bytes
 *     0xc0 .. 0xdf   what {@link Tag} names; numbers, lengths and counts are big-endian
 *     0xe0 .. 0xff   a whole number from -32 to -1
 *
 * A shape is the list of keys of an object. Messages of one kind share theirs, so it is written where it first occurs in
 * a frame (`d4 72`, the byte of its objects, the keys as an array), and is one byte after that: the keys are neither
 * written nor read nor hashed again. Any reader that knows msgpack and these records reads a frame as a sequence of
 * values. Source: the msgpack specification; msgpackr's README, "Record / Structure Encoding".
 */
export const Tag = {
  /** Objects of a known shape. */
  object: 0x40,
  smallMap: 0x80,
  smallArray: 0x90,
  smallText: 0xa0,
  null: 0xc0,
  false: 0xc2,
  true: 0xc3,
  bytes8: 0xc4,
  bytes16: 0xc5,
  bytes32: 0xc6,
  /** Length in a byte, type, bytes: a date of 12 bytes is one. */
  extension: 0xc7,
  float32: 0xca,
  float64: 0xcb,
  uint8: 0xcc,
  uint16: 0xcd,
  uint32: 0xce,
  int8: 0xd0,
  int16: 0xd1,
  int32: 0xd2,
  /** A type and one byte: `undefined`, an invalid date, and the shapes of objects. */
  extension1: 0xd4,
  /** Dates of 4 and 8 bytes, which others write. */
  extension4: 0xd6,
  extension8: 0xd7,
  text8: 0xd9,
  text16: 0xda,
  text32: 0xdb,
  array16: 0xdc,
  array32: 0xdd,
  map16: 0xde,
  map32: 0xdf,
  negative: 0xe0,
} as const;

/** Types of extensions. */
export const Extension = {
  /** `undefined`, as notepack and msgpackr have it; its byte is 0. */
  undefined: 0x00,
  /** A new shape, as msgpackr has it; its byte is that of its objects. */
  shape: 0x72,
  /**
   * A point in time, as the specification has it: nanoseconds in 32 bits and seconds in 64, or one of its shorter forms;
   * an invalid one has one byte.
   */
  date: 0xff,
} as const;

/** Whole numbers below it are their own tag. */
export const SMALL_NUMBERS = Tag.object;
/** Text of at most so many ASCII characters is written byte by byte. */
export const MAX_SHORT_TEXT = 0x3f;
/** Text of at most so many bytes has its length in the tag. */
export const MAX_SMALL_TEXT = 0x1f;
/** Arrays of at most so many values have their count in the tag. */
export const MAX_SMALL_ARRAY = 0x0f;
/** Shapes in one frame; objects beyond are maps. */
export const MAX_SHAPES = 0x20;
/** Keys of a shape; objects of more are maps. */
export const MAX_SHAPE_KEYS = 32;
