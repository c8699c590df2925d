/**
 * CPU profiles of our contender: the V8 sampling profiler of each of its threads, written when the process ends, as files
 * that the Performance panel of DevTools opens. The files are named after what the thread does.
 */
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { MeasureOptions } from './measure.js';
import type { Bench } from './section.js';

/** Time of work that a profile covers, at least, so that starting is a small part of it; and runs, at most. */
const WORK_MS = 4_000;
const MOST_RUNS = 200;
/** Functions that the summary names. */
const TOP = 8;

/** The part of a CPU profile that is read here (Chrome DevTools protocol, Profiler.Profile). */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Takes the profiles of one benchmark and tells where the time went. @throws Error when the work does not complete. */
export async function profile(bench: Bench, folder: string, { quick, signal, say }: MeasureOptions): Promise<void> {
  if (bench.profiled === undefined) throw new Error('has nothing to profile');
  const { contender, sizes } = bench.profiled;
  await mkdir(folder, { recursive: true });
  const raw = await mkdtemp(join(folder, 'raw-'));
  const size = quick ? sizes.quick : sizes.full;
  try {
    const running = await contender.start(size, { signal, profileTo: raw });
    let worked = 0;
    for (let run = 1; run <= MOST_RUNS && worked < (quick ? 0.1 : 1) * WORK_MS; run += 1) {
      say(`${bench.name}: profiling ${contender.name}, run ${run}`);
      worked += (await running.run(size)).ms;
    }
    // Profiles are written when the threads end.
    await running.stop();
    const files = (await readdir(raw)).filter((name) => name.endsWith('.cpuprofile')).toSorted();
    if (files.length === 0) throw new Error(`${contender.name} wrote no profile`);
    const taken = new Map<string, number>();
    for (const file of files) {
      const found = JSON.parse(await readFile(join(raw, file), 'utf8')) as CpuProfile;
      const thread = threadOf(file, found);
      const count = (taken.get(thread) ?? 0) + 1;
      taken.set(thread, count);
      const path = join(folder, `${bench.name}-${thread}${count > 1 ? `-${count}` : ''}.cpuprofile`);
      await rename(join(raw, file), path);
      process.stdout.write(`${path}\n${summary(found)}\n`);
    }
  } finally {
    await rm(raw, { recursive: true, force: true });
  }
}

/**
 * What a thread is: the first of its process by the name that V8 gives the file (`CPU.<date>.<time>.<pid>.<thread>.<n>`),
 * others by the modules whose functions they ran.
 */
function threadOf(file: string, { nodes }: CpuProfile): string {
  if (file.split('.')[4] === '0') return 'main';
  const ran = (part: string): boolean => nodes.some(({ callFrame }) => callFrame.url.endsWith(part));
  if (ran('/runtime/executor/executor.js')) return 'executor';
  return ran('/runtime/store/thread.js') || ran('/runtime/store/service.js') ? 'store' : 'thread';
}

/** Shares of the time by function, the greatest first, without what the thread waited. */
function summary({ nodes, samples, timeDeltas }: CpuProfile): string {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const place = url === '' ? '' : ` ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`;
      return [id, `${functionName === '' ? '(anonymous)' : functionName}${place}`];
    }),
  );
  const self = new Map<string, number>();
  samples.forEach((id, index) => {
    const name = names.get(id) ?? '(unknown)';
    if (name !== '(idle)') self.set(name, (self.get(name) ?? 0) + (timeDeltas[index] ?? 0));
  });
  const busy = [...self.values()].reduce((sum, us) => sum + us, 0);
  return [...self]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, TOP)
    .map(([name, us]) => `  ${((us / busy) * 100).toFixed(1).padStart(5)} %  ${name}`)
    .join('\n');
}
