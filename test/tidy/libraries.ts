/**
 * One file knows each foreign library. The library can then be replaced, upgraded or twinned in memory by touching that
 * file, and its types do not become ours. Tests and benchmarks are free: they read what we write with independent
 * parsers, and measure the libraries themselves.
 */
import { type Breach, type Source, topFolder } from './sources.js';
import { moduleUses } from './syntax.js';

/** Where each library may be imported: a file, or a folder (ending in a slash) where one concept spans files. */
const homes: Readonly<Record<string, readonly string[]>> = {
  nats: ['cluster/transport/nats.ts'],
  msgpackr: ['runtime/codec/msgpack.ts'],
  piscina: ['runtime/executor/'],
  comlink: ['runtime/executor/'],
  lmdb: ['runtime/store/lmdb.ts'],
  pino: ['runtime/telemetry/'],
  '@opentelemetry/api': ['runtime/telemetry/otel.ts'],
  '@opentelemetry/exporter-trace-otlp-http': ['runtime/telemetry/otel.ts'],
  '@opentelemetry/resources': ['runtime/telemetry/otel.ts'],
  '@opentelemetry/sdk-trace-base': ['runtime/telemetry/otel.ts'],
  'oxc-parser': ['actors/audit/code/parse.ts'],
  '@cyclonedx/cyclonedx-library': ['actors/audit/report/cyclonedx.ts'],
  // Types alone, of a format that the report is written in piece by piece.
  sarif: ['actors/audit/report/'],
  'node-llama-cpp': ['actors/inference/llama/llama.ts'],
  yaml: ['config/yaml.ts', 'actors/audit/'],
  commander: ['cli/'],
  picocolors: ['cli/'],
};

/** Libraries of which the table says a folder, but of which one file is enough. */
const oneFileOnly: ReadonlySet<string> = new Set(['piscina', 'pino']);

/** Libraries that are a language of their own, spoken everywhere: schemas. */
const everywhere: ReadonlySet<string> = new Set(['zod']);

const freeFolders: ReadonlySet<string> = new Set(['test', 'bench', 'examples']);

/** Imports of a library outside its home, and libraries without a home that more than one file imports. */
export function libraryBreaches(sources: readonly Source[]): readonly Breach[] {
  const users = new Map<string, string[]>();
  const breaches: Breach[] = [];
  for (const source of sources) {
    if (freeFolders.has(topFolder(source.path))) continue;
    for (const { specifier, line } of moduleUses(source)) {
      const library = libraryOf(specifier);
      if (library === undefined || everywhere.has(library)) continue;
      const home = homeOf(library);
      if (home !== undefined && !home.some((place) => isIn(source.path, place))) {
        breaches.push({ path: source.path, line, message: `imports ${library}, which only ${home.join(' and ')} may` });
      }
      const known = users.get(library) ?? [];
      if (!known.includes(source.path)) users.set(library, [...known, source.path]);
    }
  }
  return [...breaches, ...sharedLibraries(users)];
}

function sharedLibraries(users: ReadonlyMap<string, readonly string[]>): readonly Breach[] {
  return [...users].flatMap(([library, paths]) => {
    const mayShare = homeOf(library) !== undefined && !oneFileOnly.has(library);
    const second = paths[1];
    if (mayShare || second === undefined) return [];
    return [
      {
        path: second,
        line: 0,
        message: `imports ${library}, which ${paths[0] ?? ''} knows already; one file is enough`,
      },
    ];
  });
}

function homeOf(library: string): readonly string[] | undefined {
  return library.startsWith('@secretlint/') ? ['actors/audit/secret-preset.ts'] : homes[library];
}

/** Whether a path is a place: the file itself, or a file in the folder. */
function isIn(path: string, place: string): boolean {
  return path === place || (place.endsWith('/') && path.startsWith(place));
}

/** The package that a specifier names, or undefined for a module of ours or of Node. */
function libraryOf(specifier: string): string | undefined {
  if (/^(\.|#|node:|skep(\/|$))/.test(specifier)) return undefined;
  return /^(@[^/]+\/[^/]+|[^/]+)/.exec(specifier)?.[0];
}
