/** `skep dead-letters`: what was not delivered, and sending it again. Payloads are shown only on demand. */
import { type Command, Option } from 'commander';
import { parseAddress } from '#protocols/wire/address';
import { deadLetterIdSchema } from '#protocols/wire/operator';
import { SkepError } from '#protocols/wire/error';
import { addCommand, type CommandContext, wholeNumber } from '../command.js';
import type { ExitCode } from '../exit-codes.js';
import { table } from '../output.js';
import { deadLettersAnswer, type ListedLetter, readAnswer, replayAnswer } from '../remote/answers.js';
import { withCluster } from '../remote/session.js';
import { requireNode, resolveAddress } from '../remote/target.js';

interface ListOptions {
  readonly node?: string;
  readonly reason?: string;
  readonly limit: number;
  readonly payload?: boolean;
}

interface ReplayOptions {
  readonly all?: boolean;
  readonly node?: string;
  readonly reason?: string;
  readonly to?: string;
  readonly force?: boolean;
}

/** Adds `skep dead-letters` with its sub-commands. */
export function deadLettersCommand(program: Command): void {
  const parent = program
    .command('dead-letters')
    .description('List messages that were not delivered, or send them again.');
  addCommand<ListOptions>(
    parent,
    {
      usage: 'list',
      summary: 'List the latest messages that were not delivered, newest first.',
      examples: ['skep dead-letters list', 'skep dead-letters list --reason mailbox-full --limit 20 --json'],
      isDefault: true,
      options: [
        new Option('--node <node>', 'only those of this node (default: all)'),
        new Option('--reason <reason>', 'only those of this reason, such as no-such-actor or mailbox-full'),
        new Option('--limit <n>', 'letters at most').default(100).argParser(wholeNumber(1, 1_000)),
        new Option('--payload', 'show the messages themselves, which may hold secrets'),
      ],
      run: runList,
    },
    ['cluster', 'nats', 'dataDir'],
  );
  addCommand<ReplayOptions>(
    parent,
    {
      usage: 'replay [id...]',
      summary: 'Send dead casts again, each once; calls cannot be sent again, because their callers have gone.',
      examples: [
        'skep dead-letters replay node-1@k3f9/2#17 node-1@k3f9/2#18',
        'skep dead-letters replay --all --reason no-such-actor --to hits',
      ],
      options: [
        new Option('--all', 'every cast that is kept and was not sent again'),
        new Option('--node <node>', 'with --all: only those that lie on this node'),
        new Option('--reason <reason>', 'with --all: only those of this reason'),
        new Option('--to <actor>', 'another receiver, by address or name'),
        new Option('--force', 'even those that were sent again before'),
      ],
      run: runReplay,
    },
    ['cluster', 'nats', 'dataDir'],
  );
}

async function runList({
  config,
  options: { node, reason, limit, payload },
  output,
  signal,
}: CommandContext<ListOptions>): Promise<ExitCode | undefined> {
  const request = given({ node, reason, limit, payload });
  const { letters, silent } = await withCluster(config, signal, async (ask) => {
    if (node !== undefined) await requireNode(ask, node);
    return readAnswer(deadLettersAnswer, await ask('deadLetters', request));
  });
  if (silent.length > 0) output.warn(`no answer from ${silent.join(', ')}`);
  output.result(
    letters,
    letters.length === 0 ? 'no dead letters' : letterTable(letters, payload === true, output.colours.bold),
  );
  return undefined;
}

async function runReplay({
  args,
  config,
  options,
  output,
  signal,
}: CommandContext<ReplayOptions>): Promise<ExitCode | undefined> {
  // Commander hands on the ids of a variadic argument as one list.
  const ids = ((args[0] ?? []) as unknown as readonly string[]).map(checkedId);
  if (ids.length > 0 === (options.all === true))
    throw new SkepError(
      'BAD_USAGE',
      'name the letters by their ids, or give --all for every one; see `skep dead-letters`',
    );
  const { node, reason, force } = options;
  if (options.all !== true && (node !== undefined || reason !== undefined))
    throw new SkepError('BAD_USAGE', '--node and --reason choose among --all; with ids they have nothing to choose');
  const { results } = await withCluster(config, signal, async (ask) => {
    if (node !== undefined) await requireNode(ask, node);
    const to = options.to === undefined ? undefined : await resolveAddress(ask, options.to);
    const chosen = options.all === true ? { node, reason } : { ids };
    return readAnswer(replayAnswer, await ask('replay', given({ ...chosen, to, force })));
  });
  const failed = results.filter(({ outcome }) => outcome !== 'accepted' && outcome !== 'sent');
  const rows = results.map(({ id, outcome, to, reason: why }) => [
    id,
    why === undefined ? outcome : `${outcome} (${why})`,
    to ?? '',
  ]);
  const text =
    results.length === 0 ? 'nothing to send again' : table(['LETTER', 'OUTCOME', 'TO'], rows, output.colours.bold);
  output.result(results, text);
  if (failed.length === 0) return undefined;
  output.note(`${failed.length} of ${results.length} were not sent`);
  return 1;
}

function checkedId(id: string): string {
  if (deadLetterIdSchema.safeParse(id).success) return id;
  throw new SkepError('BAD_USAGE', `"${id}" is no id of a dead letter, such as node-1@k3f9/2#17`, { given: id });
}

function letterTable(letters: readonly ListedLetter[], payload: boolean, bold: (text: string) => string): string {
  const heading = ['LETTER', 'TIME', 'REASON', 'KIND', 'NAME', 'TO', 'KEPT', ...(payload ? ['PAYLOAD'] : [])];
  const rows = letters.map((letter) => [
    letter.id,
    new Date(letter.atMs).toISOString().slice(0, 19),
    letter.reason,
    letter.kind,
    letter.name,
    receiver(letter),
    letter.replayed ? 'sent again' : letter.bytes === undefined ? '-' : `${letter.bytes} B`,
    ...(payload ? [letter.payload === undefined ? '-' : JSON.stringify(letter.payload)] : []),
  ]);
  return table(heading, rows, bold);
}

function receiver({ to }: ListedLetter): string {
  return to === undefined || parseAddress(to) === undefined ? '-' : to;
}

/** The options that were given. */
function given(options: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
