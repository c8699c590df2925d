/**
 * What an option is, beyond its zod type: the words, the unit and the default that the documentation, the messages and
 * the printed table all need. The facts hang on the schema itself, so that an option cannot exist without them and no
 * second list has to be kept in step.
 */
import * as z from 'zod';

/** What computed defaults may know of the machine. */
export interface Host {
  readonly hostname: string;
  /** Cores that this process may use. */
  readonly cores: number;
}

/** A default that depends on the machine or on another option. */
interface ComputedDefault {
  /** The formula in words, for the documentation. */
  readonly words: string;
  /** `settled` gives the value of another option, not yet validated. */
  readonly value: (host: Host, settled: (path: string) => unknown) => string | number;
}

/** The facts of one option. */
export interface OptionFacts<T = unknown> {
  /** What it does and what follows from a higher, lower or missing value. */
  readonly text: string;
  /** Unit of a number: `ms`, `bytes`, `messages`. */
  readonly unit?: string;
  readonly default?: T;
  readonly computed?: ComputedDefault;
  /** The allowed form in words, where the type alone does not say it. */
  readonly form?: string;
  /** `whole`: the value is never shown. `url`: a URL whose user part is never shown. */
  readonly secret?: 'whole' | 'url';
  /** A second environment variable that sets it. */
  readonly alias?: string;
}

const registry = z.registry<OptionFacts>();

/** Marks a schema as an option. Each call needs a schema of its own: the facts are kept by identity. */
export function option<S extends z.ZodType>(schema: S, facts: OptionFacts<z.output<S>>): S {
  registry.add(schema, facts);
  return schema;
}

/** The facts of an option; undefined for a schema that is a section. */
export function factsOf(schema: z.ZodType): OptionFacts | undefined {
  return registry.get(schema);
}

/** Longest text of an option, in UTF-16 units; the longest path of common systems. */
const MAX_TEXT = 4096;

/** A whole number, both bounds allowed. */
export function whole(min: number, max: number): z.ZodNumber {
  return z.number().int().min(min).max(max);
}

/** Text without control characters, 1 to 4096 characters: paths and credentials. */
export function plainText(): z.ZodString {
  return z
    .string()
    .min(1)
    .max(MAX_TEXT)
    .regex(/^\P{Cc}*$/u);
}

/** Words for {@link plainText}. */
export const plainTextForm = `text of 1 to ${MAX_TEXT} characters, without control characters`;

/** A name: NATS subjects, file names and log fields carry it, so nothing in it may have a meaning there. */
export function nameText(): z.ZodString {
  return z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
}

/** Words for {@link nameText}. */
export const nameForm = '1 to 64 letters, digits, hyphens or underscores';

/**
 * A rule between two options of one section, told at the option `key`. `other` is the full path of the option it is
 * held against, so that the message can say where that one came from.
 */
export function crossField(key: string, other: string, message: string): z.core.$ZodRawIssue<z.core.$ZodIssueCustom> {
  return { code: 'custom', path: [key], message, params: { other }, input: undefined };
}
