/**
 * Where a value came from. Each value of a loaded configuration has one origin, so that `skep config` and every message
 * can point at the place to edit.
 */
import { unreachable } from '#protocols/wire/error';

/** The origin of one value. Lines and columns are 1-based. */
export type Origin =
  | { readonly kind: 'default' }
  | { readonly kind: 'preset'; readonly name: string }
  | { readonly kind: 'file'; readonly file: string; readonly line: number; readonly column: number }
  | { readonly kind: 'dotenv'; readonly file: string; readonly variable: string }
  | { readonly kind: 'env'; readonly variable: string }
  | { readonly kind: 'flag'; readonly flag: string };

/** An origin in a few words: `skep.yaml:3:14`, `SKEP_LOG_LEVEL`, `--executors`. */
export function describeOrigin(origin: Origin): string {
  switch (origin.kind) {
    case 'default':
      return 'default';
    case 'preset':
      return `preset ${origin.name}`;
    case 'file':
      return `${origin.file}:${origin.line}:${origin.column}`;
    case 'dotenv':
      return `${origin.variable} in ${origin.file}`;
    case 'env':
      return origin.variable;
    case 'flag':
      return origin.flag;
    default:
      return unreachable(origin);
  }
}
