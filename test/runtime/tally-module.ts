/** The text of a module that changes: a tally whose handlers, version and migration a test writes anew. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What differs from one text of the module to the next. */
export interface TallyText {
  readonly version: number;
  /** What `greet` says beside the count. */
  readonly greeting: string;
  /** Further fields of the definition, as source. */
  readonly more?: string;
  /** What `init` makes, as source; default `{ count: start }`. */
  readonly state?: string;
  /** What `greet` reads the count from, as source; default `state.count`. */
  readonly count?: string;
}

/** Writes the module into a folder and gives its URL. */
export function writeTally(folder: string, { version, greeting, more = '', state, count }: TallyText): string {
  const path = join(folder, 'tally.mjs');
  const runtime = new URL('../../runtime/index.js', import.meta.url).href;
  const read = count ?? 'state.count';
  writeFileSync(
    path,
    `import { defineActor } from ${JSON.stringify(runtime)};
export const tally = defineActor({
  name: 'tally',
  version: ${version},
  init: ({ start = 0 } = {}) => (${state ?? '{ count: start }'}),
  calls: {
    add: (state, amount) => (${read} += amount),
    greet: (state) => '${greeting} ' + ${read},
    slow: (_state, _message, ctx) => new Promise((done) => ctx.clock.after(10, () => done('${greeting}'))),
    die: () => { setImmediate(() => { throw new Error('thread killed'); }); return new Promise(() => {}); },
    async *watch(state) { for (let n = 0; ; n += 1) yield '${greeting} ' + n; },
  },
  casts: { crash: () => { throw new Error('boom'); } },
  ${more}
});
export const bystander = defineActor({ name: 'bystander', init: () => null, calls: { ping: () => 'pong' } });
`,
  );
  return pathToFileURL(path).href;
}
