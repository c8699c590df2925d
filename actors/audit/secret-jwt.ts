/**
 * JSON web tokens. Documentation and tests are full of them, so a token counts only when its header names a real
 * signature and its claims are not those of the specification's and the tutorials' examples.
 */
import { isDrawn } from './secret-shapes.js';

/** Whether a three-part token decodes to JSON, is signed, and is not a well-known example. */
export function jwtIsSigned(token: string): boolean {
  const [head = '', claims = '', signature = ''] = token.split('.');
  const header = decode(head);
  const payload = decode(claims);
  if (header === undefined || payload === undefined) return false;
  const algorithm = header['alg'];
  if (typeof algorithm !== 'string' || algorithm.toLowerCase() === 'none') return false;
  const example = payload['sub'] === '1234567890' || payload['name'] === 'John Doe' || payload['iss'] === 'joe';
  return !example && isDrawn(signature);
}

function decode(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
