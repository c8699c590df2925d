/** `skep tree`: who supervises whom on the nodes of a running cluster, with what has been restarted. */
import { type Command, Option } from 'commander';
import { toWireError } from '#protocols/wire/error';
import { applicationTree, renderTree, type SupervisionTree } from '#runtime';
import { addCommand, type CommandContext } from '../command.js';
import type { ExitCode } from '../exit-codes.js';
import { readAnswer, statusAnswer, treeAnswer } from '../remote/answers.js';
import { withCluster } from '../remote/session.js';

interface TreeOptions {
  readonly all?: boolean;
}

/** Adds `skep tree`. */
export function treeCommand(program: Command): void {
  addCommand<TreeOptions>(
    program,
    {
      usage: 'tree [node]',
      summary: 'Show the supervision tree of each node: supervisors, their children, states and restarts.',
      examples: ['skep tree', 'skep tree node-1', 'skep tree --all --json'],
      options: [new Option('--all', 'show the actors of skep itself, too')],
      run: runTree,
    },
    ['cluster', 'nats', 'dataDir'],
  );
}

async function runTree({
  args: [node],
  config,
  options,
  output,
  signal,
}: CommandContext<TreeOptions>): Promise<ExitCode | undefined> {
  const trees = await withCluster(config, signal, async (ask) => {
    const treesOf = async (name: string): Promise<readonly SupervisionTree[]> =>
      readAnswer(treeAnswer, await ask('tree', { node: name })).trees;
    if (node !== undefined) return treesOf(node);
    const { nodes } = readAnswer(statusAnswer, await ask('status', {}));
    // Node by node, so that one which just died leaves a gap rather than nothing.
    const answers = nodes.map(({ name }) =>
      treesOf(name).catch((error: unknown): readonly SupervisionTree[] => {
        output.warn(`node ${name} does not answer (${toWireError(error).code})`);
        return [];
      }),
    );
    return (await Promise.all(answers)).flat();
  });
  const shown = options.all === true ? trees : trees.map(applicationTree);
  output.result({ trees: shown }, shown.map((tree) => renderTree(tree, { bold: output.colours.bold })).join('\n\n'));
  return undefined;
}
