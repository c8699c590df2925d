/** The file of the audit that knows the yaml package; aliases are limited by it, so that a small text stays small. */
import { parse } from 'yaml';

/** A YAML document as plain data. Throws when it is malformed. */
export function parseYaml(text: string): unknown {
  return parse(text, { logLevel: 'silent' });
}
