/**
 * A nats-server for one test: started on a free port, gone when the test is. Where none is installed the test fails with
 * the sentence that says so: a skipped test would read as a passed one.
 */
import { startNatsServer, type NatsServer, type NatsServerOptions } from '#cluster/transport/nats-server';

/** What is needed of a tap test. */
interface Test {
  teardown(handler: () => Promise<void>): void;
}

/** A server that is stopped with the test. */
export async function withNats(t: Test, options: NatsServerOptions = {}): Promise<NatsServer> {
  const server = await startNatsServer(options);
  t.teardown(() => server.stop());
  return server;
}
