/** Log lines as an operator finds them in the file. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SkepError } from '#protocols/wire/error';
import { createLogger, type LogLevel } from '#runtime/telemetry/log';
import t from 'tap';

async function lineAt(t: { testdir(): string }, level: LogLevel): Promise<Record<string, unknown>> {
  const file = join(t.testdir(), `${level}.log`);
  const log = createLogger({ level, format: 'json', file }, { node: 'a' }).with({ executor: 1 });
  log.error('actor crashed', { error: new SkepError('BAD_MESSAGE', 'amount: expected a number') });
  return JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
}

t.test('a stack is logged only where the level asks for such detail', async (t) => {
  for (const level of ['info', 'warn', 'error'] as const) {
    const line = await lineAt(t, level);
    t.strictSame(line['error'], { code: 'BAD_MESSAGE', message: 'amount: expected a number' }, level);
  }
  for (const level of ['debug', 'trace'] as const) {
    const line = await lineAt(t, level);
    t.match(line['error'], { code: 'BAD_MESSAGE', stack: /log\.test/ }, level);
  }
});

t.test('a line carries the facts of its logger and of those it was made from', async (t) => {
  t.match(await lineAt(t, 'warn'), { node: 'a', executor: 1, msg: 'actor crashed' });
});

t.test('a thrown value that is no error is logged as its text', async (t) => {
  const file = join(t.testdir(), 'x.log');
  createLogger({ level: 'warn', format: 'json', file }).warn('odd', { error: 'just text' });
  t.match(JSON.parse(await readFile(file, 'utf8')), { error: { message: 'just text' } });
});
