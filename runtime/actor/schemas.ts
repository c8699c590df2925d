/**
 * Schemas of what comes from outside (spawn API, CLI): checked there, and told to whoever asks by `describe`. The types
 * tie each to its handler: a schema that lets through what the handler does not take is an error of the compiler.
 * Messages between our own actors are typed and not checked again.
 */
import { z, type ZodType } from 'zod';

/** The schema of the message of a handler; one that takes no message may say anything. */
type SchemaOf<Handler> = Handler extends (state: never, ...rest: infer Rest) => unknown
  ? Rest extends []
    ? ZodType
    : Rest extends [infer Message, ...unknown[]]
      ? ZodType<Message>
      : Rest extends [(infer Message)?, ...unknown[]]
        ? ZodType<Message | undefined>
        : never
  : never;

/** Schemas of the arguments and messages of one definition. */
export interface SchemasFor<Args, Calls, Casts> {
  readonly args?: ZodType<Args>;
  readonly calls?: { readonly [Name in keyof Calls]?: SchemaOf<Calls[Name]> };
  readonly casts?: { readonly [Name in keyof Casts]?: SchemaOf<Casts[Name]> };
}

/** Schemas of any definition. */
export interface DefinitionSchemas {
  readonly args?: ZodType;
  readonly calls?: Readonly<Record<string, ZodType>>;
  readonly casts?: Readonly<Record<string, ZodType>>;
}

/** The same as JSON Schema: what may be sent, before defaults are filled in. */
export interface JsonSchemas {
  readonly args?: unknown;
  readonly calls: Readonly<Record<string, unknown>>;
  readonly casts: Readonly<Record<string, unknown>>;
}

/** JSON Schema (draft 2020-12) of what a definition accepts, as far as it says. */
export function jsonSchemas({ args, calls = {}, casts = {} }: DefinitionSchemas = {}): JsonSchemas {
  const json = (schema: ZodType): unknown => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const table = (schemas: Readonly<Record<string, ZodType>>) =>
    Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, json(schema)]));
  return { ...(args === undefined ? {} : { args: json(args) }), calls: table(calls), casts: table(casts) };
}
