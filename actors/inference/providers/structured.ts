/**
 * Structured answers where an API takes a schema for the arguments of tools only: the answer becomes the call of a tool
 * that the model has to make, and its arguments are handed out as the text of the answer. Arguments are always an object;
 * for a schema of another type they are an object with the answer as its one property, which is unwrapped at the end.
 */
import type { ToolSpec } from '#protocols/wire/inference';
import type { Work } from '../backend.js';
import { badAnswer, unsendable } from './attempt-error.js';
import { parseJson } from './answer.js';

type Schema = NonNullable<Work['schema']>;

/** A tool whose call is the answer. */
export interface AnswerTool extends ToolSpec {
  /** Whether the answer is the property `value` of the arguments. */
  readonly wraps: boolean;
}

/** The tool for an answer of this schema, with a name that none of the others has. @throws AttemptError BAD_SCHEMA. */
export function answerTool(schema: Schema, others: readonly ToolSpec[]): AnswerTool {
  const taken = new Set(others.map(({ name }) => name));
  let name = 'answer';
  for (let number = 2; taken.has(name); number += 1) name = `answer_${number}`;
  const description = 'Gives the answer. Call it once, with the whole answer as its arguments.';
  if (schema['type'] === 'object') return { name, description, parameters: schema, wraps: false };
  if (hasReference(schema)) {
    // A reference is a path from the root, which is another one once the schema is wrapped.
    throw unsendable('BAD_SCHEMA', 'schema: with $ref, expected a schema of type object at its root');
  }
  const parameters = {
    type: 'object',
    properties: { value: schema },
    required: ['value'],
    additionalProperties: false,
  };
  return { name, description, parameters, wraps: true };
}

/** The text of a wrapped answer. @throws AttemptError BAD_ANSWER. */
export function unwrapped(text: string): string {
  const value = parseJson(text);
  if (typeof value === 'object' && value !== null && 'value' in value) return JSON.stringify(value.value);
  throw badAnswer('the structured answer is not of the form that was asked for', text);
}

function hasReference(schema: unknown): boolean {
  if (typeof schema !== 'object' || schema === null) return false;
  return Object.entries(schema).some(
    ([key, value]) => (key === '$ref' && typeof value === 'string') || hasReference(value),
  );
}
