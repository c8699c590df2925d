/**
 * The answers of the spawn API, as far as the CLI reads them. They come from another process, maybe of another version,
 * so they are checked, and what is new in them is passed over.
 */
import { z } from 'zod';
import { addressSchema } from '#protocols/wire/address';
import { SkepError } from '#protocols/wire/error';
import type { DeadLetter, DeadLetterReason } from '#runtime';

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

const latency = z.object({ p50: z.number(), p99: z.number(), max: z.number(), count: z.number() });

const slowTurn = z.object({ definition: z.string(), message: z.string(), durationMs: z.number(), atMs: z.number() });

const deadLetter = z.object({
  id: z.string(),
  reason: z.custom<DeadLetterReason>((value) => typeof value === 'string'),
  kind: z.custom<DeadLetter['kind']>((value) => typeof value === 'string'),
  to: addressSchema.optional(),
  from: addressSchema.optional(),
  name: z.string(),
  atMs: z.number(),
  bytes: z.number().optional(),
  replayed: z.boolean(),
  payload: z.unknown().optional(),
});

const metric = z.object({
  name: z.string(),
  type: z.enum(['counter', 'gauge', 'histogram']),
  help: z.string(),
  samples: z.array(
    z.object({
      labels: z.record(z.string(), z.string()),
      value: z.number(),
      suffix: z.exactOptional(z.enum(['_bucket', '_sum', '_count'])),
    }),
  ),
});

/** Answer of `report`. */
export const reportAnswer = z.object({
  nodes: z.array(
    z.object({
      node: z.string(),
      silent: z.array(z.number()),
      executors: z.array(
        z.object({
          id: z.number(),
          uptimeMs: z.number(),
          actors: z.number(),
          pendingCalls: z.number(),
          turns: z.number(),
          processed: z.number(),
          mailbox: z.number(),
          definitions: z.array(
            z.object({
              definition: z.string(),
              version: z.number(),
              actors: z.number(),
              processed: z.number(),
              failed: z.number(),
              restarts: z.number(),
              busyMs: z.number(),
              mailbox: z.number(),
              mailboxMax: z.number(),
            }),
          ),
          busiest: z.array(
            z.object({ address: addressSchema, definition: z.string(), name: z.string(), mailbox: z.number() }),
          ),
          heapUsedBytes: z.number(),
          loopActiveMs: z.number(),
          loopIdleMs: z.number(),
          eventLoopDelay: z.exactOptional(latency),
          turnLatency: latency,
          mailboxWait: latency,
          slowTurns: z.array(slowTurn),
          deadLetters: z.object({
            counts: z.partialRecord(
              z.custom<DeadLetterReason>((value) => typeof value === 'string'),
              z.number(),
            ),
            latest: z.array(deadLetter),
          }),
          flow: z.object({ channels: z.number(), waiting: z.number(), withheld: z.number() }),
          metrics: z.exactOptional(z.array(metric)),
        }),
      ),
    }),
  ),
});

/** Reports of one node. */
export type NodeReport = z.infer<typeof reportAnswer>['nodes'][number];

/** Answer of `inspect`. */
export const inspectAnswer = z.object({
  actor: z.object({
    address: z.string(),
    definition: z.string(),
    version: z.number(),
    name: z.string().nullish(),
    status: z.string(),
    incarnation: z.number(),
    restarts: z.number(),
    uptimeMs: z.number(),
    parent: z.string().nullish(),
    mailbox: z.number(),
    mailboxCapacity: z.number(),
    processed: z.number(),
    children: z.array(z.string()),
    childCount: z.number(),
    watching: z.number(),
    watchers: z.number(),
    timers: z.array(z.string()),
    timerCount: z.number(),
    streams: z.number(),
    current: z
      .object({ message: z.string(), sender: z.string().nullish(), runningMs: z.number(), cancelled: z.boolean() })
      .nullish(),
    slowTurns: z.array(slowTurn),
    state: z.object({ value: z.unknown(), truncated: z.boolean() }).optional(),
  }),
});

/** An actor of `inspect`. */
export type InspectedActor = z.infer<typeof inspectAnswer>['actor'];

/** Answer of `deadLetters`. */
export const deadLettersAnswer = z.object({ letters: z.array(deadLetter), silent: z.array(z.string()) });

/** A letter of `deadLetters`. */
export type ListedLetter = z.infer<typeof deadLettersAnswer>['letters'][number];

/** Answer of `replay`. */
export const replayAnswer = z.object({
  results: z.array(
    z.object({ id: z.string(), outcome: z.string(), to: z.string().optional(), reason: z.string().optional() }),
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
