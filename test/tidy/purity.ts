/**
 * `protocols/` imports only itself and zod and touches no clock, no chance and no IO: its step functions are then folds
 * over their inputs, and a failing run is a seed and a list.
 */
import type { Breach, Source } from './sources.js';
import { moduleUses, nameUses } from './syntax.js';

/** The globals through which time, chance and the outside world would come in. */
const forbiddenNames: ReadonlySet<string> = new Set([
  ...['Date', 'performance', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'Math.random'],
  ...[
    'crypto',
    'process',
    'console',
    'fetch',
    'globalThis',
    'MessageChannel',
    'BroadcastChannel',
    'WebSocket',
    'require',
  ],
]);

/** Impure imports and globals in `protocols/`. */
export function purityBreaches(sources: readonly Source[]): readonly Breach[] {
  return sources
    .filter(({ path }) => path.startsWith('protocols/'))
    .flatMap((source) => {
      const imports = moduleUses(source)
        .filter(({ specifier }) => specifier !== 'zod' && !specifier.startsWith('.'))
        .map(({ specifier, line }) => ({
          path: source.path,
          line,
          message: `imports ${specifier}; only itself and zod`,
        }));
      const names = nameUses(source)
        .filter(({ name }) => forbiddenNames.has(name))
        .map(({ name, line }) => ({
          path: source.path,
          line,
          message: `uses ${name}; it must arrive as input or leave as effect`,
        }));
      return [...imports, ...names];
    });
}
