/** `skep status`: the living nodes of a cluster and what lives on them. */
import { type Command, Option } from 'commander';
import { toWireError } from '#protocols/wire/error';
import { addCommand, type CommandContext } from '../command.js';
import type { ExitCode } from '../exit-codes.js';
import { table } from '../output.js';
import { listAnswer, type ListedActor, readAnswer, statusAnswer } from '../remote/answers.js';
import { withCluster } from '../remote/session.js';

interface StatusOptions {
  readonly actors?: boolean;
  readonly all?: boolean;
}

/** Actors that every node has for its own work. */
const ownActor = /^skep\./;

/** Adds `skep status`. */
export function statusCommand(program: Command): void {
  addCommand<StatusOptions>(
    program,
    {
      usage: 'status',
      summary: 'Show the nodes of a running cluster, and its actors.',
      examples: ['skep status', 'skep status --actors', 'skep status --cluster demo --json'],
      options: [
        new Option('--actors', 'list the actors'),
        new Option('--all', 'count and list the actors of skep itself, too'),
      ],
      run: runStatus,
    },
    ['cluster', 'nats', 'dataDir'],
  );
}

async function runStatus({
  config,
  options,
  output,
  signal,
}: CommandContext<StatusOptions>): Promise<ExitCode | undefined> {
  const { cluster, nodes } = await withCluster(config, signal, async (ask) => {
    const status = readAnswer(statusAnswer, await ask('status', {}));
    // Node by node, so that one which just died leaves a gap in the table rather than no table.
    const lists = status.nodes.map(async (node) => {
      try {
        const { actors } = readAnswer(listAnswer, await ask('list', { node: node.name }));
        return {
          ...node,
          actors: actors.filter(({ definition }) => options.all === true || !ownActor.test(definition)),
        };
      } catch (error) {
        output.warn(`node ${node.name} does not answer (${toWireError(error).code})`);
        return { ...node, actors: undefined };
      }
    });
    return { cluster: status.cluster, nodes: await Promise.all(lists) };
  });
  const json = nodes.map(({ actors, ...node }) => ({
    ...node,
    actors: actors?.length ?? null,
    ...(options.actors === true ? { list: actors ?? null } : {}),
  }));
  const rows = nodes.map((node) => [
    node.name,
    node.roles.join(','),
    String(node.pid),
    String(node.executors.length),
    labelsText(node.labels),
    String(node.actors?.length ?? '?'),
  ]);
  const nodeTable = table(['NODE', 'ROLES', 'PID', 'EXECUTORS', 'LABELS', 'ACTORS'], rows, output.colours.bold);
  const actors = nodes.flatMap((node) => node.actors ?? []);
  const text =
    options.actors === true ? [nodeTable, '', actorTable(actors, output.colours.bold)].join('\n') : nodeTable;
  output.result({ cluster, nodes: json }, text);
  return undefined;
}

/** Such as `zone=a,disk=ssd`; `-` without any. */
function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return pairs.length === 0 ? '-' : pairs.join(',');
}

function actorTable(actors: readonly ListedActor[], bold: (text: string) => string): string {
  if (actors.length === 0) return 'no actors';
  const rows = actors.map((actor) => [
    actor.address,
    actor.name ?? '',
    actor.definition,
    actor.status,
    String(actor.mailbox),
    String(actor.processed),
  ]);
  return table(['ADDRESS', 'NAME', 'DEFINITION', 'STATUS', 'MAILBOX', 'PROCESSED'], rows, bold);
}
