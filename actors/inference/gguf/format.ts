/**
 * GGUF as data: its value types, the tensor types with the size of their blocks, and the bounds within which a file is
 * read. All numbers are little endian; a file looks like this:
 *
 *     "GGUF" | version u32 | tensors u64 | key-values u64          the header, 24 bytes
 *     key string | type u32 | value                                for each key-value
 *     name string | dims u32 | u64 for each | type u32 | offset u64  for each tensor
 *     zeros up to the alignment
 *     data of the tensors, each padded with zeros to the alignment  offsets count from here
 *
 * A string is its length in bytes (u64) and its UTF-8. An array is the type of its elements (u32), their count (u64) and
 * the elements. Source: docs/gguf.md of ggml (version 3) and gguf.cpp of llama.cpp, whose bounds hold where the two
 * differ; version 2 has the same layout. Version 3 also allows big endian files, which nothing in a file tells apart;
 * they are refused, as llama.cpp refuses them on the processors that skep runs on.
 */

/** First bytes of a file. */
export const ggufMagic = 'GGUF';
/** The version that is written; 2 is read as well. */
export const ggufVersion = 3;
/** Bytes that tensors are aligned to unless `general.alignment` says otherwise. */
export const defaultAlignment = 32;

/** Numbers of the value types, by name. */
export const valueTypes = {
  uint8: 0,
  int8: 1,
  uint16: 2,
  int16: 3,
  uint32: 4,
  int32: 5,
  float32: 6,
  bool: 7,
  string: 8,
  array: 9,
  uint64: 10,
  int64: 11,
  float64: 12,
} as const;

export type GgufValueType = keyof typeof valueTypes;
/** What an array may hold: llama.cpp reads no arrays of arrays. */
export type GgufElementType = Exclude<GgufValueType, 'array'>;

const namesOfTypes = new Map<number, GgufValueType>(
  (Object.keys(valueTypes) as GgufValueType[]).map((name) => [valueTypes[name], name]),
);

/** The value type of a number, or undefined. */
export function valueTypeOf(type: number): GgufValueType | undefined {
  return namesOfTypes.get(type);
}

const widths: Readonly<Record<GgufElementType, number>> = {
  uint8: 1,
  int8: 1,
  bool: 1,
  uint16: 2,
  int16: 2,
  uint32: 4,
  int32: 4,
  float32: 4,
  uint64: 8,
  int64: 8,
  float64: 8,
  string: 8,
};

/** Bytes of a value, or of the length before a string. */
export function bytesOfType(type: GgufElementType): number {
  return widths[type];
}

/** A scalar as JavaScript has it: 64-bit integers are bigints, so that none is rounded. */
export type GgufScalar = number | bigint | boolean | string;

/** A value of the metadata. */
export type GgufValue =
  | { readonly type: GgufElementType; readonly value: GgufScalar }
  | {
      readonly type: 'array';
      readonly of: GgufElementType;
      readonly count: number;
      /** The elements; a reader leaves them out above `limits.keptElements`. */
      readonly values?: readonly GgufScalar[];
    };

/** How a type stores a row: blocks of so many elements, each of so many bytes. */
export interface TensorType {
  readonly name: string;
  readonly blockElements: number;
  readonly blockBytes: number;
}

/** Tensor types by number, with the blocks that ggml's table of type traits gives them. Gaps are types that were removed. */
const tensorTypes: ReadonlyMap<number, TensorType> = new Map(
  (
    [
      [0, 'F32', 1, 4],
      [1, 'F16', 1, 2],
      [2, 'Q4_0', 32, 18],
      [3, 'Q4_1', 32, 20],
      [6, 'Q5_0', 32, 22],
      [7, 'Q5_1', 32, 24],
      [8, 'Q8_0', 32, 34],
      [9, 'Q8_1', 32, 36],
      [10, 'Q2_K', 256, 84],
      [11, 'Q3_K', 256, 110],
      [12, 'Q4_K', 256, 144],
      [13, 'Q5_K', 256, 176],
      [14, 'Q6_K', 256, 210],
      [15, 'Q8_K', 256, 292],
      [16, 'IQ2_XXS', 256, 66],
      [17, 'IQ2_XS', 256, 74],
      [18, 'IQ3_XXS', 256, 98],
      [19, 'IQ1_S', 256, 50],
      [20, 'IQ4_NL', 32, 18],
      [21, 'IQ3_S', 256, 110],
      [22, 'IQ2_S', 256, 82],
      [23, 'IQ4_XS', 256, 136],
      [24, 'I8', 1, 1],
      [25, 'I16', 1, 2],
      [26, 'I32', 1, 4],
      [27, 'I64', 1, 8],
      [28, 'F64', 1, 8],
      [29, 'IQ1_M', 256, 56],
      [30, 'BF16', 1, 2],
      [34, 'TQ1_0', 256, 54],
      [35, 'TQ2_0', 256, 66],
      [39, 'MXFP4', 32, 17],
      [40, 'NVFP4', 64, 36],
      [41, 'Q1_0', 128, 18],
      [42, 'Q2_0', 64, 18],
    ] as const
  ).map(([type, name, blockElements, blockBytes]) => [type, { name, blockElements, blockBytes }]),
);

/** The tensor type of a number, or undefined. */
export function tensorTypeOf(type: number): TensorType | undefined {
  return tensorTypes.get(type);
}

/** Types of tensors that hold whole numbers, which no weight of a model is. */
export const integerTypes: ReadonlySet<string> = new Set(['I8', 'I16', 'I32', 'I64']);

/**
 * Bounds of a file. The largest models known keep far below all of them (a vocabulary of 262,144 tokens makes a header of
 * about 15 MB); above them is damage or an attack, and nothing is allocated for it.
 */
export const limits = {
  /** Bytes before the data of the tensors. */
  headerBytes: 128 * 1024 * 1024,
  /** Key-values of a file. */
  keyValues: 65_536,
  /** Tensors of a file. */
  tensors: 1_000_000,
  /** Bytes of a key, as the specification has it. */
  keyBytes: 65_535,
  /** Bytes of a tensor's name (GGML_MAX_NAME, less its final zero). */
  nameBytes: 63,
  /** Bytes of one string: the largest are chat templates. */
  stringBytes: 16 * 1024 * 1024,
  /** Dimensions of a tensor (GGML_MAX_DIMS). */
  dimensions: 4,
  /** Elements of an array up to which a reader keeps them. */
  keptElements: 1_024,
  /** Tokens of a vocabulary. */
  tokens: 1_048_576,
  /** Layers of a model (LLAMA_MAX_LAYERS). */
  blocks: 512,
  /** Largest alignment. */
  alignment: 65_536,
  /** Files that a model may be split over. */
  parts: 512,
} as const;

/** `at`, rounded up to a multiple of `alignment`. */
export function aligned(at: number, alignment: number): number {
  return Math.ceil(at / alignment) * alignment;
}
