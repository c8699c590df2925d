/** A nats-server of a peer's own on a free port of the loopback, with the limits that skep's has. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Starts one; `stop` ends it. It is in the process group of its starter, and dies with it at the latest. */
export async function startNatsServer() {
  const folder = await mkdtemp(join(tmpdir(), 'skep-bench-nats-'));
  const config = join(folder, 'server.conf');
  const lines = ['listen: "127.0.0.1:-1"', `ports_file_dir: "${folder}"`, 'max_payload: 1MB', 'max_pending: 64MB'];
  await writeFile(config, `${lines.join('\n')}\n`);
  const program = process.env.SKEP_NATS_SERVER || 'nats-server';
  const child = spawn(program, ['-c', config], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  // Whoever waits for the port is told; afterwards nobody is.
  exited.catch(() => {});
  const stop = async () => {
    child.kill();
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  return { url: await Promise.race([urlIn(folder), exited.then(([code]) => gone(code))]), stop };
}

async function urlIn(folder) {
  for (;;) {
    const file = (await readdir(folder)).find((name) => name.endsWith('.ports'));
    const text = file === undefined ? '' : await readFile(join(folder, file), 'utf8');
    const found = /"(nats:\/\/[^"]*)"/.exec(text);
    if (found !== null) return found[1];
    await sleep(5);
  }
}

function gone(code) {
  throw new Error(`nats-server ended with ${code}`);
}
