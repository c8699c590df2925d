/**
 * A skill is what an agent can do: a named, versioned, deterministic function from plain input to plain output. The
 * engine knows nothing of what a skill computes; it only schedules, leases, retries, verifies and reduces. Input and
 * output cross threads and nodes as msgpack, so both are plain data (no class instances, functions or undefined).
 */

/** What a running skill may use of its agent. */
export interface SkillContext {
  /** Aborted when the task is cancelled, its lease ends, or the agent stops. Long loops check it. */
  readonly signal: AbortSignal;
}

/** A statement of a skill that is important enough to be derived again by another agent. */
export interface Claim {
  /** Canonical and complete: two agents that derived the same thing give the same key. */
  readonly key: string;
}

/** A skill; see {@link defineSkill}. */
export interface Skill<Input = never, Output = unknown> {
  readonly kind: 'skill';
  /** Unique on a node, such as `audit.scan-files`. */
  readonly name: string;
  readonly version: number;
  /** Deterministic in its input and in the files that the input names. May be async and may take seconds. */
  readonly run: (input: Input, context: SkillContext) => Output | Promise<Output>;
  /** The claims in an output that verification derives again; none by default. */
  readonly claims?: (output: Output) => readonly Claim[];
  /** The smallest input from which the claims of `output` can be derived again; the whole input by default. */
  readonly narrow?: (input: Input, output: Output) => Input;
  /** An output with the claims falsified: what a lying agent answers. Only test switches use it. */
  readonly falsify?: (output: Output) => Output;
}

/** Declares a skill; the types of input and output are inferred from `run`. */
export function defineSkill<Input, Output>(skill: Omit<Skill<Input, Output>, 'kind'>): Skill<Input, Output> {
  return { kind: 'skill', ...skill };
}
