/**
 * A run as the trace that etcd's raft writes of itself, a line of JSON for each event (`TracingEvent` in etcd-io/raft
 * `state_trace.go`), so that its TLA+ trace specification (`tla/Traceetcdraft.tla`) can be asked whether our core behaves
 * as etcd's is specified to. The runs keep to what is specified there: elections without pre-vote and check of the
 * quorum, no transfer, no reads beside the log, no snapshot, no duplicated packet, and no crash, as a restart there finds
 * all of its last `Ready`. Packets are lost and late, links are cut, nodes hang.
 *
 * A step of our core is several lines, in the order in which etcd does the same things: what was received, with the state
 * before it; what the node became; what a leader appended, and its answer to itself; what it committed; what it sent;
 * and `Ready`, after which all that is durable and on its way.
 */
import type { RaftEffect } from '#protocols/raft/effect';
import type { RaftInput } from '#protocols/raft/input';
import { lastIndex } from '#protocols/raft/log';
import type { RaftMessage } from '#protocols/raft/message';
import type { Config, Entry, NodeId, RaftState, Role } from '#protocols/raft/types';
import type { FaultKind } from '../knobs.js';
import type { Model } from '../model.js';
import { planOf, type RunPlan, runSeed } from '../run.js';
import type { World } from '../world.js';
import { Cluster } from './cluster.js';
import type { Driver, Watcher } from './driver.js';
import { drawPlan, type RaftOperation, type RaftSetup } from './plan.js';

/** What to trace. */
export interface EtcdTraceOptions {
  /** Voters. Default 3. */
  readonly nodes?: number;
  /** Time with faults and clients, in virtual microseconds. Default 3 s, some thousand lines, minutes of TLC. */
  readonly busyUs?: number;
}

/** A message as etcd traces it: `TracingMessage`. Names are those of its JSON. */
export interface TracingMessage {
  readonly type: string;
  readonly term: number;
  readonly from: string;
  readonly to: string;
  readonly entries: number;
  readonly logTerm: number;
  readonly index: number;
  readonly commit: number;
  readonly vote: string;
  readonly reject: boolean;
  readonly rejectHint: number;
}

/** An event as etcd traces it: `TracingEvent`. */
export interface TracingEvent {
  readonly name: string;
  readonly nid: string;
  readonly state: { readonly term: number; readonly vote: string; readonly commit: number };
  readonly role: string;
  /** Index of the last entry. */
  readonly log: number;
  readonly conf: readonly [readonly string[], readonly string[]];
  readonly msg?: TracingMessage;
  readonly prop?: Readonly<Record<string, unknown>>;
}

const roles: Readonly<Record<Role, string>> = {
  follower: 'StateFollower',
  'pre-candidate': 'StatePreCandidate',
  candidate: 'StateCandidate',
  leader: 'StateLeader',
};

/** Faults that the specification knows, in that they lose messages or make them late. */
const tracedFaults: readonly FaultKind[] = ['pause', 'partition', 'oneway', 'bridge', 'clog', 'jump', 'slowdisk'];

/**
 * Runs a seed and gives its trace, a line an event.
 * @throws Error when the run breaks an invariant.
 */
export function* etcdTrace(seed: number, { nodes = 3, busyUs = 3_000_000 }: EtcdTraceOptions = {}): Generator<string> {
  const made: Tracer[] = [];
  const model: Model<RaftSetup, RaftOperation> = {
    name: 'raft',
    about: 'what etcd specifies of Raft',
    faults: tracedFaults,
    sometimes: [],
    busyUs,
    settleUs: 60_000_000,
    plan: (random, knobs) => drawPlan(random, knobs, busyUs),
    start(world, plan) {
      const tracer = new Tracer(world);
      made.push(tracer);
      return new Cluster(world, plan, tracer);
    },
  };
  const outcome = runSeed(model, seed, { plan: specified(planOf(model, seed), nodes) });
  if (outcome.failure !== undefined) throw new Error(`seed ${seed} fails: ${outcome.failure.message}`);
  for (const tracer of made) yield* tracer.lines;
}

