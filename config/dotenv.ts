/**
 * The one file that knows `dotenv`. Only its parser is used: its loader writes into `process.env`, and whatever is
 * there reaches every child process.
 */
import { parse } from 'dotenv';

/** The variables of a `.env` text. Values are taken as they stand; `${VAR}` in them is not expanded. */
export function parseDotenv(text: string): ReadonlyMap<string, string> {
  return new Map(Object.entries(parse(text)));
}
