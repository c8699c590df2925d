// A client of the spawn API that knows nothing of skep: any NATS client in any language can do the same. Outside of this
// repository the package is called @nats-io/transport-node; here it is installed under the name `nats`.
//   NATS_URL=nats://127.0.0.1:4222 node examples/spawn-client.mjs [cluster]
import { connect } from 'nats';

const connection = await connect({ servers: process.env.NATS_URL ?? 'nats://127.0.0.1:4222' });
const api = `skep.${process.argv[2] ?? 'default'}.api`;
const ask = async (endpoint, body) => {
  const answer = await connection.request(`${api}.${endpoint}`, JSON.stringify(body), { timeout: 10_000 });
  return answer.json();
};
const { ref } = await ask('spawn', { definition: 'counter', args: { start: 40 }, name: 'from-afar' });
const { reply } = await ask('call', { ref, call: 'add', message: { amount: 2 } });
console.log(JSON.stringify({ ref, reply }));
await connection.close();
