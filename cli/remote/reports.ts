/** The reports of a cluster, asked node by node, so that one that just died leaves a gap and no more. */
import { toWireError } from '#protocols/wire/error';
import { type NodeReport, readAnswer, reportAnswer, statusAnswer } from './answers.js';
import type { Ask } from './session.js';
import { requireNode } from './target.js';

/** Asks one node or all; `warn` hears of those that do not answer. @throws SkepError NO_SUCH_NODE. */
export async function askReports(
  ask: Ask,
  node: string | undefined,
  warn: (text: string) => void,
): Promise<readonly NodeReport[]> {
  if (node !== undefined) await requireNode(ask, node);
  const names =
    node === undefined ? readAnswer(statusAnswer, await ask('status', {})).nodes.map(({ name }) => name) : [node];
  const asked = names.map(async (name): Promise<readonly NodeReport[]> => {
    try {
      const { nodes } = readAnswer(reportAnswer, await ask('report', { node: name }));
      for (const { silent } of nodes)
        if (silent.length > 0) warn(`executors ${silent.join(', ')} of node ${name} do not answer`);
      return nodes;
    } catch (error) {
      warn(`node ${name} does not answer (${toWireError(error).code})`);
      return [];
    }
  });
  return (await Promise.all(asked)).flat();
}
