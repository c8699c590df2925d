/**
 * What form an answer has to have, out of a request: free text, JSON of a schema, calls of tools, or a choice between
 * them; and where its grammar takes hold.
 *
 *     schema | tools | choice            the answer                          the grammar holds
 *     -------+-------+------------------+-----------------------------------+------------------------
 *       -    |   -   | (none)            text                                never
 *       -    |  yes  | auto              text, calls behind it if any        from the first <tool_call>
 *      yes   |   -   | (none)            JSON                                from the start
 *      yes   |  yes  | auto              JSON or calls                       from the start
 *       *    |  yes  | required, a name  calls                               from the start
 */
import { SkepError } from '#protocols/wire/error';
import type { ToolSpec } from '#protocols/wire/inference';
import type { AnswerForm } from '../grammar/grammars.js';
import type { AskWork } from '../protocol.js';

/** @throws SkepError BAD_MESSAGE when the choice names a tool that is not there, or asks for one of none. */
export function formOf(work: Pick<AskWork, 'schema' | 'tools' | 'toolChoice'>): AnswerForm | undefined {
  const tools = toolsOf(work);
  const { schema, toolChoice = 'auto' } = work;
  if (schema === undefined && tools.length === 0) return undefined;
  const callsOnly = tools.length > 0 && toolChoice !== 'auto';
  return { schema, tools, callsOnly, from: callsOnly || schema !== undefined ? 'start' : 'call' };
}

function toolsOf({ tools = [], toolChoice = 'auto' }: Pick<AskWork, 'tools' | 'toolChoice'>): readonly ToolSpec[] {
  if (toolChoice === 'none') return [];
  if (toolChoice !== 'auto' && tools.length === 0) {
    throw new SkepError('BAD_MESSAGE', 'toolChoice asks for a call, and there are no tools; name some or leave it out');
  }
  if (typeof toolChoice === 'string') return tools;
  const chosen = tools.filter(({ name }) => name === toolChoice.name);
  if (chosen.length > 0) return chosen;
  throw new SkepError('BAD_MESSAGE', `toolChoice names ${toolChoice.name}, which is none of the tools`, {
    tools: tools.map(({ name }) => name),
  });
}
