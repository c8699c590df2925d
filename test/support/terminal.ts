/**
 * A terminal for one test: tmux with a server of its own, which draws what a program sends as a terminal would, and
 * types. Where tmux is not installed the test fails with the sentence that says so.
 */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';

/** What is needed of a tap test. */
interface Test {
  teardown(handler: () => void): void;
}

/** A terminal with a shell in it. */
export interface Terminal {
  /** Types text, or a key by tmux's name for it, such as `Enter` or `C-c`. */
  type(...keys: readonly string[]): void;
  /** What is on the screen, line by line. */
  screen(): readonly string[];
  resize(columns: number, rows: number): void;
  /** Whether a program has the alternate screen, and whether the cursor is shown. */
  state(): { readonly alternate: boolean; readonly cursor: boolean };
}

/** Opens a terminal with a bare shell in the folder. */
export function openTerminal(t: Test, cwd: string, env: Readonly<Record<string, string>> = {}): Terminal {
  const socket = `skep-test-${randomUUID()}`;
  const tmux = (...args: readonly string[]): string => {
    try {
      return execFileSync('tmux', ['-L', socket, '-f', '/dev/null', ...args], { encoding: 'utf8', cwd });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw new Error('tmux is not installed, and this test needs a terminal (Debian: apt-get install tmux)');
    }
  };
  const set = Object.entries({ PS1: '$ ', ...env }).map(([name, value]) => `${name}=${value}`);
  tmux('new-session', '-d', '-x', '80', '-y', '24', 'env', ...set, 'bash', '--norc', '--noprofile');
  t.teardown(() => void tmux('kill-server'));
  return {
    type: (...keys) => void tmux('send-keys', ...keys),
    screen: () => tmux('capture-pane', '-p').split('\n'),
    resize: (columns, rows) => void tmux('resize-window', '-x', String(columns), '-y', String(rows)),
    state: () => {
      const [alternate, cursor] = tmux('display-message', '-p', '#{alternate_on} #{cursor_flag}').trim().split(' ');
      return { alternate: alternate === '1', cursor: cursor === '1' };
    },
  };
}
