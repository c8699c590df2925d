// The trace of a run in the format of etcd's state tracing, held against the JSON tags of its Go structs.
import t from 'tap';
import { etcdTrace } from '#runtime/simulation/raft/index';

/** `TracingEvent` and what it holds, in etcd-io/raft `state_trace.go`: names of fields, `?` where `omitempty`. */
const event = ['name', 'nid', 'state', 'role', 'log', 'conf', 'msg?', 'cc?', 'prop?'];
const state = ['term', 'vote', 'commit'];
const message = ['type', 'term', 'from', 'to', 'entries', 'logTerm', 'index', 'commit', 'vote', 'reject', 'rejectHint'];
const names = [
  'InitState',
  'BecomeCandidate',
  'BecomeFollower',
  'BecomeLeader',
  'Commit',
  'Replicate',
  'ChangeConf',
  'ApplyConfChange',
  'Ready',
  'SendAppendEntriesRequest',
  'ReceiveAppendEntriesRequest',
  'SendAppendEntriesResponse',
  'ReceiveAppendEntriesResponse',
  'SendRequestVoteRequest',
  'ReceiveRequestVoteRequest',
  'SendRequestVoteResponse',
  'ReceiveRequestVoteResponse',
  'SendSnapshot',
  'ReceiveSnapshot',
];
/** `RaftMsgType` in `tla/Traceetcdraft.tla`. */
const types = ['MsgApp', 'MsgAppResp', 'MsgVote', 'MsgVoteResp', 'MsgHeartbeat', 'MsgHeartbeatResp', 'MsgSnap'];

interface Line {
  readonly tag: string;
  readonly event: {
    readonly name: string;
    readonly nid: string;
    readonly state: { readonly term: number; readonly vote: string; readonly commit: number };
    readonly role: string;
    readonly log: number;
    readonly conf: readonly [readonly string[], readonly string[]];
    readonly msg?: Readonly<Record<string, unknown>>;
  };
}

function keysFit(value: object, fields: readonly string[]): boolean {
  const allowed = fields.map((field) => field.replace('?', ''));
  const needed = fields.filter((field) => !field.endsWith('?'));
  const keys = Object.keys(value);
  return keys.every((key) => allowed.includes(key)) && needed.every((key) => keys.includes(key));
}

t.test('raft simulation: every line of a trace has the fields of etcd, by name and type', async (t) => {
  const lines = [...etcdTrace(1)];
  t.ok(lines.length > 1_000, `${lines.length} lines`);
  const seen = new Set<string>();
  for (const text of lines) {
    const line = JSON.parse(text) as Line;
    t.equal(line.tag, 'trace');
    const { name, nid, state: of, role, log, conf, msg } = line.event;
    seen.add(name);
    const fits =
      keysFit(line.event, event) &&
      names.includes(name) &&
      /^\d+$/.test(nid) &&
      keysFit(of, state) &&
      Number.isSafeInteger(of.term) &&
      /^\d+$/.test(of.vote) &&
      Number.isSafeInteger(of.commit) &&
      ['StateFollower', 'StateCandidate', 'StateLeader'].includes(role) &&
      Number.isSafeInteger(log) &&
      conf.length === 2 &&
      conf.flat().every((id) => /^\d+$/.test(id));
    if (!fits) t.fail(text);
    if (/^(Send|Receive)/.test(name) !== (msg !== undefined)) t.fail(`${text}: a message with a message event, and no other`);
    if (msg !== undefined && !(keysFit(msg, message) && types.includes(String(msg.type)))) t.fail(text);
  }
  for (const name of ['InitState', 'BecomeCandidate', 'BecomeLeader', 'BecomeFollower', 'Replicate', 'Commit', 'Ready'])
    t.ok(seen.has(name), name);
});

t.test('raft simulation: lines of a trace sort as text in the order in which they were written', async (t) => {
  // As validate.sh of etcd sorts them: by what follows the second colon.
  const keys = [...etcdTrace(2)].map((line) => line.split(':').slice(2).join(':'));
  t.same(keys.toSorted(), keys);
});

t.test('raft simulation: a trace tells what is received after it was sent and made ready, and never twice', async (t) => {
  for (let seed = 1; seed <= 5; seed += 1) {
    const pending = new Map<string, number>();
    const ready = new Map<string, number>();
    for (const text of etcdTrace(seed)) {
      const { event: of } = JSON.parse(text) as Line;
      const key = JSON.stringify(of.msg);
      if (of.name.startsWith('Send')) pending.set(key, (pending.get(key) ?? 0) + 1);
      else if (of.name === 'Ready') {
        for (const [sent, count] of pending) ready.set(sent, (ready.get(sent) ?? 0) + count);
        pending.clear();
      } else if (of.name.startsWith('Receive')) {
        const left = ready.get(key) ?? 0;
        if (left === 0) t.fail(`seed ${seed}: ${text} was not sent`);
        ready.set(key, left - 1);
      }
    }
    t.pass(`seed ${seed}`);
  }
});
