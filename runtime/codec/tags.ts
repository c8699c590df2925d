/**
 * How values of plain data lie in a frame. One byte says what follows, and small things are in it:
 *
 *     0x00 .. 0x7f   a whole number from 0 to 127
 *     0x80 .. 0xbf   text of 0 to 63 ASCII characters, one byte each
 *     0xc0 .. 0xdf   an object whose shape is number 0 to 31 of the frame, then its values in the order of the keys
 *     0xe0 ..        what {@link Tag} names; numbers are little-endian, lengths and counts are unsigned 32-bit
 *
 * A shape is the list of keys of an object. Messages of one kind share theirs, so it is written where it first occurs in
 * a frame, and is a number after that: the keys are neither written nor read nor hashed again.
 */
export const Tag = {
  text: 0x80,
  object: 0xc0,
  null: 0xe0,
  undefined: 0xe1,
  true: 0xe2,
  false: 0xe3,
  /** 32 bits, signed. */
  int: 0xe4,
  /** 64 bits, IEEE 754. */
  float: 0xe5,
  /** Length in bytes, then UTF-8. */
  longText: 0xe6,
  /** Count, then values. */
  array: 0xe7,
  /** Length, then bytes. */
  bytes: 0xe8,
  /** Milliseconds since 1970 as a float. */
  date: 0xe9,
  /** Count of keys, the keys as texts, then an object of that shape, which has the next number. */
  newShape: 0xea,
  /** Count, then keys and values in turn: for objects whose keys are no shape that others have. */
  map: 0xeb,
} as const;

/** Text of at most so many ASCII characters is written with its length in the tag. */
export const MAX_SHORT_TEXT = 0x3f;
/** Shapes in one frame; objects beyond are maps. */
export const MAX_SHAPES = 0x20;
/** Keys of a shape; objects of more are maps. */
export const MAX_SHAPE_KEYS = 32;
