/**
 * A planted bug: one text of a compiled core in the place of another. A simulator that does not find it cannot be
 * trusted with the bugs that nobody planted.
 */
export interface Mutant {
  /** What the bug is, in the words of the field. */
  readonly name: string;
  /** The compiled file, below dist/. */
  readonly file: string;
  /** Occurs in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** It makes the run that finds it too long for the test; `run.js` looks for it all the same. */
  readonly slow?: true;
}
