/**
 * The answers of the spawn API, as far as the CLI reads them. They come from another process, maybe of another version,
 * so they are checked, and what is new in them is passed over.
 */
import { z } from 'zod';
import { addressSchema } from '#protocols/wire/address';
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

/** One actor in a tree, with all below it. */
const treeNode = z.object({
  address: addressSchema,
  name: z.string(),
  id: z.string(),
  definition: z.string(),
  status: z.string(),
  restarts: z.number(),
  strategy: z.enum(['one-for-one', 'one-for-all', 'rest-for-one']),
  get children() {
    return z.array(treeNode);
  },
});

/** Answer of `tree`. */
export const treeAnswer = z.object({
  trees: z.array(z.object({ node: z.string(), roots: z.array(treeNode) })),
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
      schemas: z.unknown(),
    }),
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
