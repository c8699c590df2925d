/**
 * Which module of a node a request from outside means. A node loads only files that its operator named when it was
 * started; a request picks one of them, by its path or the end of it, because other machines have other folders.
 */
import { fileURLToPath } from 'node:url';
import { SkepError } from '#protocols/wire/error';

/** A request to load a module again, checked. @throws SkepError BAD_MESSAGE. */
export function reloadRequest(message: unknown): { readonly module: string; readonly force: boolean } {
  const { module, force } = (typeof message === 'object' && message !== null ? message : {}) as Record<string, unknown>;
  if (typeof module !== 'string' || module === '' || (force !== undefined && typeof force !== 'boolean')) {
    throw new SkepError('BAD_MESSAGE', 'reload: expected { module: text, force?: boolean }');
  }
  return { module, force: force === true };
}

/** The URL of the one module whose path is, or ends with, `named`. @throws SkepError UNKNOWN_MODULE. */
export function moduleNamed(node: string, modules: readonly string[], named: string): string {
  const paths = modules.map((url) => ({ url, path: fileURLToPath(url) }));
  const exact = paths.filter(({ path }) => path === named);
  const [only, second] = exact.length > 0 ? exact : paths.filter(({ path }) => path.endsWith(`/${named}`));
  if (only !== undefined && second === undefined) return only.url;
  const known = paths.map(({ path }) => path);
  const text = `${only === undefined ? 'no module' : 'more than one module'} of node ${node} is "${named}"; its modules: ${known.join(', ') || 'none'}`;
  throw new SkepError('UNKNOWN_MODULE', text, { node, module: named, known });
}
