/**
 * What the tests of configuration share: a load in a folder of its own with a fixed machine, and the problems of a load
 * that must fail.
 */
import { SkepError } from '#protocols/wire/error';
import { loadConfig, type LoadedConfig, type LoadOptions } from '#config';
import type { Test } from 'tap';

/** A machine that the computed defaults can be told from. */
export const host = { hostname: 'build-7.example.org', cores: 8 };

/** Files by name, as `t.testdir` takes them. */
export type Files = Parameters<Test['testdir']>[0];

/** Loads in a fresh folder with these files; nothing of this machine gets in unless a test says so. */
export function load(t: Test, files: Files = {}, options: Partial<LoadOptions> = {}): Promise<LoadedConfig> {
  return loadConfig({ cwd: t.testdir(files), env: {}, host, ...options });
}

/** One problem as the error's facts tell it. */
export interface ToldProblem {
  readonly path: string;
  readonly origin: string;
  readonly message: string;
}

function isProblem(value: unknown): value is ToldProblem {
  return typeof value === 'object' && value !== null && 'path' in value && 'origin' in value && 'message' in value;
}

/** A load that must fail: its message and its problems. */
export async function failure(
  t: Test,
  files: Files = {},
  options: Partial<LoadOptions> = {},
): Promise<{ readonly message: string; readonly problems: readonly ToldProblem[] }> {
  try {
    await load(t, files, options);
  } catch (error) {
    if (!(error instanceof SkepError)) throw error;
    t.equal(error.code, 'BAD_CONFIG');
    const problems = Array.isArray(error.facts['problems']) ? error.facts['problems'].filter(isProblem) : [];
    for (const problem of problems) {
      t.ok(error.message.includes(problem.message), 'the message tells every problem of the facts');
    }
    return { message: error.message, problems };
  }
  throw new Error('the load succeeded but had to fail');
}
