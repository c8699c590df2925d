/**
 * From a fresh clone to something that runs: the dependencies, the compiled tree and the programs outside npm. All
 * commands begin here. Nothing is done twice: on a clone that is ready this takes a fraction of a second and no lock.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildReason, buildWhenStale, hashSources, listSources, removeStaleOutputs } from './build.mjs';
import { withLock } from './clone-lock.mjs';
import { install, installReasonOf } from './dependencies.mjs';
import { ensureProgram, missingProgramSentence, programs } from './programs.mjs';
import { PrepareError, say } from './say.mjs';

/** The root of the clone. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * Installs and compiles what is missing or stale, one run at a time in a clone.
 * @param {{ compile?: boolean }} options whether to compile (default true)
 */
export async function prepareClone({ compile = true } = {}) {
  if (await isReady(compile)) return;
  await withLock(join(root, '.skep/prepare.lock'), async () => {
    const reason = await installReasonOf(root);
    if (reason !== undefined) await install(root, reason);
    if (compile) await buildWhenStale(root);
  });
}

async function isReady(compile) {
  if ((await installReasonOf(root)) !== undefined) return false;
  if (!compile) return true;
  const sources = await listSources(root);
  if ((await buildReason(root, sources, await hashSources(root, sources))) !== undefined) return false;
  await removeStaleOutputs(root, sources);
  return true;
}

/**
 * Installs what the benchmarks measure skep beside, in its own folder. Without a network the benchmarks run without
 * those peers, and say so.
 */
export async function preparePeers() {
  const folder = join(root, 'bench/peers');
  if ((await installReasonOf(folder)) === undefined) return;
  await withLock(join(root, '.skep/prepare-peers.lock'), async () => {
    const reason = await installReasonOf(folder);
    if (reason === undefined) return;
    try {
      await install(folder, reason);
    } catch (error) {
      if (!(error instanceof PrepareError)) throw error;
      say(`${error.message}\nThe benchmarks run without the peers of bench/peers.`);
    }
  });
}

/**
 * Finds or installs git and nats-server, and gives the environment for the command to run: SKEP_NATS_SERVER names the
 * server that was found.
 * @param {{ natsServer: 'required' | 'wanted' }} options whether to go on without a nats-server, with a sentence
 */
export async function preparePrograms({ natsServer }) {
  if ((await ensureProgram(programs.git)) === undefined) throw new PrepareError(missingProgramSentence(programs.git));
  const server = await ensureProgram(programs.natsServer);
  if (server !== undefined) return { ...process.env, SKEP_NATS_SERVER: server };
  const sentence = missingProgramSentence(programs.natsServer);
  if (natsServer === 'required') throw new PrepareError(sentence);
  say(`${sentence} One node runs without it.`);
  return { ...process.env };
}