/** The plan of a seed without what the specification does not model. */
function specified(plan: RunPlan, nodes: number): RunPlan {
  const setup = plan.setup as RaftSetup;
  const operations = plan.operations.flatMap(({ atUs, operation }) => {
    const asked = operation as RaftOperation;
    return asked.type === 'call' && asked.via === 'log'
      ? [{ atUs, operation: { ...asked, at: asked.at === undefined ? undefined : asked.at % nodes } }]
      : [];
  });
  return {
    ...plan,
    size: nodes,
    setup: {
      ...setup,
      voters: nodes,
      learners: 0,
      settings: { ...setup.settings, preVote: false, checkQuorum: false, reads: 'quorum' },
      snapshotEntries: Number.MAX_SAFE_INTEGER,
      earlySends: false,
    },
    operations,
    spare: 0,
    knobs: { ...plan.knobs, duplication: 0, corruption: 0 },
    faults: plan.faults.filter(
      ({ node, links }) => node < nodes && links.every(([from, to]) => from < nodes && to < nodes),
    ),
    lost: [],
    rotten: [],
  };
}

/** What a node was before a step. */
interface Before {
  readonly role: Role;
  readonly term: number;
  readonly last: number;
  readonly commit: number;
  readonly config: Config;
}

/** Writes lines while a cluster runs. */
export class Tracer implements Partial<Watcher> {
  readonly lines: string[] = [];
  readonly #world: World;
  readonly #before = new Map<Driver, Before>();
  /** Answers of leaders to themselves that are not received, by node: the last index of each. */
  readonly #toSelf = new Map<Driver, Set<number>>();

  constructor(world: World) {
    this.#world = world;
  }

  started(driver: Driver): void {
    this.#write(driver, 'InitState', {});
  }

  stepping(driver: Driver, input: RaftInput): void {
    const { role, term, log, commit, config } = driver.state;
    this.#before.set(driver, { role, term, last: lastIndex(log), commit, config });
    if (input.type === 'receive') {
      const line = lineOf(input.message, input.from, driver.id);
      if (line !== undefined) this.#write(driver, `Receive${line.name}`, { msg: line.msg });
    } else if (input.type === 'persisted' && input.term === term) this.#ownAnswer(driver, input.index);
  }

  stepped(driver: Driver, _input: RaftInput, effects: readonly RaftEffect[]): void {
    const before = this.#before.get(driver);
    if (before === undefined) return;
    this.#became(driver, before);
    const { state } = driver;
    if (state.role === 'leader') this.#appended(driver, before);
    for (const effect of effects)
      if (effect.type === 'config')
        this.#write(driver, 'ApplyConfChange', { config: before.config, prop: { cc: { newconf: effect.config.voters } } });
    if (state.role === 'leader' && state.commit > before.commit) this.#write(driver, 'Commit', {});
    for (const effect of effects) if (effect.type === 'send') this.#sent(driver, effect.to, effect.message);
    if (effects.some(({ type }) => type === 'send' || type === 'persist')) this.#write(driver, 'Ready', {});
  }

  #became(driver: Driver, before: Before): void {
    const { role, term } = driver.state;
    const { last: log, commit } = before;
    if (role === 'follower') {
      if (term === before.term && before.role === 'follower') return;
      const vote = term === before.term ? {} : { vote: undefined };
      this.#write(driver, 'BecomeFollower', { log, commit, ...vote });
    } else if (role === before.role && term === before.term) return;
    else if (role === 'candidate') {
      this.#write(driver, 'BecomeCandidate', {});
      // A candidate of etcd's asks itself as well, by an answer.
      this.#write(driver, 'SendRequestVoteResponse', { msg: message('MsgVoteResp', term, driver.id, driver.id, {}) });
    } else if (role === 'leader') {
      this.#toSelf.set(driver, new Set());
      this.#write(driver, 'BecomeLeader', { log, commit });
    }
  }

  /** What a leader appends is traced with the state before it, its answer to itself with the state after it. */
  #appended(driver: Driver, { last, commit }: Before): void {
    const { log, term } = driver.state;
    const end = lastIndex(log);
    if (end <= last) return;
    for (const entry of log.entries.slice(last - log.base))
      if (entry.type === 'config')
        this.#write(driver, 'ChangeConf', { log: entry.index - 1, commit, prop: { cc: changesOf(entry) } });
      else this.#write(driver, 'Replicate', { log: entry.index - 1, commit });
    this.#toSelf.get(driver)?.add(end);
    const msg = message('MsgAppResp', term, driver.id, driver.id, { index: end });
    this.#write(driver, 'SendAppendEntriesResponse', { commit, msg });
  }

  /** What the node has on its disk counts for it from now on, as if it had answered itself. */
  #ownAnswer(driver: Driver, index: number): void {
    const { role, term } = driver.state;
    const self = driver.id;
    if (role === 'candidate')
      this.#write(driver, 'ReceiveRequestVoteResponse', { msg: message('MsgVoteResp', term, self, self, {}) });
    else if (role === 'leader' && this.#toSelf.get(driver)?.delete(index) === true)
      this.#write(driver, 'ReceiveAppendEntriesResponse', { msg: message('MsgAppResp', term, self, self, { index }) });
  }

  #sent(driver: Driver, to: NodeId, sent: RaftMessage): void {
    const line = lineOf(sent, driver.id, to);
    if (line === undefined) return;
    const own = driver.state.progress.get(driver.id);
    const prop = sent.type === 'append' && own !== undefined ? { prop: { match: own.match, next: own.next } } : {};
    this.#write(driver, `Send${line.name}`, { msg: line.msg, ...prop });
  }

  #write(
    driver: Driver,
    name: string,
    { msg, prop, ...other }: Partial<Pick<TracingEvent, 'msg' | 'prop'>> & StateOverride,
  ): void {
    const event: TracingEvent = {
      name,
      nid: driver.id,
      ...snapshotOf(driver.state, other),
      ...(msg === undefined ? {} : { msg }),
      ...(prop === undefined ? {} : { prop }),
    };
    // etcd's validate.sh sorts lines by what stands third between colons, as text: so times have one width, and the
    // number of the line follows them.
    const seconds = (1_000_000_000 + this.#world.nowUs / 1e6).toFixed(6);
    const number = String(this.lines.length).padStart(7, '0');
    this.lines.push(`{"level":"debug","ts":${seconds}${number},"tag":"trace","event":${JSON.stringify(event)}}`);
  }
}

