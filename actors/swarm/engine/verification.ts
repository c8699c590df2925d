/**
 * Verification by vote. The claims of a result are derived again by an agent that has not voted on it, on another node
 * where one is alive. Two equal sets of claims settle it. Otherwise further agents derive them, one at a time, until a
 * set has more than half of the votes; agents that gave another set are outvoted. What this cannot see through is two
 * agents that tell the same lie and happen to be the first two asked.
 *
 * An outvoted agent is quarantined for the rest of the job: it gets no more work, what it holds is taken away, and
 * every result accepted from it is thrown away, votes on others included, because its word is worth nothing now. That
 * can undo the agreement on other results, whose verification then goes on. It cannot go on for ever: every conviction
 * takes one more agent out.
 */
import type { OutvotedAgent } from './account.js';
import { giveUp } from './failing.js';
import { stableHash } from './hash.js';
import { isEligible } from './scheduler.js';
import { dropVerifications, settle, unsettle } from './stages.js';
import type { AgentState, EngineState, RunTask, Turn, VerifyTask } from './state.js';
import { createVerification, dropTask, enqueue, revoke, stageOf, withdraw } from './tasks.js';
import { judge, type Vote } from './votes.js';

/** Decides what a newly accepted result needs: nothing, or a verification and of which input. */
export function beginVerification(turn: Turn, run: RunTask, claimsCount: number, narrowed: unknown): void {
  const { state } = turn;
  const { verify } = stageOf(state, run).spec;
  const { spotCheckEvery } = state.options;
  const spotChecked = verify === 'claims' && spotCheckEvery > 0 && stableHash(run.id) % spotCheckEvery === 0;
  if (verify === 'none' || (verify === 'claims' && claimsCount === 0 && !spotChecked)) {
    settle(state, run, 'unneeded');
    return;
  }
  // What an agent hides it also leaves out of the narrowed input: a check for omissions needs all of it.
  const whole = verify === 'all' || spotChecked || narrowed === undefined;
  run.verifyInput = whole ? run.input : narrowed;
  tally(turn, run);
}

/** Counts the votes on a run, once none is outstanding, and acts on the count. */
export function tally(turn: Turn, run: RunTask): void {
  const { state } = turn;
  const author = run.accepted === undefined ? undefined : state.agents.get(run.accepted.agent);
  const outstanding = run.verifications.some((id) => state.tasks.get(id)?.phase !== 'done');
  if (author === undefined || author.quarantined || run.verdict !== 'open' || outstanding) {
    return;
  }
  state.parked.delete(run.id);
  const votes = votesOn(state, run);
  const judgement = judge(votes);
  if (judgement.kind === 'agreed' && judgement.losers.length === 0) {
    settle(state, run, 'verified');
  } else if (judgement.kind === 'agreed') {
    countDispute(state, run);
    convict(turn, run, judgement.losers, votes);
    tally(turn, run);
  } else {
    if (judgement.disputed) {
      countDispute(state, run);
    }
    askAnother(turn, run, votes, judgement.disputed);
  }
}

/** After agents left: verifications that nobody alive may take must not block the job. */
export function reviewPending(turn: Turn): void {
  for (const id of turn.state.pendingVerifications) {
    const task = turn.state.tasks.get(id);
    if (task?.mode === 'verify' && task.phase === 'ready') {
      checkTakers(turn, task);
    }
  }
}

/** Fails the job over disputes that waited too long for somebody to decide them. */
export function expireDisputes(state: EngineState): void {
  const { disputeWaitMs } = state.options;
  for (const id of state.pendingVerifications) {
    const task = state.tasks.get(id);
    if (task?.mode !== 'verify' || task.phase !== 'ready' || task.stuckSince === undefined) {
      continue;
    }
    if (hasTaker(state, task.skill, task.voters)) {
      task.stuckSince = undefined;
    } else if (state.now - task.stuckSince >= disputeWaitMs) {
      noMajority(state, subjectOf(state, task), task, `no further agent came within ${disputeWaitMs} ms`);
    }
  }
}

function countDispute(state: EngineState, run: RunTask): void {
  if (!run.disputed) {
    run.disputed = true;
    state.account.disputed += 1;
  }
}

/** The votes that count: those of agents whose word still does. */
function votesOn(state: EngineState, run: RunTask): readonly Vote[] {
  return [run.id, ...run.verifications].flatMap((id) => {
    const accepted = state.tasks.get(id)?.accepted;
    return accepted === undefined || state.agents.get(accepted.agent)?.quarantined === true ? [] : [accepted];
  });
}

