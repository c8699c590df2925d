/** The API is a NATS micro service: the official client of NATS services finds it and reads what it says of itself. */
import { Svcm } from '@nats-io/services';
import t from 'tap';
import { endpoints } from '#cluster/spawn/api';
import { CLUSTER, withApi } from './support.js';

t.test('PING, INFO and STATS, by kind, by name and by id, as the official client reads them', async (t) => {
  const { client, node } = await withApi(t);
  const id = `alpha-${node.self.incarnation}`;
  // The official package brings an older core of the client, whose types differ in options that it does not use.
  const connection = client.connection as ConstructorParameters<typeof Svcm>[0];
  const services = new Svcm(connection).client({ strategy: 'count', maxWait: 5_000, maxMessages: 1 });
  const first = async <T>(answers: AsyncIterable<T>): Promise<T> => {
    for await (const answer of answers) return answer;
    throw new Error('nobody answered');
  };
  const identity = { name: 'skep', id, version: '1.2.3', metadata: { cluster: CLUSTER, node: 'alpha' } };
  t.match(await first(await services.ping()), { type: 'io.nats.micro.v1.ping_response', ...identity });
  t.match(await first(await services.ping('skep', id)), identity);
  const info = await first(await services.info('skep'));
  t.match(info, { type: 'io.nats.micro.v1.info_response', ...identity, description: /Spawns/ });
  t.same(
    info.endpoints.map(({ name, subject, queue_group: queue }) => ({ name, subject, queue })),
    endpoints.map((name) => ({ name, subject: `skep.${CLUSTER}.api.${name}`, queue: 'skep-api' })),
  );

  await client.json('status', {});
  await client.json('spawn', { definition: 'contour' });
  const stats = await first(await services.stats('skep', id));
  t.match(stats, { type: 'io.nats.micro.v1.stats_response', ...identity, started: /^\d{4}-\d\d-\d\dT.*Z$/ });
  const byName = Object.fromEntries((stats.endpoints ?? []).map((endpoint) => [endpoint.name, endpoint]));
  t.match(byName['status'], { num_requests: 1, num_errors: 0, last_error: '' });
  t.match(byName['spawn'], { num_requests: 1, num_errors: 1, last_error: /^UNKNOWN_DEFINITION: / });
  t.ok((byName['status']?.processing_time ?? 0) > 0, 'nanoseconds');
  t.equal(byName['status']?.average_processing_time, byName['status']?.processing_time, 'of one request');
});
