/**
 * Child processes, in the two ways the bootstrap needs them: captured (installers, compilers, whose output matters only
 * when they fail) and in the foreground (the command the person asked for, which owns the terminal).
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/**
 * Runs a program to its end and keeps what it printed.
 * @returns {Promise<{ code: number, output: string }>} code 127 when the program could not be started
 */
export function capture(command, args, { cwd, env = process.env } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.on('error', (error) => resolve({ code: 127, output: error.message }));
    child.on('close', (code, signal) => {
      resolve({ code: exitCodeOf(code, signal), output: Buffer.concat(chunks).toString('utf8') });
    });
  });
}

/**
 * Runs a program in the foreground until it ends, and gives its exit code. Signals are the child's to handle, so that
 * it can shut its nodes down: this process only stays alive to pass the exit code on. SIGTERM is sent to one process,
 * so it is passed on; Ctrl-C reaches the whole group by itself when there is a terminal.
 */
export function foreground(command, args, { cwd, env = process.env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: 'inherit' });
    const pass = (signal) => child.kill(signal);
    const interrupt = () => {
      if (!process.stdin.isTTY) child.kill('SIGINT');
    };
    process.on('SIGTERM', pass);
    process.on('SIGHUP', pass);
    process.on('SIGINT', interrupt);
    const settle = () => {
      process.off('SIGTERM', pass);
      process.off('SIGHUP', pass);
      process.off('SIGINT', interrupt);
    };
    child.on('error', (error) => {
      settle();
      reject(error);
    });
    child.on('close', (code, signal) => {
      settle();
      resolve(exitCodeOf(code, signal));
    });
  });
}

/** The exit code that a shell would report: the child's own, or 128 and the number of the signal that ended it. */
export function exitCodeOf(code, signal) {
  if (code !== null) return code;
  return 128 + (constants.signals[signal] ?? 0);
}
