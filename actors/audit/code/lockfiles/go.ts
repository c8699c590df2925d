/**
 * Go's `go.sum`. It has two lines for a module that is built and only the one with `/go.mod` for one that was merely
 * looked at while versions were chosen; the latter is no component.
 */
import type { LockfileReader } from './entry.js';

const line = /^(\S+) (v\S+?)(\/go\.mod)? (h1:[A-Za-z0-9+/]+={0,2})$/;

/** Reads `go.sum`. */
export const goSum: LockfileReader = {
  ecosystem: 'golang',
  hashes: true,
  read(text) {
    return text
      .split(/\r?\n/)
      .filter((each) => each.trim() !== '')
      .flatMap((each) => {
        const [whole, name, version, onlyManifest, integrity] = line.exec(each.trim()) ?? [];
        if (whole === undefined) throw new Error('a line that is none of go.sum');
        if (onlyManifest !== undefined || name === undefined || version === undefined) return [];
        const hash = integrity ?? '';
        return { name, version, licence: '', integrity: hash, resolved: '', development: false, hashable: true };
      });
  },
};
