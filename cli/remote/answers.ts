/**
 * The answers of the spawn API, as far as the CLI reads them. They come from another process, maybe of another version,
 * so they are checked, and what is new in them is passed over.
 */
import { z } from 'zod';
import { SkepError } from '#protocols/wire/error';

/** Answer of `spawn` and `stop`. */
export const refAnswer = z.object({ ref: z.string() });

/** Answer of `cast`. */
export const castAnswer = z.object({ accepted: z.boolean() });

/** Answer of `call`: one reply, or the items of a stream. */
export const callAnswer = z.union([
  z.object({ items: z.array(z.unknown()), complete: z.boolean() }),
  z.object({ reply: z.unknown() }),
]);

/** Answer of `status`. */
export const statusAnswer = z.object({
  cluster: z.string(),
  answeredBy: z.string(),
  nodes: z.array(
    z.object({
      name: z.string(),
      incarnation: z.string(),
      pid: z.number(),
      roles: z.array(z.string()),
      labels: z.record(z.string(), z.string()),
      executors: z.array(z.number()),
    }),
  ),
});

/** Answer of `list`. */
export const listAnswer = z.object({
  actors: z.array(
    z.object({
      address: z.string(),
      definition: z.string(),
      // An actor without a name has an empty one, or none.
      name: z.string().nullish(),
      status: z.string(),
      incarnation: z.number(),
      mailbox: z.number(),
      processed: z.number(),
    }),
  ),
});

/** Answer of `describe`. */
export const describeAnswer = z.object({
  definitions: z.array(
    z.object({
      name: z.string(),
      version: z.number(),
      description: z.string(),
      calls: z.array(z.object({ name: z.string(), stream: z.boolean() })),
      casts: z.array(z.string()),
      phases: z
        .array(z.object({ name: z.string(), calls: z.array(z.string()), casts: z.array(z.string()) }))
        .optional(),
      schemas: z.unknown(),
    }),
  ),
});

const wireError = z.object({ code: z.string(), message: z.string() });
const counts = { pending: z.number(), migrated: z.number(), failed: z.number(), failures: z.array(z.string()) };
const reloadedDefinition = z.object({ name: z.string(), version: z.number(), change: z.string(), ...counts });

/** Answer of `reload`: what each node did, or why it did nothing. */
export const reloadAnswer = z.object({
  nodes: z.array(
    z.union([
      z.object({
        node: z.string(),
        report: z.object({ module: z.string(), definitions: z.array(reloadedDefinition) }),
      }),
      z.object({ node: z.string(), error: wireError }),
    ]),
  ),
});

/** An actor of `list`. */
export type ListedActor = z.infer<typeof listAnswer>['actors'][number];

/** Checks an answer. @throws SkepError BAD_FRAME for one that this version does not understand. */
export function readAnswer<S extends z.ZodType>(schema: S, answer: unknown): z.output<S> {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new SkepError(
    'BAD_FRAME',
    `the cluster gave an answer that this version does not understand: ${parsed.error.issues[0]?.path.join('.') ?? ''}`,
  );
}
