/**
 * The agent of a node: it asks the leader what to run, runs it as long as it may, and stops it when it may not, whether
 * or not anybody tells it so. It needs no log and no vote. Every input comes with the time of the node's own monotonic
 * clock; no other clock is ever compared with it.
 *
 *     child   ──answer lists it, ask + leaseMs is not over──> running ──answer lists it──> running, from that ask on
 *                                                               │
 *             ended <── its lease is over, an answer lists it not or to be stopped, it crashed ──┘
 *
 * What has ended under an epoch is never run again under that epoch or one before, whatever answer is still under way.
 * That promise is what a leader takes the word "ended" for. (`lease.ts` says why the rest is safe.)
 */
import { unreachable } from '../wire/error.js';
import type { EndReason } from './command.js';
import type { Answer, Ask, Done, Redirect } from './message.js';
import type { SupervisorSettings } from './settings.js';

/** A child that runs here. */
export interface Running {
  readonly epoch: number;
  /** Its lease is over then. */
  untilMs: number;
  /** What it was told to do, with the attempt. */
  tasks: ReadonlyMap<string, number>;
}

/** The state of an agent; made by {@link newAgent}. */
export interface AgentState {
  readonly settings: SupervisorSettings;
  readonly node: string;
  readonly life: number;
  /** Who may be the leader. */
  readonly voters: readonly string[];
  /** Whom it asks. */
  leader: string;
  seq: number;
  /** When each ask was sent that may still be answered. */
  readonly asked: Map<number, number>;
  askedMs: number;
  /** When it last heard who leads. */
  heardMs: number;
  nextAskMs: number;
  /** The highest index that an answer was of. */
  index: number;
  readonly running: Map<string, Running>;
  /** By child: nothing up to this epoch is run here any more. */
  readonly floor: Map<string, number>;
  /** What ended and the leader may not know. */
  readonly ended: Map<string, { readonly epoch: number; readonly reason: EndReason }>;
  /** By task: what came of it, as long as the leader may not know. */
  readonly done: Map<string, Done>;
}

export type AgentInput =
  /** Time has passed. At least several times in `renewMs`, and once in `stopMs`. */
  | { readonly type: 'tick' }
  | { readonly type: 'answer'; readonly from: string; readonly answer: Answer }
  | { readonly type: 'redirect'; readonly redirect: Redirect }
  | { readonly type: 'poke'; readonly from: string }
  /** A child ended by itself. */
  | { readonly type: 'crashed'; readonly child: string; readonly epoch: number }
  | { readonly type: 'done'; readonly done: Done };

/** Carried out in order. */
export type AgentEffect =
  | { readonly type: 'ask'; readonly to: string; readonly ask: Ask }
  | { readonly type: 'start'; readonly child: string; readonly epoch: number }
  /** At once: within `stopMs` it has to be over. */
  | { readonly type: 'stop'; readonly child: string; readonly epoch: number; readonly why: 'lease' | 'told' }
  | {
      readonly type: 'run';
      readonly child: string;
      readonly epoch: number;
      readonly task: string;
      readonly attempt: number;
      readonly payload: string;
    };

/** An agent that runs nothing. `voters`: at least one. */
export function newAgent(
  node: string,
  life: number,
  voters: readonly [string, ...string[]],
  settings: SupervisorSettings,
  nowMs: number,
): AgentState {
  return {
    settings,
    node,
    life,
    voters,
    leader: voters[0],
    seq: 0,
    asked: new Map(),
    askedMs: Number.NEGATIVE_INFINITY,
    heardMs: nowMs,
    nextAskMs: nowMs,
    index: 0,
    running: new Map(),
    floor: new Map(),
    ended: new Map(),
    done: new Map(),
  };
}

/** One step. It changes the state that it is given. */
export function stepAgent(
  state: AgentState,
  nowMs: number,
  input: AgentInput,
): { readonly state: AgentState; readonly effects: readonly AgentEffect[] } {
  const effects: AgentEffect[] = [];
  expire(state, nowMs, effects);
  switch (input.type) {
    case 'tick':
      break;
    case 'answer':
      onAnswer(state, nowMs, input.from, input.answer, effects);
      break;
    case 'redirect':
      onRedirect(state, nowMs, input.redirect);
      break;
    case 'poke':
      follow(state, nowMs, input.from);
      askSoon(state, nowMs);
      break;
    case 'crashed':
      if (state.running.get(input.child)?.epoch !== input.epoch) break;
      end(state, input.child, input.epoch, 'crash');
      askSoon(state, nowMs);
      break;
    case 'done':
      state.done.set(input.done.task, input.done);
      askSoon(state, nowMs);
      break;
    default:
      unreachable(input);
  }
  if (nowMs >= state.nextAskMs) ask(state, nowMs, effects);
  return { state, effects };
}

