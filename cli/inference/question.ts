/** What `skep ask` asks: the question from the command line or from standard input, and the schema of its answer. */
import { readFile } from 'node:fs/promises';
import { type AskRequest, type ChatMessage, inferenceLimits } from '#protocols/wire/inference';
import { SkepError } from '#protocols/wire/error';
import { jsonArgument } from '../remote/json-argument.js';

/** The options that make the request. */
export interface RequestOptions {
  readonly system?: string;
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly seed?: number;
  readonly schema?: string;
  readonly agent?: string;
  readonly deadline?: number;
}

/** The question: the argument, or all of standard input for `-` or where nothing is typed. @throws SkepError BAD_USAGE. */
export async function readQuestion(
  argument: string | undefined,
  stdin: NodeJS.ReadStream,
  signal: AbortSignal,
): Promise<string> {
  if (argument !== undefined && argument !== '-') return nonEmpty(argument, 'the question');
  if (argument === undefined && stdin.isTTY)
    throw new SkepError('BAD_USAGE', 'no question: give one, or "-" to read it from standard input');
  return nonEmpty(await readAll(stdin, signal), 'standard input');
}

function nonEmpty(text: string, what: string): string {
  if (text.trim() !== '') return text;
  throw new SkepError('BAD_USAGE', `${what} is empty; expected a question`);
}

/** Reads until the end, or until it is interrupted. */
async function readAll(stdin: NodeJS.ReadStream, signal: AbortSignal): Promise<string> {
  const stop = (): void => void stdin.destroy(new SkepError('JOB_CANCELLED', 'interrupted'));
  signal.addEventListener('abort', stop, { once: true });
  try {
    let text = '';
    for await (const chunk of stdin.setEncoding('utf8')) {
      text += String(chunk);
      if (text.length > inferenceLimits.textLength)
        throw new SkepError('BAD_USAGE', `standard input has more than ${inferenceLimits.textLength} characters`);
    }
    return text;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** The request. @throws SkepError PATH_UNREADABLE, BAD_USAGE for a schema that is none. */
export async function askRequestOf(question: string, options: RequestOptions): Promise<AskRequest> {
  const { system, maxTokens, temperature, seed, agent, deadline: deadlineMs } = options;
  const messages: ChatMessage[] = [
    ...(system === undefined ? [] : [{ role: 'system', content: system } as const]),
    { role: 'user', content: question },
  ];
  const schema = options.schema === undefined ? undefined : await readSchema(options.schema);
  const given = { maxTokens, temperature, seed, agent, deadlineMs, schema };
  return { messages, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
}

async function readSchema(path: string): Promise<Record<string, unknown>> {
  const schema = jsonArgument(`the schema ${path}`, await readText(path));
  if (typeof schema === 'object' && schema !== null && !Array.isArray(schema)) return { ...schema };
  throw new SkepError('BAD_USAGE', `the schema ${path} is no JSON object`, { path });
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new SkepError('PATH_UNREADABLE', `the schema ${path} cannot be read (${why})`, { path }, cause);
  }
}
