/**
 * Small real repositories for tests. Dates are fixed, so a history has the same object ids every time; the user's own
 * configuration is left out.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A repository in a temporary folder. */
export class SampleRepository {
  readonly root: string;
  #minute = 0;

  constructor(folder: string, kind: 'empty' | 'existing' = 'empty') {
    this.root = realpathSync(folder);
    if (kind === 'empty') this.git('init', '-q', '-b', 'main');
  }

  /** Runs git here and gives its output without the last newline. */
  git(...command: readonly string[]): string {
    const date = new Date(Date.UTC(2026, 0, 1, 0, this.#minute)).toISOString();
    const identity = [
      '-c',
      'user.name=A Tester',
      '-c',
      'user.email=tester@example.org',
      '-c',
      'protocol.file.allow=always',
    ];
    const plain = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_')));
    const env = { ...plain, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date, GIT_CONFIG_GLOBAL: '/dev/null' };
    const options = { cwd: this.root, env, stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'] };
    return execFileSync('git', [...identity, ...command], options)
      .toString('utf8')
      .replace(/\n$/, '');
  }

  write(path: string, content: string | Uint8Array): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), content);
  }

  /** Commits all there is, a minute after the commit before; gives its object id. */
  commit(message: string): string {
    this.#minute++;
    this.git('add', '-A');
    this.git('commit', '-q', '--allow-empty', '-m', message);
    return this.git('rev-parse', 'HEAD');
  }
}

/** A token that is found at once, drawn from a number, for tests that need a secret and not its kind. */
export function sampleToken(draw: number): string {
  const letters = 'Zq81LmX0vTr5Hn2KcY7bWd4JsE9uGf3Pa6Ro';
  const turned = Array.from(letters, (_, at) => letters[(at * 7 + draw) % letters.length]).join('');
  return ['gh', 'p_', turned].join('');
}
