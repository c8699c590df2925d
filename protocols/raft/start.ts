/**
 * How a node begins: as one of the first members, as one that joins, from its disk, or from a disk that has lost
 * something. What is lost decides what the node may still do:
 *
 *     nothing            all
 *     unsynced writes    all: nobody was told of them
 *     entries, snapshot  `damaged`: no votes and no acknowledgements that count, until a leader has brought back all that
 *                        it may have acknowledged (Alagappan et al., "Protocol-aware recovery for consensus-based
 *                        storage", FAST 2018: a damaged entry must not be taken for the end of the log). It begins a
 *                        term of its own, so that no acknowledgement from before the loss is heard after it: leaders of
 *                        the old term step down, and those of later ones hear nothing of it
 *     term and vote      `amnesiac`: no votes and nothing that counts, ever, under this id; it follows. The operator
 *                        removes it and adds a node with another id.
 *
 * First members begin as if they had a snapshot of the entry 1 of term 1, which carries the configuration; so a node that
 * joins later, with nothing, needs a snapshot and gets the configuration with it.
 */
import { unreachable } from '../wire/error.js';
import { changeConfig, newConfig } from './config.js';
import type { RaftEffect } from './effect.js';
import { lastIndex, lastTerm, newLog } from './log.js';
import { installConfig } from './membership.js';
import { finish, newOutput } from './output.js';
import { randomizeTimeout } from './role.js';
import type { Config, Entry, HardState, RaftState, Settings, Snapshot } from './types.js';

/** What a node begins with. */
export type Start =
  /** One of the first members of a group, on an empty disk that never had this id. All get the same configuration. */
  | { readonly type: 'bootstrap'; readonly config: Config }
  /** A new id on an empty disk: it is added to the group by a change of the configuration. */
  | { readonly type: 'join' }
  /** What the disk holds. */
  | Restart
  /** The disk is empty, or its hard state unreadable, and the id is not new. */
  | { readonly type: 'amnesiac' };

/** What the disk holds. */
export interface Restart {
  readonly type: 'restart';
  readonly hardState: HardState;
  /** The newest that is whole. */
  readonly snapshot: Snapshot | undefined;
  /** The entries up to the first that is missing or unreadable; those up to the snapshot may be among them. */
  readonly entries: readonly Entry[];
  /**
   * Something that had been durable is missing or unreadable. Unsynced writes that a crash took or tore do not count: the
   * driver has to tell them apart, by a note that it writes once a `persist` is durable, or call it damage to be safe. It
   * says so again at each start until a hard state that says so is durable.
   */
  readonly damaged: boolean;
  /** A state machine that is itself durable has applied all up to here. By default it is restored from the snapshot. */
  readonly applied?: number;
}

/** A node, and the first effects. `seed` decides its chances; nodes should have different ones. */
export function startRaft(
  settings: Settings,
  seed: number,
  start: Start,
): { readonly state: RaftState; readonly effects: readonly RaftEffect[] } {
  const out = newOutput();
  const state = stateOf(settings, seed, restartOf(start));
  if (start.type === 'bootstrap') out.snapshot = state.snapshot;
  if (start.type === 'bootstrap' || start.type === 'amnesiac') state.handedState = { ...state.handedState, term: -1 };
  const { snapshot } = state;
  if (snapshot !== undefined && state.applied < snapshot.index) out.late.push({ type: 'restore', snapshot });
  out.late.push({ type: 'config', config: state.config, index: state.configs.at(-1)?.index ?? 0 });
  return { state, effects: finish(state, out) };
}

const BLANK: HardState = { term: 0, vote: undefined, commit: 0, damaged: false, amnesiac: false };

function restartOf(start: Start): Restart {
  switch (start.type) {
    case 'restart':
      return start;
    case 'bootstrap': {
      const snapshot = { index: 1, term: 1, config: start.config };
      return { ...empty({ ...BLANK, term: 1, commit: 1 }), snapshot };
    }
    case 'join':
      return empty(BLANK);
    case 'amnesiac':
      return { ...empty({ ...BLANK, amnesiac: true }), damaged: true };
    default:
      return unreachable(start);
  }
}

function empty(hardState: HardState): Restart {
  return { type: 'restart', hardState, snapshot: undefined, entries: [], damaged: false };
}

function stateOf(settings: Settings, seed: number, restart: Restart): RaftState {
  const { hardState, snapshot } = restart;
  const base = snapshot?.index ?? 0;
  const { entries, whole } = tailOf(restart, base);
  const log = newLog(base, snapshot?.term ?? 0, entries);
  const last = lastIndex(log);
  // A term is written before its entries, so a term that is behind them was lost, and the vote with it.
  const amnesiac = hardState.amnesiac || hardState.term < lastTerm(log);
  const damaged = hardState.damaged || restart.damaged || !whole || amnesiac;
  const isNews = damaged && !hardState.damaged && !amnesiac;
  // The commit index is written before the entries that came with it, which a crash may have taken.
  const commit = Math.max(base, Math.min(hardState.commit, last));
  const applied = Math.min(restart.applied ?? 0, commit);
  const state: RaftState = {
    settings,
    term: Math.max(hardState.term, lastTerm(log)) + (isNews ? 1 : 0),
    vote: isNews ? undefined : hardState.vote,
    role: 'follower',
    leader: undefined,
    log,
    commit,
    applying: Math.max(applied, base),
    applied,
    applyingBytes: 0,
    damaged,
    amnesiac,
    snapshot,
    config: newConfig([]),
    configs: [],
    progress: new Map(),
    votes: new Map(),
    seed,
    ticks: 0,
    electionElapsed: 0,
    heartbeatElapsed: 0,
    randomizedElectionTimeout: settings.electionTicks,
    heardAt: 0,
    handed: last,
    handedState: hardState,
    told: { role: 'follower', term: -1, leader: undefined },
    uncommittedBytes: 0,
    pendingConfIndex: 0,
    leadTransferee: undefined,
    leaseBroken: false,
    round: 0,
    pendingReads: [],
    forwardedReads: new Map(),
    waitingReads: [],
    incoming: undefined,
    recovery: undefined,
    ignored: 0,
  };
  randomizeTimeout(state);
  installConfigs(state, snapshot, applied);
  return state;
}

/** The entries above the snapshot, up to the first that does not follow the one before; `whole` when there is no such. */
function tailOf({ entries, snapshot }: Restart, base: number): { entries: Entry[]; whole: boolean } {
  const tail: Entry[] = [];
  let term = snapshot?.term ?? 0;
  for (const entry of entries) {
    if (entry.index <= base) continue;
    if (entry.index !== base + tail.length + 1 || entry.term < term) return { entries: tail, whole: false };
    tail.push(entry);
    term = entry.term;
  }
  return { entries: tail, whole: true };
}

/** The configuration of the snapshot, and those that a durable state machine had applied after it. */
function installConfigs(state: RaftState, snapshot: Snapshot | undefined, applied: number): void {
  if (snapshot !== undefined) installConfig(state, snapshot.config, snapshot.index);
  for (const entry of state.log.entries) {
    if (entry.index > applied) return;
    const config = entry.type === 'config' ? changeConfig(state.config, entry.change) : undefined;
    if (config !== undefined) installConfig(state, config, entry.index);
  }
}
