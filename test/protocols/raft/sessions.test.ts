/** Sessions of clients: scenario 41 of `docs/scenarios/raft.md`, as far as the state machine goes. */
import fc from 'fast-check';
import t from 'tap';
import {
  applySession,
  dumpSessions,
  loadSessions,
  newSessions,
  type SessionCommand,
  type SessionTable,
} from '#protocols/raft/sessions';

const limits = { maxSessions: 3, maxReplies: 4 };

/** A state machine that appends, behind a table of sessions. */
class Machine {
  readonly executed: string[] = [];
  table: SessionTable<string> = newSessions<string>(limits);

  apply(index: number, command: SessionCommand): ReturnType<typeof applySession<string>> {
    return applySession(this.table, index, command, (data) => {
      const text = new TextDecoder().decode(data);
      this.executed.push(text);
      return `${text}!`;
    });
  }
}

function command(session: number, seq: number, acked = 0): SessionCommand {
  return { type: 'command', session, seq, acked, data: new TextEncoder().encode(`${session}.${seq}`) };
}

t.test('client sessions: retry after lost reply applies once, also through snapshot + leader change', (t) => {
  const machine = new Machine();
  t.same(machine.apply(5, { type: 'register' }), { type: 'registered', session: 5 });
  t.same(machine.apply(6, command(5, 1)), { type: 'reply', reply: '5.1!', again: false });
  t.same(machine.apply(7, command(5, 1)), { type: 'reply', reply: '5.1!', again: true });
  const restored = new Machine();
  restored.table = loadSessions(limits, structuredClone(dumpSessions(machine.table)));
  t.same(restored.apply(8, command(5, 1)), { type: 'reply', reply: '5.1!', again: true });
  t.same([machine.executed, restored.executed], [['5.1'], []]);
  t.end();
});

t.test('replies that the client has are forgotten, and a command is not applied again for that', (t) => {
  const machine = new Machine();
  machine.apply(1, { type: 'register' });
  machine.apply(2, command(1, 1));
  machine.apply(3, command(1, 2, 1));
  t.same(machine.apply(4, command(1, 1)), { type: 'refused' });
  t.equal(machine.table.sessions.get(1)?.replies.size, 1);
  for (let seq = 3; seq <= 5; seq += 1) machine.apply(seq + 2, command(1, seq, 1));
  t.same(machine.apply(9, command(1, 6, 1)), { type: 'refused' }, 'more under way than are kept');
  t.same(machine.apply(10, command(1, 6, 5)), { type: 'reply', reply: '1.6!', again: false });
  t.same(machine.executed, ['1.1', '1.2', '1.3', '1.4', '1.5', '1.6']);
  t.end();
});

t.test('the session that was silent longest goes, and its commands are refused, not applied twice', (t) => {
  const machine = new Machine();
  for (const index of [1, 2, 3]) machine.apply(index, { type: 'register' });
  machine.apply(4, command(1, 1));
  machine.apply(5, { type: 'register' });
  t.same([...machine.table.sessions.keys()], [3, 1, 5], '2 was silent longest');
  t.same(machine.apply(6, command(2, 1)), { type: 'expired' });
  t.same(machine.apply(7, { type: 'close', session: 1 }), { type: 'closed' });
  t.same(machine.apply(8, { type: 'close', session: 1 }), { type: 'expired' });
  t.same(machine.apply(9, command(1, 1)), { type: 'expired' });
  t.same(machine.executed, ['1.1']);
  t.end();
});

t.test('any list of commands: each takes effect at most once, and a copy from a snapshot goes on the same', (t) => {
  const step = fc.oneof(
    fc.constant<SessionCommand>({ type: 'register' }),
    fc
      .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 5 }), fc.nat({ max: 5 }))
      .map(([session, seq, acked]) => command(session, seq, acked)),
    fc.integer({ min: 1, max: 6 }).map((session): SessionCommand => ({ type: 'close', session })),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.nat({ max: 40 }), (commands, at) => {
      const one = new Machine();
      let other = new Machine();
      const results = commands.map((each, index) => {
        if (index === at) {
          const copy = new Machine();
          copy.executed.push(...other.executed);
          copy.table = loadSessions(limits, structuredClone(dumpSessions(other.table)));
          other = copy;
        }
        return [one.apply(index + 1, each), other.apply(index + 1, each)];
      });
      return (
        new Set(one.executed).size === one.executed.length &&
        JSON.stringify(results.map(([result]) => result)) === JSON.stringify(results.map(([, result]) => result)) &&
        JSON.stringify(dumpSessions(one.table)) === JSON.stringify(dumpSessions(other.table)) &&
        one.table.sessions.size <= limits.maxSessions
      );
    }),
    { numRuns: 2_000 },
  );
  t.end();
});
