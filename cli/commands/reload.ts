/** `skep reload`: has the nodes of a running cluster load a module again; its living actors go on with the new code. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { z } from 'zod';
import { isErrorCode, SkepError } from '#protocols/wire/error';
import { addCommand, type CommandContext } from '../command.js';
import { type ExitCode, exitCodeOf } from '../exit-codes.js';
import type { Output } from '../output.js';
import { readAnswer, reloadAnswer } from '../remote/answers.js';
import { withCluster } from '../remote/session.js';
import { requireNode } from '../remote/target.js';

interface ReloadOptions {
  readonly node?: string;
  readonly force?: boolean;
}

type NodeAnswer = z.infer<typeof reloadAnswer>['nodes'][number];
type Failed = Extract<NodeAnswer, { error: unknown }>;
type Definition = Extract<NodeAnswer, { report: unknown }>['report']['definitions'][number];

/** Importing a module may compile much, and each executor does it. */
const RELOAD_MS = 30_000;

/** Adds `skep reload`. */
export function reloadCommand(program: Command): void {
  addCommand<ReloadOptions>(
    program,
    {
      usage: 'reload <module>',
      summary:
        'Load a module again that the nodes were started with: its actors take the new version up before their next message.',
      examples: ['skep reload ./my-actors.js', 'skep reload my-actors.js --node node-2 --json'],
      options: [
        new Option('--node <node>', 'node that loads it, from its own disk (default: all)'),
        new Option('--force', 'for development: also change handlers under an unchanged version'),
      ],
      run: runReload,
    },
    ['cluster', 'nats', 'dataDir'],
  );
}

async function runReload({
  args: [given = ''],
  config,
  options: { node, force },
  output,
  signal,
}: CommandContext<ReloadOptions>): Promise<ExitCode | undefined> {
  // Nodes may be on other machines: what is no file here is the end of a path there.
  const module = existsSync(given) ? resolve(given) : given;
  const { nodes } = await withCluster(config, signal, async (ask) => {
    if (node !== undefined) await requireNode(ask, node);
    const request = { module, ...(node === undefined ? {} : { node }), ...(force === true ? { force } : {}) };
    return readAnswer(reloadAnswer, await ask('reload', request, RELOAD_MS));
  });
  const failed = failureOf(nodes);
  if (failed !== undefined && nodes.length === 1) throw failed;
  output.result({ nodes }, nodes.map((answer) => answerText(answer, output)).join('\n'));
  return failed === undefined ? undefined : exitCodeOf(failed.code);
}

/** A node that was started without the module has nothing to load, unless none was started with it. */
function failureOf(nodes: readonly NodeAnswer[]): SkepError | undefined {
  const failed = nodes.filter((answer): answer is Failed => 'error' in answer);
  const without = failed.filter(({ error }) => error.code === 'UNKNOWN_MODULE');
  const worst =
    failed.find((answer) => !without.includes(answer)) ?? (without.length === nodes.length ? without[0] : undefined);
  if (worst === undefined) return undefined;
  const { code, message } = worst.error;
  return new SkepError(isErrorCode(code) ? code : 'INTERNAL', message, { node: worst.node });
}

function answerText(answer: NodeAnswer, output: Output): string {
  const heading = output.colours.bold(answer.node);
  if ('error' in answer) return `${heading} ${answer.error.code}: ${answer.error.message}`;
  return [heading, ...answer.report.definitions.map(definitionText)].join('\n');
}

function definitionText({ name, version, change, pending, migrated, failed, failures }: Definition): string {
  const actors = `actors: ${pending} to migrate, ${migrated} migrated, ${failed} failed`;
  return [`  ${name} version ${version} ${change}; ${actors}`, ...failures.map((text) => `    ${text}`)].join('\n');
}