/** Stops what must not run any more, before anything else is looked at. */
function expire(state: AgentState, nowMs: number, effects: AgentEffect[]): void {
  for (const [child, { epoch, untilMs }] of state.running) {
    if (nowMs < untilMs) continue;
    effects.push({ type: 'stop', child, epoch, why: 'lease' });
    end(state, child, epoch, 'stopped');
  }
}

function onAnswer(state: AgentState, nowMs: number, from: string, answer: Answer, effects: AgentEffect[]): void {
  const { seq, index, life } = answer;
  const askedMs = state.asked.get(seq);
  if (life !== state.life || askedMs === undefined) return;
  state.asked.delete(seq);
  // An answer to a later ask may have been made before this one was: the log tells which is newer.
  if (index < state.index) return;
  state.index = index;
  follow(state, nowMs, from);
  const untilMs = askedMs + state.settings.leaseMs;
  const homes = new Map(answer.homes.map((home) => [home.child, home]));
  for (const [child, { epoch }] of state.running) {
    const home = homes.get(child);
    if (home?.epoch === epoch && home.run) continue;
    effects.push({ type: 'stop', child, epoch, why: 'told' });
    end(state, child, epoch, 'stopped');
  }
  for (const home of answer.homes) take(state, nowMs, untilMs, home, effects);
  // What the log has moved on from need not be told again.
  for (const [child, { epoch }] of state.ended) if (homes.get(child)?.epoch !== epoch) state.ended.delete(child);
  for (const [task, { child, epoch, attempt }] of state.done) {
    const home = homes.get(child);
    const open = home?.epoch === epoch && home.tasks.some((one) => one.task === task && one.attempt === attempt);
    if (!open) state.done.delete(task);
  }
  if (state.ended.size > 0) askSoon(state, nowMs);
}

/** A child has its home here. */
function take(
  state: AgentState,
  nowMs: number,
  untilMs: number,
  { child, epoch, run, tasks }: Answer['homes'][number],
  effects: AgentEffect[],
): void {
  if (!run || epoch <= (state.floor.get(child) ?? 0)) {
    // It has ended here, or is never going to begin: the leader may count on that.
    if (epoch > (state.floor.get(child) ?? 0)) end(state, child, epoch, 'stopped');
    else if (!state.ended.has(child)) state.ended.set(child, { epoch, reason: 'stopped' });
    return;
  }
  // An answer that is so late gives nothing.
  if (nowMs >= untilMs && !state.running.has(child)) return;
  let running = state.running.get(child);
  if (running === undefined) {
    state.running.set(child, (running = { epoch, untilMs, tasks: new Map() }));
    effects.push({ type: 'start', child, epoch });
  }
  running.untilMs = Math.max(running.untilMs, untilMs);
  for (const { task, attempt, payload } of tasks)
    if (running.tasks.get(task) !== attempt) effects.push({ type: 'run', child, epoch, task, attempt, payload });
  running.tasks = new Map(tasks.map(({ task, attempt }) => [task, attempt]));
}

function end(state: AgentState, child: string, epoch: number, reason: EndReason): void {
  state.running.delete(child);
  state.floor.set(child, epoch);
  state.ended.set(child, { epoch, reason });
}

function onRedirect(state: AgentState, nowMs: number, { life, seq, leader }: Redirect): void {
  if (life !== state.life || !state.asked.delete(seq) || leader === null || leader === state.leader) return;
  follow(state, nowMs, leader);
  askSoon(state, nowMs);
}

function follow(state: AgentState, nowMs: number, leader: string): void {
  state.leader = leader;
  state.heardMs = nowMs;
}

/** As soon as may be: a burst of news is told at once. */
function askSoon(state: AgentState, nowMs: number): void {
  state.nextAskMs = Math.min(state.nextAskMs, Math.max(nowMs, state.askedMs + state.settings.renewMs / 10));
}

function ask(state: AgentState, nowMs: number, effects: AgentEffect[]): void {
  const { node, life, settings, voters } = state;
  const { leaseMs, renewMs } = settings;
  // Nobody who leads has been heard of for two asks: one voter after the other is asked.
  if (nowMs - state.heardMs > 2 * renewMs) {
    const next = (voters.indexOf(state.leader) + 1) % voters.length;
    state.leader = voters[next] ?? state.leader;
  }
  state.seq += 1;
  for (const [seq, askedMs] of state.asked) if (nowMs >= askedMs + leaseMs) state.asked.delete(seq);
  state.asked.set(state.seq, nowMs);
  state.askedMs = nowMs;
  state.nextAskMs = nowMs + renewMs;
  const ended = [...state.ended].map(([child, { epoch, reason }]) => ({ child, epoch, reason }));
  const message: Ask = { type: 'ask', node, life, seq: state.seq, ended, done: [...state.done.values()] };
  effects.push({ type: 'ask', to: state.leader, ask: message });
}
