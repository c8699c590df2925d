/**
 * The grammars of requests: of an answer by a schema, and of calls of tools. A call is written as the Hermes models and
 * Qwen write it, which most models that call tools have seen:
 *
 *     <tool_call>
 *     {"name": "weather", "arguments": {"city": "Rome"}}
 *     </tool_call>
 *
 * Which tool it is decides which arguments may follow, so that a call always has a form that its tool takes.
 */
import type { ToolSpec } from '#protocols/wire/inference';
import { literal, oneOf, Rules, times } from './gbnf.js';
import { isSchema, refuse } from './keywords.js';
import { SchemaCompiler } from './schema.js';
import { checkSchemaSize } from './size.js';

/** What opens and closes a call. */
export const callOpens = '<tool_call>';
export const callCloses = '</tool_call>';
/** Calls in one answer at most. */
const mostCalls = 16;

/** What an answer may be. */
export interface AnswerForm {
  readonly schema?: Readonly<Record<string, unknown>> | undefined;
  /** Tools that may be called. */
  readonly tools: readonly ToolSpec[];
  /** Where the grammar takes hold: from the start, or behind the opening of the first call. */
  readonly from: 'start' | 'call';
  /** Whether the answer has to be calls. */
  readonly callsOnly: boolean;
}

/** The grammar of an answer. @throws SkepError BAD_SCHEMA. */
export function grammarOf({ schema, tools, from, callsOnly }: AnswerForm): string {
  const rules = new Rules();
  const roots: string[] = [];
  if (schema !== undefined && !callsOnly) {
    checkSchemaSize(schema, 'schema');
    roots.push(new SchemaCompiler(rules, schema).compile('schema'));
  }
  if (tools.length > 0) {
    const call = rules.rule(oneOf(tools.map((tool) => toolBody(rules, tool))));
    const body = rules.rule(`[ \\n]? ${call} [ \\n]? ${literal(callCloses)}`);
    const next = rules.rule(`"\\n"? ${literal(callOpens)} ${body}`);
    const start = from === 'start' ? `${literal(callOpens)} ` : '';
    roots.push(rules.rule(`${start}${body} ${times(next, 0, mostCalls - 1)}`));
  }
  return rules.text(oneOf(roots));
}

/** Checks the sizes of what a request brings, where it costs nothing yet. @throws SkepError BAD_SCHEMA. */
export function checkFormSize({ schema, tools }: Pick<AnswerForm, 'schema' | 'tools'>): void {
  if (schema !== undefined) checkSchemaSize(schema, 'schema');
  for (const { name, parameters } of tools) checkSchemaSize(parameters, `parameters of ${name}`);
}

function toolBody(rules: Rules, { name, parameters }: ToolSpec): string {
  const place = `parameters of ${name}`;
  checkSchemaSize(parameters, place);
  if (!isSchema(parameters)) refuse(place, 'is expected to be a schema');
  const type = parameters['type'];
  if (type !== undefined && type !== 'object') refuse(place, '"type" is expected to be "object"');
  const own = new SchemaCompiler(rules, { ...parameters, type: 'object' }).compile(place);
  return rules.rule(
    `"{" " "? "\\"name\\":" " "? ${literal(JSON.stringify(name))} "," " "? "\\"arguments\\":" " "? ${own} " "? "}"`,
  );
}
