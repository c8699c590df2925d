/**
 * A request that was let in, until it has ended.
 *
 *     waiting --slot--> running --end of the answer--> ended
 *        '------------------'------ cancel, deadline, loss, failure -----^      exactly once
 */
import type { AskRequest, TokenUsage } from '#protocols/wire/inference';
import type { Timer } from '#runtime/clock/clock';
import type { Work } from '../backend.js';
import type { Reservation } from '../budget.js';
import type { Queued } from '../queue/request.js';
import type { Taken } from '../queue/request-queue.js';
import type { Answer } from './answer.js';
import type { Loaded } from './loading.js';

/** What a job is made of. */
export interface JobFacts extends Queued {
  readonly request: AskRequest;
  readonly answer: Answer;
  readonly promptTokens: number;
  readonly maxTokens: number;
  readonly reservation: Reservation | undefined;
}

/** A job in a slot. */
export interface Run {
  readonly taken: Taken<Job>;
  readonly loaded: Loaded;
  readonly startedMs: number;
  readonly controller: AbortController;
  /** Tokens that have come, and when the last did. */
  tokens: number;
  lastTokenMs: number | undefined;
  /** Runs while the backend is to let go of it. */
  limit?: Timer;
}

export class Job implements Queued {
  readonly id: string;
  readonly agent: string;
  readonly band: number;
  readonly arrivedMs: number;
  readonly deadlineMs: number;
  readonly weight: number;
  readonly cost: number;
  readonly request: AskRequest;
  readonly answer: Answer;
  readonly promptTokens: number;
  readonly maxTokens: number;
  readonly reservation: Reservation | undefined;
  /** While it is in a slot, and behind that. */
  run: Run | undefined;
  ended = false;
  /** Whether its model waits for its reader. */
  paused = false;
  /** Timers of its deadline and of the absence of its reader. */
  deadline: Timer | undefined;
  grace: Timer | undefined;

  constructor(facts: JobFacts) {
    this.id = facts.id;
    this.agent = facts.agent;
    this.band = facts.band;
    this.arrivedMs = facts.arrivedMs;
    this.deadlineMs = facts.deadlineMs;
    this.weight = facts.weight;
    this.cost = facts.cost;
    this.request = facts.request;
    this.answer = facts.answer;
    this.promptTokens = facts.promptTokens;
    this.maxTokens = facts.maxTokens;
    this.reservation = facts.reservation;
  }

  /** What it took so far, where its backend does not say: all of the prompt once it is in a slot, and what has come. */
  get usage(): TokenUsage {
    return { input: this.run === undefined ? 0 : this.promptTokens, cached: 0, output: this.run?.tokens ?? 0 };
  }
}

/** The longest that a request may be said to have: a backend may make a timer of it, or write it down as JSON. */
const DAY_MS = 86_400_000;

/** What the backend gets of a request. */
export function workOf({ request, id, maxTokens, deadlineMs }: Job, nowMs: number): Work {
  const { priority: _priority, agent: _agent, deadlineMs: _deadlineMs, ...rest } = request;
  return { ...rest, id, maxTokens, timeLeftMs: Math.min(DAY_MS, deadlineMs - nowMs) };
}
