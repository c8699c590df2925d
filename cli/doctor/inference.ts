/**
 * Checks of what runs models: the llama.cpp binding with the GPU that it finds, the memory that is free, and the models that
 * are configured. Nobody needs models, so what is missing is told and no failure; what is configured and cannot work is.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { freeMemory } from '#actors/inference/free-memory';
import { memoryOf } from '#actors/inference/memory';
import type { ModelEntry } from '#actors/inference/entry';
import type { Config } from '#config';
import { SkepError } from '#protocols/wire/error';
import { bytesText } from '../top/numbers.js';
import { type Check, fail, ok, type Verdict, warn } from './check.js';

const run = promisify(execFile);

/** The checks, given the configuration. */
export function inferenceChecks(config: Config): readonly Check[] {
  const models = (config.inference.models ?? []) as readonly ModelEntry[];
  return [
    { name: 'inference', look: () => lookForLlama(models.some(({ backend }) => backend === 'llama')) },
    ...models.map((entry) => ({ name: `model ${entry.name}`, look: () => lookAtModel(entry) })),
  ];
}

const HOW_TO_GET =
  'Install it where skep is: `npm install node-llama-cpp`. Or name an API with backend openai or anthropic (docs/inference.md).';

const probeSchema = z.union([
  z.object({ gpu: z.union([z.string(), z.literal(false)]) }),
  z.object({ error: z.string() }),
]);
const probe = fileURLToPath(new URL('./inference-probe.js', import.meta.url));
/** The first load on a GPU may compile for it. */
const PROBE_MS = 15_000;

/** In a process of its own: a binding that does not fit the machine may end the process that loads it. */
async function lookForLlama(needed: boolean): Promise<Verdict> {
  const free = `${bytesText(freeMemory())} free`;
  const version = await installedVersion();
  if (version === undefined) {
    const found = `node-llama-cpp is not installed; APIs only; ${free}`;
    return needed ? fail(`${found}, and a GGUF model is configured`, HOW_TO_GET) : warn(found, HOW_TO_GET);
  }
  try {
    const { stdout } = await run(process.execPath, [probe], { timeout: PROBE_MS });
    const answer = probeSchema.parse(JSON.parse(stdout));
    if ('error' in answer) throw new Error(answer.error);
    const gpu = answer.gpu === false ? 'no GPU' : `GPU by ${answer.gpu}`;
    return ok(`node-llama-cpp ${version} loads, ${gpu}, ${free}`);
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    const found = `node-llama-cpp ${version} does not load: ${why}`;
    return needed ? fail(found, HOW_TO_GET) : warn(found, HOW_TO_GET);
  }
}

/** The version of the package, whose own entry says nothing of it. */
async function installedVersion(): Promise<string | undefined> {
  try {
    const entry = import.meta.resolve('node-llama-cpp');
    const [folder = ''] = /^.*\/node_modules\/node-llama-cpp\//.exec(entry) ?? [];
    const manifest: unknown = JSON.parse(await readFile(new URL('package.json', folder), 'utf8'));
    return z.object({ version: z.string() }).parse(manifest).version;
  } catch {
    return undefined;
  }
}

async function lookAtModel(entry: ModelEntry): Promise<Verdict> {
  if (entry.backend !== 'llama') return Promise.resolve(lookAtKey(entry));
  const bytes = await memoryOf(entry);
  const free = freeMemory();
  const found = `${entry.path}: needs about ${bytesText(bytes)}`;
  if (bytes <= free) return ok(found);
  return warn(
    `${found}, and ${bytesText(free)} are free`,
    'Lower its contextTokens or sequences, or take a smaller file.',
  );
}

/** Whether the key can be found; whether it is good only the provider knows. */
function lookAtKey(entry: Exclude<ModelEntry, { backend: 'llama' }>): Verdict {
  const found = `${entry.backend} at ${entry.url}`;
  if (entry.key === undefined) return ok(`${found}, without a key`);
  if ('file' in entry.key) return ok(`${found}, with the key in ${entry.key.file}`);
  const { env } = entry.key;
  if ((process.env[env] ?? '') !== '') return ok(`${found}, with the key in ${env}`);
  throw new SkepError('BAD_CONFIG', `${found}: its key is to come from ${env}, which is not set`);
}
