/** Places among the connections of a provider. */
import { Connections } from '#actors/inference/providers/connections';
import t from 'tap';

const never = new AbortController().signal;

t.test('places are given in the order in which they were asked for, and given back once', async (t) => {
  const connections = new Connections(2);
  const first = await connections.acquire(never);
  await connections.acquire(never);
  const order: string[] = [];
  const third = connections.acquire(never).then((leave) => (order.push('third'), leave));
  const fourth = connections.acquire(never).then((leave) => (order.push('fourth'), leave));
  first();
  first();
  (await third)();
  await fourth;
  t.same(order, ['third', 'fourth']);
});

t.test('who gives up waiting leaves the queue, and takes no place with it', async (t) => {
  const connections = new Connections(1);
  const leave = await connections.acquire(never);
  const impatient = new AbortController();
  const waiting = connections.acquire(impatient.signal);
  const patient = connections.acquire(never);
  impatient.abort();
  await t.rejects(waiting, { name: 'Trouble', type: 'cancelled' });
  leave();
  t.type(await patient, 'function');
  await t.rejects(connections.acquire(impatient.signal), { name: 'Trouble' }, 'one that comes too late is not let in');
});
