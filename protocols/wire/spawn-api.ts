/**
 * The spawn API's requests and answers: what a NATS client in any language sends and gets. Documented for people in
 * `docs/spawn-api.md`; these schemas are what is checked.
 */
import { z } from 'zod';
import { addressSchema, nameSchema } from './address.js';
import { deadLetterIdSchema } from './operator.js';

/** An actor, by its address or by its name (on `node`, or on whichever node has it). */
const target = {
  ref: addressSchema.optional().describe('address of the actor, such as node-1@k3f9/2/17'),
  name: nameSchema.optional().describe('name of the actor; give either ref or name'),
  node: nameSchema
    .optional()
    .describe('node on which the name is looked up; default: all nodes, and the name must be that of one actor'),
};

const timeoutMs = z.number().int().min(1).max(600_000).optional().describe('deadline in milliseconds; default 5000');

/** Requests by endpoint. */
export const spawnApiRequests = {
  spawn: z.strictObject({
    definition: z.string().min(1).max(128),
    version: z.number().int().min(1).optional(),
    args: z.unknown().optional(),
    name: nameSchema.optional(),
    node: nameSchema.optional(),
    executor: z.union([z.enum(['system', 'default']), z.number().int().min(0).max(9_999)]).optional(),
    restart: z.enum(['permanent', 'transient', 'temporary']).optional(),
  }),
  stop: z.strictObject(target),
  call: z.strictObject({
    ...target,
    call: z.string().min(1).max(128),
    message: z.unknown().optional(),
    timeoutMs,
    maxItems: z.number().int().min(1).max(100_000).optional().describe('items read of a stream; default 1000'),
  }),
  cast: z.strictObject({ ...target, cast: z.string().min(1).max(128), message: z.unknown().optional() }),
  list: z.strictObject({ node: nameSchema.optional() }),
  tree: z.strictObject({ node: nameSchema.optional() }),
  describe: z.strictObject({ definition: z.string().min(1).max(128).optional() }),
  reload: z.strictObject({
    module: z
      .string()
      .min(1)
      .max(4_096)
      .describe('path of a module that the nodes were started with, or the end of it'),
    node: nameSchema.optional().describe('node that loads it again; default: all'),
    force: z.boolean().optional().describe('whether handlers may change under an unchanged version'),
  }),
  status: z.strictObject({}),
  report: z.strictObject({ node: nameSchema.optional() }),
  inspect: z.strictObject({ ...target, state: z.boolean().optional() }),
  deadLetters: z.strictObject({
    node: nameSchema.optional(),
    reason: z.string().min(1).max(64).optional(),
    payload: z.boolean().optional(),
    limit: z.number().int().min(1).max(1_000).optional(),
  }),
  replay: z.strictObject({
    ids: z.array(deadLetterIdSchema).max(1_000).optional(),
    node: nameSchema.optional(),
    reason: z.string().min(1).max(64).optional(),
    to: addressSchema.optional(),
    force: z.boolean().optional(),
  }),
} as const;

/** Names of the endpoints. */
export type SpawnApiEndpoint = keyof typeof spawnApiRequests;

/** The checked request of an endpoint. */
export type SpawnApiRequest<E extends SpawnApiEndpoint> = z.output<(typeof spawnApiRequests)[E]>;