function askAnother(turn: Turn, run: RunTask, votes: readonly Vote[], disputed: boolean): void {
  const { state } = turn;
  if (votes.length >= state.options.maxVotes) {
    noMajority(state, run, run, `${votes.length} agents gave no majority`);
    return;
  }
  const voters = votes.map((vote) => vote.agent);
  if (!disputed && !hasTaker(state, run.skill, voters)) {
    settle(state, run, 'unverifiable');
    return;
  }
  checkTakers(turn, createVerification(state, run, voters));
}

/**
 * What to do with a waiting verification that nobody alive may take. Nobody contradicted the result: it stands,
 * unverified and counted as such. Somebody did: it waits for a tie-breaker, for as long as the options allow.
 */
function checkTakers(turn: Turn, task: VerifyTask): void {
  const { state } = turn;
  if (hasTaker(state, task.skill, task.voters)) {
    task.stuckSince = undefined;
    return;
  }
  const run = subjectOf(state, task);
  const judgement = judge(votesOn(state, run));
  if (judgement.kind === 'undecided' && !judgement.disputed) {
    run.verifications = run.verifications.filter((id) => id !== task.id);
    dropTask(turn, task);
    settle(state, run, 'unverifiable');
  } else {
    task.stuckSince ??= state.now;
  }
}

function hasTaker(state: EngineState, skill: string, excluded: readonly string[]): boolean {
  for (const agent of state.agents.values()) {
    if (isEligible({ skill, excluded }, agent)) {
      return true;
    }
  }
  return false;
}

/** Quarantines the losers of a vote, all of them before the consequences of any, and throws away what they gave. */
function convict(turn: Turn, run: RunTask, losers: readonly Vote[], votes: readonly Vote[]): void {
  const { state } = turn;
  const convicted: AgentState[] = [];
  for (const loser of losers) {
    const agent = state.agents.get(loser.agent);
    if (agent === undefined) {
      continue;
    }
    agent.quarantined = true;
    convicted.push(agent);
    const votesFor = votes.filter((vote) => vote.claims === loser.claims).length;
    const entry: OutvotedAgent = {
      agent: agent.id,
      node: agent.node,
      task: run.id,
      votesFor,
      votesAgainst: votes.length - votesFor,
    };
    state.account.outvoted.push(entry);
    turn.effects.push({ type: 'outvoted', ...entry });
  }
  turn.agentsShrank = true;
  for (const agent of convicted) {
    takeAwayHeld(turn, agent);
    takeAwayResults(turn, agent);
  }
}

function takeAwayHeld(turn: Turn, agent: AgentState): void {
  for (const id of [...agent.held]) {
    const task = turn.state.tasks.get(id);
    if (task !== undefined) {
      revoke(turn, task);
      enqueue(turn.state, task);
    }
  }
}

function takeAwayResults(turn: Turn, agent: AgentState): void {
  const { state } = turn;
  for (const id of [...agent.results]) {
    const task = state.tasks.get(id);
    // The consequences of an earlier one may have thrown it away already.
    if (task?.accepted?.agent !== agent.id) {
      continue;
    }
    if (task.mode === 'run') {
      runAgain(turn, task);
    } else {
      loseVote(turn, task);
    }
  }
}

function runAgain(turn: Turn, run: RunTask): void {
  dropVerifications(turn, run);
  unsettle(turn.state, run);
  withdraw(turn.state, run);
  run.output = undefined;
  run.verifyInput = undefined;
  enqueue(turn.state, run);
}

/** Removes a vote. An agreement that stands without it stays. */
function loseVote(turn: Turn, vote: VerifyTask): void {
  const { state } = turn;
  const run = subjectOf(state, vote);
  run.verifications = run.verifications.filter((id) => id !== vote.id);
  dropTask(turn, vote);
  if (run.verdict === 'verified' && judge(votesOn(state, run)).kind === 'agreed') {
    return;
  }
  unsettle(state, run);
  tally(turn, run);
}

function noMajority(state: EngineState, run: RunTask, task: RunTask | VerifyTask, why: string): void {
  const votes = votesOn(state, run).length;
  const message = `task ${run.id}: its claims stay disputed: ${why}`;
  giveUp(state, task, { code: 'NO_MAJORITY', message, facts: { task: run.id, stage: run.stage, votes } });
}

function subjectOf(state: EngineState, task: VerifyTask): RunTask {
  const run = state.tasks.get(task.subject);
  if (run?.mode !== 'run') {
    throw new Error(`verification ${task.id} outlived ${task.subject}`);
  }
  return run;
}
