/**
 * The account of a run: what it took to produce the result. It counts tasks, verifications included, as they stand:
 * when a result is thrown away it leaves the counts it was in and enters `rerun`, so at the end of a finished job the
 * tasks of all nodes together are exactly the tasks completed, and those are all there were.
 *
 * People are shown something slightly different, because a bar that runs backwards looks broken: `done` is the
 * highest count reached so far and `total` is never below it. After an outvote the bar stands still until the lost
 * ground is made good. Both meet the account's own numbers again at the end, unless a map whose source had to be
 * produced again came out smaller than what was shown before.
 */

/** A node's part in the run. */
interface NodeTally {
  /** Tasks whose accepted result came from it. */
  accepted: number;
  /** Its agents alive now, and the most there were at once. */
  alive: number;
  peak: number;
  /** Whether the last agent to leave it so far went down rather than stopped. */
  wentDown: boolean;
}

/** An agent whose claims a vote refuted. */
export interface OutvotedAgent {
  readonly agent: string;
  readonly node: string;
  readonly task: string;
  /** Votes that gave its answer (its own among them), and votes that gave another. */
  readonly votesFor: number;
  readonly votesAgainst: number;
}

/** The counters that a run keeps. */
export interface Account {
  /** Tasks, verifications included, that the job has at this moment. */
  total: number;
  completed: number;
  rerun: number;
  duplicatesIgnored: number;
  verified: number;
  disputed: number;
  unverifiable: number;
  readonly nodes: Map<string, NodeTally>;
  readonly outvoted: OutvotedAgent[];
}

/** What a run reports of itself when it is over; not covered by any digest, because it differs from run to run. */
export interface JobAccount {
  readonly job: string;
  /** ISO 8601, read from the `now` of the start as milliseconds since 1970. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly tasks: {
    readonly total: number;
    readonly completed: number;
    /** Executions thrown away: their agent or lease was lost, they failed, or their agent or their subject was refuted. */
    readonly rerun: number;
    /** Tasks that ended without an accepted result: 0 for a finished job. */
    readonly lost: number;
    /** Completions for a completed or dropped task, for an old attempt, or by an agent that does not hold the task. */
    readonly duplicatesIgnored: number;
    /** Tasks whose claims a majority of at least two agents stands behind. */
    readonly verified: number;
    /** Tasks over which agents disagreed at least once. */
    readonly disputed: number;
    /** Tasks that should have been verified while no second agent was there to do it. */
    readonly unverifiable: number;
  };
  /** Sorted by name. */
  readonly nodes: readonly {
    readonly name: string;
    readonly roles: readonly string[];
    readonly agents: number;
    readonly tasks: number;
    readonly status: 'alive' | 'lost';
  }[];
  readonly outvoted: readonly OutvotedAgent[];
}

/** What the account takes from elsewhere. */
interface RunFacts {
  readonly job: string;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** Whether the job is over, so that what is open is lost. */
  readonly over: boolean;
  /** Roles of each node, by its name. */
  readonly roles: ReadonlyMap<string, readonly string[]>;
}

/** An account with nothing in it. */
export function emptyAccount(): Account {
  return {
    total: 0,
    completed: 0,
    rerun: 0,
    duplicatesIgnored: 0,
    verified: 0,
    disputed: 0,
    unverifiable: 0,
    nodes: new Map(),
    outvoted: [],
  };
}

/** The tally of a node, begun at its first mention. */
export function tallyOf(account: Account, node: string): NodeTally {
  let tally = account.nodes.get(node);
  if (tally === undefined) {
    tally = { accepted: 0, alive: 0, peak: 0, wentDown: false };
    account.nodes.set(node, tally);
  }
  return tally;
}

/** The report over an account. */
export function reportAccount(account: Account, facts: RunFacts): JobAccount {
  const { total, completed, rerun, duplicatesIgnored, verified, disputed, unverifiable } = account;
  const lost = facts.over ? total - completed : 0;
  return {
    job: facts.job,
    startedAt: new Date(facts.startedAtMs).toISOString(),
    durationMs: facts.durationMs,
    tasks: { total, completed, rerun, lost, duplicatesIgnored, verified, disputed, unverifiable },
    nodes: [...account.nodes]
      .map(([name, tally]) => ({
        name,
        roles: facts.roles.get(name) ?? [],
        agents: tally.peak,
        tasks: tally.accepted,
        status: tally.alive === 0 && tally.wentDown ? ('lost' as const) : ('alive' as const),
      }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    outvoted: [...account.outvoted],
  };
}
