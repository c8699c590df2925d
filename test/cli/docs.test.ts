/**
 * Holds `docs/cli.md` and the program together: every command with its options and examples, every exit code, and every
 * event of `--progress-json`. UPDATE_DOCS=1 rewrites what is generated.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import t from 'tap';
import type { JobEvent } from '#actors/swarm/messages';
import { exitCodeOf, exitCodes } from '#cli/exit-codes';
import { createProgram } from '#cli/program';
import { errorCatalogue, type ErrorCode } from '#protocols/wire/error';

const pagePath = fileURLToPath(new URL('../../../docs/cli.md', import.meta.url));

/** The compiler keeps this complete. */
const events: Readonly<Record<JobEvent['type'] | 'progress', true>> = {
  started: true,
  node: true,
  agent: true,
  stage: true,
  progress: true,
  outvoted: true,
  starved: true,
  finished: true,
  failed: true,
};

/** Options that every command has; they are told once. */
const common = ['--config', '--preset', '--json', '--debug', '--no-color'];

/** Every command that does something, with its full name. */
function leaves(
  command: Command,
  path: readonly string[] = [],
): readonly { readonly name: string; readonly command: Command }[] {
  const name = [...path, command.name()];
  if (command.commands.length === 0) return [{ name: name.join(' '), command }];
  return command.commands.flatMap((child) => leaves(child, name));
}

/** The examples that `--help` shows. */
function examplesOf(command: Command): readonly string[] {
  let help = '';
  command.configureOutput({ writeOut: (text) => (help += text) });
  command.outputHelp();
  return [...help.matchAll(/^ {2}\$ (.*)$/gm)].map((match) => match[1] ?? '');
}

function section(name: string, command: Command): string {
  const words = command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  );
  const rows = command.options
    .filter((option) => !option.hidden && !common.includes(option.long ?? ''))
    .map(
      ({ flags, description, defaultValue }) => `| \`${flags}\` | ${description}${defaultText(defaultValue, flags)} |`,
    );
  return [
    `### \`${[name, ...words].join(' ')}\``,
    '',
    command.description(),
    '',
    '```sh',
    ...examplesOf(command),
    '```',
    '',
    ...(rows.length === 0 ? [] : ['| option | meaning |', '|---|---|', ...rows, '']),
  ].join('\n');
}

function defaultText(value: unknown, flags: string): string {
  const negated = flags.startsWith('--no-');
  return value === undefined || negated || Array.isArray(value) ? '' : ` (default: ${String(value)})`;
}

function commandsText(): string {
  const shared = `Every command also takes ${common.map((flag) => `\`${flag}\``).join(', ')} and \`--help\`.`;
  return [shared, '', ...leaves(createProgram()).map(({ name, command }) => section(name, command))]
    .join('\n')
    .trimEnd();
}

function exitCodesText(): string {
  const codesOf = (exit: string): string =>
    (Object.keys(errorCatalogue) as ErrorCode[])
      .filter((code) => String(exitCodeOf(code)) === exit)
      .map((code) => `\`${code}\``)
      .join(', ');
  return [
    '| exit code | meaning | errors |',
    '|---|---|---|',
    ...Object.entries(exitCodes).map(([code, meaning]) => `| ${code} | ${meaning} | ${codesOf(code)} |`),
  ].join('\n');
}

/** The page with its generated parts replaced. */
function renewed(page: string, part: string, text: string): string {
  const [begin, end] = [`<!-- begin ${part} -->\n`, `\n<!-- end ${part} -->`];
  const from = page.indexOf(begin);
  const to = page.indexOf(end.trimStart(), from);
  if (from === -1 || to === -1) throw new Error(`docs/cli.md has no place for ${part}`);
  return `${page.slice(0, from + begin.length)}${text}${end}${page.slice(to + end.trimStart().length)}`;
}

t.test('docs/cli.md has every command with its options and examples, and the table of exit codes', async (t) => {
  const page = await readFile(pagePath, 'utf8');
  const wanted = renewed(renewed(page, 'commands', commandsText()), 'exit codes', exitCodesText());
  if (process.env['UPDATE_DOCS'] === '1') await writeFile(pagePath, wanted);
  t.equal(await readFile(pagePath, 'utf8'), wanted, 'UPDATE_DOCS=1 npm test -- cli/docs');
});

t.test('every command has a summary and an example that begins with its own name', async (t) => {
  const all = leaves(createProgram());
  t.ok(all.length >= 12, `saw ${all.length} commands`);
  for (const { name, command } of all) {
    const examples = examplesOf(command);
    t.ok(examples.length > 0, `${name} has an example`);
    for (const example of examples)
      t.match(example.replace(/^([A-Z_]+=\S+ )*/, ''), new RegExp(`^${name}( |$)`), example);
    t.match(command.description(), /^[A-Z].*\.$/, `${name}: a sentence`);
  }
});

t.test('every event of --progress-json is documented, and no other', async (t) => {
  const page = await readFile(pagePath, 'utf8');
  const chapter = page.slice(page.indexOf('## Progress'), page.indexOf('## Exit codes'));
  const rows = [...chapter.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1] ?? '');
  t.same(
    rows.sort((a, b) => (a < b ? -1 : 1)),
    Object.keys(events).sort((a, b) => (a < b ? -1 : 1)),
  );
});