/** What a line says instead of the state of now. */
interface StateOverride {
  readonly log?: number;
  readonly commit?: number;
  readonly vote?: NodeId | undefined;
  readonly config?: Config;
}

function snapshotOf(state: RaftState, other: StateOverride): Pick<TracingEvent, 'state' | 'role' | 'log' | 'conf'> {
  const vote = 'vote' in other ? other.vote : state.vote;
  const { voters, votersOutgoing } = other.config ?? state.config;
  return {
    state: { term: state.term, vote: vote ?? '0', commit: other.commit ?? state.commit },
    role: roles[state.role],
    log: other.log ?? lastIndex(state.log),
    conf: [voters, votersOutgoing],
  };
}

function changesOf({ change }: Extract<Entry, { type: 'config' }>): unknown {
  const actions = { 'add-voter': 'AddNewServer', 'add-learner': 'AddLearner', remove: 'RemoveServer' } as const;
  return { changes: change.changes.map(({ type, node }) => ({ nid: node, action: actions[type] })) };
}

/** The line of a message; undefined for those that etcd does not trace. */
function lineOf(
  sent: RaftMessage,
  from: NodeId,
  to: NodeId,
): { readonly name: string; readonly msg: TracingMessage } | undefined {
  const { term } = sent;
  switch (sent.type) {
    case 'append': {
      const { index, logTerm, entries, commit } = sent;
      // A follower takes no more than the message brings, and so it is specified.
      const fields = { index, logTerm, entries: entries.length, commit: Math.min(commit, index + entries.length) };
      return { name: 'AppendEntriesRequest', msg: message('MsgApp', term, from, to, fields) };
    }
    case 'heartbeat':
      return {
        name: 'AppendEntriesRequest',
        msg: message('MsgHeartbeat', term, from, to, { commit: sent.commit }),
      };
    case 'snapshot':
      return {
        name: 'AppendEntriesRequest',
        msg: message('MsgSnap', term, from, to, { entries: sent.snapshot.index }),
      };
    case 'append-response': {
      const { index, reject, rejectHint, logTerm } = sent;
      const fields = { index, reject, rejectHint, logTerm };
      return { name: 'AppendEntriesResponse', msg: message('MsgAppResp', term, from, to, fields) };
    }
    case 'heartbeat-response':
      return { name: 'AppendEntriesResponse', msg: message('MsgHeartbeatResp', term, from, to, {}) };
    case 'vote': {
      const { index, logTerm } = sent;
      return { name: 'RequestVoteRequest', msg: message('MsgVote', term, from, to, { index, logTerm }) };
    }
    case 'vote-response':
      return {
        name: 'RequestVoteResponse',
        msg: message('MsgVoteResp', term, from, to, { reject: sent.reject }),
      };
    default:
      return undefined;
  }
}

function message(
  type: string,
  term: number,
  from: NodeId,
  to: NodeId,
  fields: Partial<TracingMessage>,
): TracingMessage {
  return { type, term, from, to, entries: 0, logTerm: 0, index: 0, commit: 0, vote: '0', reject: false, rejectHint: 0, ...fields };
}
