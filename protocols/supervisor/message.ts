/**
 * What nodes and leaders of a replicated supervisor send each other. Each may be lost, late, doubled or overtaken: a node
 * asks again, and every ask carries all that the leader has not been seen to know.
 *
 *     node                                        leader
 *       | ask: what ended, what is done ──────────> |   proposes what it is told, asks its quorum whether it still leads
 *       | <────────────────── answer: homes, tasks  |   as of an index of the log; with it a lease, from the ask on
 *       | <─────────────────────────────── redirect |   not the leader
 *       | <─────────────────────────────────── poke |   there is something new: ask
 *     any node
 *       | submit ─────────────────────────────────> |   a task of a client
 *       | <────────────────────────────── submitted |   after it is committed
 */
import { z } from 'zod';

const name = z.string().min(1).max(256);
const count = z.int().nonnegative();

const ended = z.strictObject({ child: name, epoch: count, reason: z.enum(['crash', 'stopped']) });

const done = z.strictObject({
  task: name,
  child: name,
  epoch: count,
  attempt: count,
  /** null: it failed. */
  result: z.string().nullable(),
});

const ask = z.strictObject({
  type: z.literal('ask'),
  node: name,
  /** Of the node: what is said by one of its processes is no word of another. */
  life: count,
  /** Counts the asks of this life. */
  seq: count,
  /** Children that do not run any more, and will not under these epochs. */
  ended: z.array(ended),
  done: z.array(done),
});

const home = z.strictObject({
  child: name,
  epoch: count,
  /** False: it is leaving, and is to be stopped. */
  run: z.boolean(),
  tasks: z.array(z.strictObject({ task: name, attempt: count, payload: z.string() })),
});

const answer = z.strictObject({
  type: z.literal('answer'),
  life: count,
  seq: count,
  /** Of the log, that the leader had applied. */
  index: count,
  /** Everything that has a home on the node. */
  homes: z.array(home),
});

const redirect = z.strictObject({ type: z.literal('redirect'), life: count, seq: count, leader: name.nullable() });

const poke = z.strictObject({ type: z.literal('poke') });

const submit = z.strictObject({
  type: z.literal('submit'),
  /** Of this attempt of the client. */
  id: name,
  client: name,
  seq: count,
  acked: count,
  payload: z.string(),
});

const submitted = z.strictObject({
  type: z.literal('submitted'),
  id: name,
  /** `accepted` and `done` are so for good; `settled`: the client has said that it has the result; `refused`: ask elsewhere. */
  status: z.enum(['accepted', 'done', 'settled', 'refused']),
});

const message = z.discriminatedUnion('type', [ask, answer, redirect, poke, submit, submitted]);

/** What came of a task. */
export type Done = Readonly<z.infer<typeof done>>;
export type Ask = Readonly<z.infer<typeof ask>>;
export type Answer = Readonly<z.infer<typeof answer>>;
export type Redirect = Readonly<z.infer<typeof redirect>>;
export type Submit = Readonly<z.infer<typeof submit>>;
export type Submitted = Readonly<z.infer<typeof submitted>>;
export type SupervisorMessage = Readonly<z.infer<typeof message>>;

/** The message that a decoded packet of a peer is; undefined when it is none. */
export function asSupervisorMessage(value: unknown): SupervisorMessage | undefined {
  const parsed = message.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}
