/**
 * A plan as a file: everything that happens in a run by decree, with its seed, so that a failure can be kept, sent and
 * run again. What people edit by hand is checked on the way in.
 */
import { readFile } from 'node:fs/promises';
import { SkepError } from '#protocols/wire/error';
import { faultKinds, rates } from '#runtime/simulation/knobs';
import type { RunPlan } from '#runtime/simulation/run';
import { z } from 'zod';

/** A plan with what it is about. */
export interface PlanFile {
  readonly model: string;
  readonly seed: number;
  /** What the run broke when it was written. */
  readonly invariant?: string | undefined;
  readonly plan: RunPlan;
}

const time = z.number().min(0);
const node = z.int().min(0);
const kind = z.enum(faultKinds);

const knobsSchema = z.object({
  ...(Object.fromEntries(rates.map((rate) => [rate, time])) as Record<(typeof rates)[number], typeof time>),
  // JSON has no infinity: a world without faults has null.
  faultMeanUs: time.nullable().transform((value) => value ?? Number.POSITIVE_INFINITY),
  faults: z.array(kind),
});

const schema = z.object({
  format: z.literal('skep simulation plan 1'),
  model: z.string(),
  seed: z.int().min(0),
  invariant: z.string().optional(),
  plan: z
    .object({
      size: z.int().min(1).max(1_000),
      setup: z.unknown(),
      operations: z.array(z.object({ atUs: time, operation: z.unknown() })),
      spare: z.int().min(0),
      knobs: knobsSchema,
      faults: z.array(
        z.object({
          kind,
          atUs: time,
          forUs: time,
          node: z.int().min(-1),
          links: z.array(z.tuple([node, node])),
          byUs: z.number(),
        }),
      ),
      lost: z.array(node),
      rotten: z.array(node),
    })
    .refine(namesItsNodes, 'names a node that its size does not have'),
});

/** A plan as the text of a file. */
export function planText({ model, seed, invariant, plan }: PlanFile): string {
  return `${JSON.stringify({ format: 'skep simulation plan 1', model, seed, invariant, plan }, null, 2)}\n`;
}

/** @throws SkepError PATH_UNREADABLE, or BAD_PLAN when it is not a plan. */
export async function readPlan(path: string): Promise<PlanFile> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SkepError('PATH_UNREADABLE', `--plan: ${path} cannot be read: ${why}`, { path }, cause);
  });
  const parsed = schema.safeParse(jsonOf(text, path));
  if (!parsed.success) throw bad(path, z.prettifyError(parsed.error).replaceAll('\n', ' '));
  return parsed.data;
}

function jsonOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw bad(path, cause instanceof Error ? cause.message : String(cause));
  }
}

function bad(path: string, why: string): SkepError {
  return new SkepError('BAD_PLAN', `--plan: ${path} is not a plan of a simulation: ${why}`, { path });
}

/** A fault is about one node, or about links. */
function namesItsNodes(plan: {
  readonly size: number;
  readonly faults: readonly {
    readonly node: number;
    readonly links: readonly (readonly [number, number])[];
  }[];
  readonly lost: readonly number[];
  readonly rotten: readonly number[];
}): boolean {
  const named = [
    ...plan.lost,
    ...plan.rotten,
    ...plan.faults.flatMap(({ node: one, links }) => (one < 0 && links.length > 0 ? links.flat() : [one])),
  ];
  return named.every((each) => each >= 0 && each < plan.size);
}
