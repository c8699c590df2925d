/** The file of the audit that knows smol-toml. */
import { parse } from 'smol-toml';

/** A TOML document as plain data. Throws when it is malformed. */
export function parseToml(text: string): unknown {
  return parse(text);
}
