/**
 * The job graph: what a person writes to describe a job, checked once, before anything runs. It is plain data, so that
 * it can come from YAML, from a template or from a program, and so that it can be stored with the state of its run.
 */
import { z } from 'zod';
import { SkepError, unreachable } from '#protocols/wire/error';

const stageId = z.string().regex(/^[a-z0-9-]{1,64}$/, 'expected 1 to 64 lower-case letters, digits or hyphens');
const skillName = z.string().min(1).max(256);

/** What every stage may say of its tasks. */
const common = {
  id: stageId,
  /** Name of the skill that its tasks run. */
  skill: skillName,
  /** Ready tasks with a higher priority are assigned first. Default 0. */
  priority: z.number().default(0),
  /** Failures a task may have before the job fails: `retries + 1` executions at most. Default 3. */
  retries: z.int().min(0).max(100).default(3),
  /** How long an agent may hold a task without renewing, in milliseconds. Default 60,000. */
  leaseMs: z.int().min(1).max(86_400_000).default(60_000),
  /** Which results other agents derive again; see `verification.ts`. Default `none`. */
  verify: z.enum(['claims', 'all', 'none']).default('none'),
};

const taskStage = z.strictObject({
  ...common,
  kind: z.literal('task'),
  input: z.unknown().default(null),
  /** Stages that must be complete before it starts; order only, no data. */
  after: z.array(stageId).default([]),
});

const mapStage = z.strictObject({
  ...common,
  kind: z.literal('map'),
  /** The output of the task stage `stage` holds an array under `field`: each element is the input of one task. */
  over: z.strictObject({ stage: stageId, field: z.string().min(1) }),
});

const reduceStage = z.strictObject({
  ...common,
  kind: z.literal('reduce'),
  /** Its one task gets `{ input, results: { [stage]: outputs in instance order } }` of these stages. */
  from: z.array(stageId).min(1),
  input: z.unknown().default(null),
});

const graphSchema = z.strictObject({
  name: z.string().min(1).max(128),
  stages: z.array(z.discriminatedUnion('kind', [taskStage, mapStage, reduceStage])).min(1),
});

/** A checked graph; every default is filled in. */
export type JobGraph = z.output<typeof graphSchema>;

/** A graph as it is written, before {@link parseGraph}. */
export type JobGraphInput = z.input<typeof graphSchema>;

/** One stage of a checked graph. */
export type Stage = JobGraph['stages'][number];

/** The graph in `value`, or `BAD_GRAPH` naming the stage and what is wrong with it. */
export function parseGraph(value: unknown): JobGraph {
  const parsed = graphSchema.safeParse(value);
  if (!parsed.success) {
    throw shapeError(value, parsed.error.issues[0]);
  }
  const stages = new Map<string, Stage>();
  for (const stage of parsed.data.stages) {
    if (stages.has(stage.id)) {
      throw badGraph(stage.id, 'its id is used twice; give every stage its own id');
    }
    stages.set(stage.id, stage);
  }
  for (const stage of stages.values()) {
    checkReferences(stage, stages);
  }
  checkAcyclic(stages);
  return parsed.data;
}

/** Stages whose outputs are input of `stage`. */
export function dataSources(stage: Stage): readonly string[] {
  switch (stage.kind) {
    case 'task':
      return [];
    case 'map':
      return [stage.over.stage];
    case 'reduce':
      return stage.from;
    default:
      return unreachable(stage);
  }
}

/** Stages that must be complete before `stage` starts, for their data or for the order alone. */
export function predecessors(stage: Stage): readonly string[] {
  return stage.kind === 'task' ? stage.after : dataSources(stage);
}

function checkReferences(stage: Stage, stages: ReadonlyMap<string, Stage>): void {
  const named = predecessors(stage);
  const field = { task: 'after', map: 'over.stage', reduce: 'from' }[stage.kind];
  for (const id of named) {
    if (!stages.has(id)) {
      throw badGraph(stage.id, `${field} names the stage '${id}', which does not exist`);
    }
  }
  if (new Set(named).size < named.length) {
    throw badGraph(stage.id, `${field} names a stage twice; name each once`);
  }
  if (stage.kind === 'map' && stages.get(stage.over.stage)?.kind !== 'task') {
    throw badGraph(stage.id, `over.stage names '${stage.over.stage}', which is not a stage of kind task`);
  }
}

/** Depth first with the path in hand, so that the error can name the whole cycle. */
function checkAcyclic(stages: ReadonlyMap<string, Stage>): void {
  const finished = new Set<string>();
  const path: string[] = [];
  const visit = (id: string): void => {
    if (finished.has(id)) {
      return;
    }
    const start = path.indexOf(id);
    if (start >= 0) {
      throw badGraph(id, `it waits for itself: ${[...path.slice(start), id].join(' -> ')}; break the cycle`);
    }
    path.push(id);
    const stage = stages.get(id);
    for (const before of stage === undefined ? [] : predecessors(stage)) {
      visit(before);
    }
    path.pop();
    finished.add(id);
  };
  for (const id of stages.keys()) {
    visit(id);
  }
}

/** The first complaint of the schema, in terms of the stage rather than of its place in the array. */
function shapeError(value: unknown, issue: z.core.$ZodIssue | undefined): SkepError {
  const path = issue?.path ?? [];
  const message = issue?.message ?? 'it is not a graph';
  if (path[0] !== 'stages' || typeof path[1] !== 'number') {
    const where = path.length === 0 ? 'graph' : path.join('.');
    return new SkepError('BAD_GRAPH', `${where}: ${message}`, { field: where });
  }
  const raw: unknown = z.looseObject({ stages: z.array(z.unknown()) }).safeParse(value).data?.stages[path[1]];
  const id = z.looseObject({ id: z.string() }).safeParse(raw).data?.id ?? `#${path[1] + 1}`;
  const field = path.slice(2).join('.');
  return badGraph(id, field === '' ? message : `${field}: ${message}`, field);
}

function badGraph(stage: string, problem: string, field = ''): SkepError {
  return new SkepError('BAD_GRAPH', `stage '${stage}': ${problem}`, field === '' ? { stage } : { stage, field });
}
