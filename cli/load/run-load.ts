/**
 * A load against a running cluster: joins it as a client, starts targets over the spawn API, generates, checks the side
 * effects, and stops what it started, however it ends.
 */
import { type Config } from '#config';
import { SkepError } from '#protocols/wire/error';
import { type Clock, systemClock } from '#runtime/clock/clock';
import { allSeen } from '../launch/all-seen.js';
import { joinAsClient } from '../launch/join-client.js';
import { readAnswer, statusAnswer } from '../remote/answers.js';
import { type Ask, withCluster } from '../remote/session.js';
import { Arrivals } from './arrivals.js';
import { generate } from './generator.js';
import { MemoryWatch, type NodeMemory } from './memory.js';
import type { Totals, Window } from './recorder.js';
import { type Scenario, stagesOf } from './scenario.js';
import { Targets, type Verified } from './targets.js';
import { type Breakpoint, BreakpointSearch, judge, type Judgement, type Thresholds } from './verdict.js';

/** What to run. */
export interface LoadSpec {
  readonly scenario: Scenario;
  /** The expected load, in calls per second. */
  readonly rate: number;
  readonly durationMs: number;
  /** Actors that are called. */
  readonly actors: number;
  readonly thresholds: Thresholds;
}

/** What came of it. */
export interface LoadReport extends LoadSpec {
  readonly cluster: string;
  /** Nodes that hosted targets. */
  readonly nodes: readonly string[];
  readonly interrupted: boolean;
  /** How long calls were made; less than the duration when it was ended early. */
  readonly activeMs: number;
  /** Arrivals that belonged into that time, and per second, beside the replies per second. */
  readonly wanted: number;
  readonly wantedPerSecond: number;
  readonly achievedPerSecond: number;
  readonly totals: Totals;
  /** Calls that had neither reply nor failure when it ended. */
  readonly outstanding: number;
  readonly windows: readonly Window[];
  readonly memory: readonly NodeMemory[];
  readonly verified: Verified;
  readonly breakpoint?: Breakpoint;
  readonly judgements: readonly Judgement[];
  readonly kept: boolean;
}

/** How to run it. */
export interface LoadOptions {
  readonly config: Config;
  readonly signal: AbortSignal;
  readonly onStart?: (nodes: readonly string[]) => void;
  readonly onWindow?: (window: Window) => void;
}

/** The charts have about so many points. */
const WINDOWS = 60;
const LEAST_WINDOW_MS = 200;
/** A breakpoint is judged by windows, so that each needs enough calls for a 99th percentile. */
const LEAST_BREAKPOINT_WINDOW_MS = 500;
const MOST_WINDOW_MS = 60_000;
const MEMORY_PERIOD_MS = 2_000;
/** What targets live longer than the load, for the time around it. */
const LEASE_MARGIN_MS = 120_000;
const MAX_OUTSTANDING = 20_000;
/** The deadline of calls has passed by then, for all of them. */
const SETTLE_MARGIN_MS = 1_000;

/** Runs a load. @throws SkepError NO_CLUSTER, TRANSPORT_FAILED, or JOB_CANCELLED when it is interrupted before it began. */
export async function runLoad(spec: LoadSpec, { config, signal, onStart, onWindow }: LoadOptions): Promise<LoadReport> {
  // The conversation outlives an interruption: what was started is stopped over it.
  return withCluster(config, new AbortController().signal, async (ask) => {
    const { cluster, nodes } = readAnswer(statusAnswer, await ask('status', {}));
    const hosts = nodes.filter(({ roles }) => roles.includes('worker')).map(({ name }) => name);
    if (hosts.length === 0) throw new SkepError('NO_CLUSTER', `cluster ${cluster} has no node that hosts actors`);
    const fatal = new AbortController();
    const ended = AbortSignal.any([signal, fatal.signal]);
    const client = await joinAsClient(config, 'load', (error) => fatal.abort(error));
    try {
      await allSeen(client, hosts, signal);
      const leaseMs = spec.durationMs + LEASE_MARGIN_MS;
      const targets = await Targets.start(client.system, ask, { nodes: hosts, count: spec.actors, leaseMs });
      try {
        onStart?.(hosts);
        const told = onWindow ?? (() => {});
        const measuring = { ask, self: client.self.name, targets, signal: ended, onWindow: told, clock: systemClock };
        const measured = await measureLoad(spec, measuring, config);
        fatal.signal.throwIfAborted();
        return { ...measured, cluster, nodes: hosts, interrupted: signal.aborted };
      } finally {
        await targets.stop(ask);
      }
    } finally {
      await client.stop();
    }
  });
}

interface Measuring {
  readonly ask: Ask;
  /** Name of the client. */
  readonly self: string;
  readonly targets: Targets;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly onWindow: (window: Window) => void;
}

async function measureLoad(
  spec: LoadSpec,
  { ask, self, targets, signal, clock, onWindow }: Measuring,
  config: Config,
): Promise<Omit<LoadReport, 'cluster' | 'nodes' | 'interrupted'>> {
  const { scenario, rate, durationMs, thresholds } = spec;
  const { timeoutMs } = config.calls;
  const search = scenario === 'breakpoint' ? new BreakpointSearch(thresholds) : undefined;
  const memory = new MemoryWatch(ask, clock, MEMORY_PERIOD_MS, self);
  await memory.start();
  const { recorder, activeMs, wanted, inTime, outstanding } = await generate({
    arrivals: new Arrivals(stagesOf(scenario, rate, durationMs)),
    clock,
    call: (index) => targets.call(index, timeoutMs),
    maxOutstanding: MAX_OUTSTANDING,
    windowMs: windowOf(scenario, durationMs),
    onWindow: (window) => {
      onWindow(window);
      return search?.take(window) === true;
    },
    settleMs: timeoutMs + SETTLE_MARGIN_MS,
    signal,
  });
  const verified = await targets.verify(timeoutMs);
  const totals = recorder.totals();
  const seconds = Math.max(activeMs, 1) / 1_000;
  const breakpoint = search?.found;
  const judgements = judge(
    totals,
    verified,
    thresholds,
    breakpoint === undefined ? undefined : { breakpoint, expectedRate: rate },
  );
  return {
    ...spec,
    activeMs,
    wanted,
    wantedPerSecond: wanted / seconds,
    achievedPerSecond: inTime / seconds,
    totals,
    outstanding,
    windows: recorder.windows,
    memory: await memory.stop(),
    verified,
    ...(breakpoint === undefined ? {} : { breakpoint }),
    judgements,
    kept: judgements.every(({ kept }) => kept),
  };
}

function windowOf(scenario: Scenario, durationMs: number): number {
  const least = scenario === 'breakpoint' ? LEAST_BREAKPOINT_WINDOW_MS : LEAST_WINDOW_MS;
  return Math.min(MOST_WINDOW_MS, Math.max(least, durationMs / WINDOWS));
}
