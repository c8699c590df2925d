/** What a heartbeat says to the other side of the memory. */
import { Heartbeat, heartbeatMemory, HeartbeatReader } from '#runtime/executor/heartbeat';
import t from 'tap';

t.test('beats and the actor in its turn are read as they were written, whatever the serial', async (t) => {
  const memory = heartbeatMemory();
  const [beat, reader] = [new Heartbeat(memory, 42), new HeartbeatReader(memory)];
  t.equal(reader.beats, 0);
  t.equal(reader.inTurn(), undefined);
  t.equal(reader.thread, 42);
  const counter = beat.number('counter');
  const longest = beat.number('x'.repeat(128));
  beat.beat();
  beat.beat();
  t.equal(reader.beats, 2);
  const serial = 16 + 70_000 * 2 ** 32;
  beat.enter(longest, serial);
  t.same(reader.inTurn(), { serial, definition: 'x'.repeat(128) });
  beat.enter(counter, 17);
  t.same(reader.inTurn(), { serial: 17, definition: 'counter' });
  beat.enter(0, 0);
  t.equal(reader.inTurn(), undefined);
});

t.test('definitions that find no room for their names are in their turn without one', async (t) => {
  const memory = heartbeatMemory();
  const [beat, reader] = [new Heartbeat(memory, 42), new HeartbeatReader(memory)];
  const numbers = Array.from({ length: 300 }, (_, index) => beat.number(`d${index}`));
  beat.enter(numbers[254] ?? 0, 1);
  t.same(reader.inTurn(), { serial: 1, definition: 'd254' });
  beat.enter(numbers[299] ?? 0, 2);
  t.same(reader.inTurn(), { serial: 2, definition: '' });
});
