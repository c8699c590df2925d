/**
 * Private keys in text armour. The same armour shows up in documentation with dots in its middle, and in source code
 * with its lines joined by quotes, escapes and plus signs, so the body is taken apart before it is judged.
 */
import { entropyOf } from './secret-shapes.js';

/** Base 64 characters of the shortest key in use, an Ed25519 key in PKCS #8. */
const shortestKey = 64;

/** Whether the armour (from `-----BEGIN` up to `-----END`) holds an encoded key and not an ellipsis or filler. */
export function pemHoldsKey(armour: string): boolean {
  if (armour.startsWith('PuTTY')) return /Private-Lines: [1-9]/.test(armour);
  const body = armour
    .replace(/-----(?:BEGIN|END)[^-]*(?:-----)?/g, '')
    .replace(/^[\s"'#/*|>]*[A-Za-z-]+: .*$/gm, '')
    .replace(/\\[nrt]/g, '');
  const base64 = body.replace(/[^A-Za-z0-9+/]/g, '');
  // What is left over may be line ends, quotes, joins and padding, never the better part of the body.
  const foreign = body.replace(/[A-Za-z0-9+/=\s"'`,;.()\\#*|>-]/g, '').length;
  if (base64.length < shortestKey || foreign * 10 > base64.length || /\.{3}|…/.test(body)) return false;
  return !/example|placeholder|redacted|xxxxx/i.test(body) && entropyOf(base64) >= 4;
}
