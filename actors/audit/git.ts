/**
 * The one file that runs `git`. The audited repository is untrusted, and git runs programs that a repository's own
 * configuration names; so every command is plumbing, an argument array without a shell, with the file-system monitor,
 * hooks, pager, prompts and every transport switched off. With nothing left that a stranger's configuration could
 * start, repositories owned by another user (a mounted folder in a container) are accepted.
 *
 * Outputs are streamed, because a history does not fit in memory, and a reader that stops early ends the process.
 */
import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';
import { SkepError } from '#protocols/wire/error';

/** How a command may be bounded. */
export interface GitOptions {
  /** Ends the process; the call then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Longest run of one command in milliseconds. Default 15 minutes, enough for the history of a very large project. */
  readonly timeoutMs?: number;
  /** What the command reads from its standard input; nothing by default. */
  readonly input?: AsyncIterable<Uint8Array | string>;
}

const defaultTimeoutMs = 15 * 60_000;

/** Standard error is kept for the error message; a repository with a million complaints must not fill memory. */
const keptErrorLength = 4096;

const fixedArguments: readonly string[] = [
  '--no-pager',
  '--literal-pathspecs',
  '-c',
  'core.quotepath=off',
  '-c',
  'core.fsmonitor=false',
  '-c',
  'core.hooksPath=/dev/null',
  '-c',
  'safe.directory=*',
];

/**
 * The caller's environment without git's own variables: inside a hook they point at another repository. An allow-list
 * of protocols that names none keeps partial clones from fetching through a transport that the repository chooses.
 */
function gitEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'));
  return {
    ...Object.fromEntries(own),
    LC_ALL: 'C',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: 'none',
    GIT_NO_LAZY_FETCH: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
  };
}

/**
 * Runs a git command in the folder `root` and yields its standard output as it comes. Throws `GIT_FAILED` at the end
 * when the command failed or took longer than `timeoutMs`.
 */
export async function* gitOutput(
  root: string,
  command: readonly string[],
  options: GitOptions = {},
): AsyncGenerator<Buffer> {
  const { signal, timeoutMs = defaultTimeoutMs, input } = options;
  signal?.throwIfAborted();
  const child = spawn('git', [...fixedArguments, '-C', root, ...command], {
    env: gitEnvironment(),
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { signal }),
  });
  // Spawn's own timeout would live on, and the process with it, when git cannot be started.
  const limit = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(0, keptErrorLength);
  });
  const ended = new Promise<Ending>((resolve) => {
    child.once('error', (error) => resolve({ error }));
    child.once('close', (exitCode, killedBy) => resolve({ exitCode, killedBy }));
  });
  const fed = feed(input, child.stdin, () => child.kill('SIGKILL'));
  let finished = false;
  let outcome: readonly [Ending, unknown];
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer;
    finished = true;
  } finally {
    if (!finished) child.kill('SIGKILL');
    outcome = await Promise.all([ended, fed]);
    clearTimeout(limit);
  }
  const [ending, inputError] = outcome;
  signal?.throwIfAborted();
  if (inputError !== undefined)
    throw inputError instanceof Error ? inputError : new Error('the input of git failed', { cause: inputError });
  assertSuccess(command, ending, complaint, timeoutMs);
}

type Ending =
  | { readonly error: Error }
  | { readonly exitCode: number | null; readonly killedBy: NodeJS.Signals | null };

/** Feeds the input; gives the error of the source, if any. A command that stops reading early is no error. */
async function feed(
  input: AsyncIterable<Uint8Array | string> | undefined,
  stdin: NodeJS.WritableStream,
  stop: () => void,
): Promise<unknown> {
  let failure: unknown;
  const watched = async function* (): AsyncGenerator<Uint8Array | string> {
    try {
      if (input !== undefined) yield* input;
    } catch (error) {
      failure = error;
      stop();
      throw error;
    }
  };
  await pipeline(Readable.from(watched(), { objectMode: false }), stdin).catch(() => undefined);
  return failure;
}

function assertSuccess(command: readonly string[], ending: Ending, complaint: string, timeoutMs: number): void {
  const facts = { command: ['git', ...command].join(' ') };
  if ('error' in ending) {
    const missing = 'code' in ending.error && ending.error.code === 'ENOENT';
    const why = missing ? 'the program git was not found; install it' : ending.error.message;
    throw new SkepError('GIT_FAILED', `git ${command[0]} did not start: ${why}`, facts, ending.error);
  }
  if (ending.killedBy !== null) {
    const message = `git ${command[0]} was ended by ${ending.killedBy}; its limit is ${timeoutMs} ms`;
    throw new SkepError('GIT_FAILED', message, facts);
  }
  if (ending.exitCode !== 0) {
    const message = `git ${command[0]} failed with exit code ${ending.exitCode}: ${complaint.trim()}`;
    throw new SkepError('GIT_FAILED', message, { ...facts, exitCode: ending.exitCode, complaint: complaint.trim() });
  }
}

/**
 * The output of a command cut at `separator` (NUL or newline), in batches as they come: a batch of strings costs one
 * turn of the event loop where single strings would cost one each.
 */
export async function* gitTokens(
  root: string,
  command: readonly string[],
  separator: '\0' | '\n',
  options: GitOptions = {},
): AsyncGenerator<readonly string[]> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of gitOutput(root, command, options)) {
    const tokens = (rest + decoder.write(chunk)).split(separator);
    rest = tokens.pop() ?? '';
    if (tokens.length > 0) yield tokens;
  }
  rest += decoder.end();
  if (rest !== '') yield [rest];
}

/** The whole output of a command whose output is short. */
export async function gitText(root: string, command: readonly string[], options: GitOptions = {}): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of gitOutput(root, command, options)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
