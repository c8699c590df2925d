/**
 * One text file as the analysers see it: decoded once, shared by all of them. Reading decides what cannot be analysed
 * (binary, huge, unreadable, badly encoded, symbolic link) and says why.
 */

/** A decoded text file. */
export interface SourceFile {
  /** Path in the repository with `/`. */
  readonly path: string;
  readonly text: string;
  readonly bytes: number;
  /** `typescript`, `tsx`, `javascript`, `jsx`, `python`, `go`, `rust`, ... or `other`. */
  readonly language: string;
  /** 1-based line and column (UTF-16 units) of an offset in `text`. */
  position(offset: number): { readonly line: number; readonly column: number };
}
