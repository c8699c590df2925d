/**
 * Scenarios as text, in the manner of CockroachDB's datadriven and etcd's tests: a file is a list of commands, each
 * followed by what it is expected to print. With `UPDATE_SCENARIOS=1` the files are rewritten with what is printed, to
 * be read in the diff.
 *
 *     # A comment.
 *     command word key=value list=(a b)
 *     more input of the command, line by line
 *     ----
 *     the expected output, up to an empty line
 */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';

/** One command of a scenario. */
export interface Command {
  /** Its first word. */
  readonly name: string;
  /** Its other words that are not `key=value`. */
  readonly words: readonly string[];
  /** By key; a list is the text between its brackets. */
  readonly options: Readonly<Record<string, string>>;
  /** Lines between the command and `----`. */
  readonly input: readonly string[];
  /** Where it stands, for error messages: `file:line`. */
  readonly at: string;
}

/** Makes what a scenario runs against; called once a file. Returns what runs a command and gives what it prints. */
export type Interpreter = () => (command: Command) => string;

/** Files of scenarios are sources: they lie beside the compiled tests' sources, not in dist/. */
const TESTDATA = fileURLToPath(new URL('../../../test/testdata/', import.meta.url));

/** Runs all `*.txt` files of `test/testdata/<folder>`, each as a subtest whose name is its first comment. */
export function runScenarios(t: Test, folder: string, interpreter: Interpreter): void {
  const path = join(TESTDATA, folder);
  const files = readdirSync(path)
    .filter((file) => file.endsWith('.txt'))
    .toSorted();
  t.ok(files.length > 0, `${folder} has scenarios`);
  for (const file of files) runScenario(t, join(path, file), `${folder}/${file}`, interpreter());
}

function runScenario(t: Test, path: string, name: string, run: (command: Command) => string): void {
  const text = readFileSync(path, 'utf8');
  const blocks = parse(text, name);
  void t.test(`${name}: ${blocks.find((block) => block.comment !== undefined)?.comment ?? ''}`, (s) => {
    const printed: string[] = [];
    for (const { command, head, expected } of blocks) {
      if (command === undefined) {
        printed.push(...head);
        continue;
      }
      const output =
        run(command)
          .replaceAll(/[ \t]+$/gm, '')
          .trimEnd() || 'ok';
      printed.push(...head, '----', ...output.split('\n'));
      if (process.env.UPDATE_SCENARIOS !== '1') s.equal(output, expected, `${command.at} ${head[0] ?? ''}`);
    }
    if (process.env.UPDATE_SCENARIOS === '1') writeFileSync(path, `${printed.join('\n').trimEnd()}\n`);
    s.ok(
      blocks.some(({ command }) => command !== undefined),
      'there are commands',
    );
    s.end();
  });
}

interface Block {
  /** Undefined for lines that are no command. */
  readonly command: Command | undefined;
  readonly comment?: string;
  /** The lines before `----`, as they are. */
  readonly head: readonly string[];
  readonly expected: string;
}

function parse(text: string, name: string): readonly Block[] {
  const lines = text.split('\n');
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? '';
    if (line.trim() === '' || line.startsWith('#')) {
      blocks.push({
        command: undefined,
        head: [line],
        expected: '',
        ...(line.startsWith('#') ? { comment: line.slice(1).trim() } : {}),
      });
      at += 1;
      continue;
    }
    const begin = at;
    while (at < lines.length && lines[at] !== '----') at += 1;
    if (at === lines.length) throw new Error(`${name}:${begin + 1}: a command without ----`);
    const head = lines.slice(begin, at);
    const first = (at += 1);
    while (at < lines.length && lines[at] !== '') at += 1;
    blocks.push({
      command: parseCommand(head, `${name}:${begin + 1}`),
      head,
      expected: lines.slice(first, at).join('\n'),
    });
  }
  return blocks;
}

function parseCommand([line = '', ...input]: readonly string[], at: string): Command {
  const [name = '', ...rest] = line.match(/[^\s=()]+=\([^)]*\)|\S+/g) ?? [];
  const words: string[] = [];
  const options: Record<string, string> = {};
  for (const word of rest) {
    const [, key, value] = /^([^=]+)=(.*)$/s.exec(word) ?? [];
    if (key === undefined || value === undefined) words.push(word);
    else options[key] = value.startsWith('(') && value.endsWith(')') ? value.slice(1, -1) : value;
  }
  return { name, words, options, input, at };
}
