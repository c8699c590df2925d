/**
 * A program that owns a nats-server, for tests of what becomes of the server when its owner ends. Prints the server's
 * pid and port. `linger` stays until it is killed, and stops the server on SIGINT only after having used it; `end`
 * simply comes to its end.
 */
import { startNatsServer } from '#cluster/transport/nats-server';
import { probeNats } from '#cluster/transport/probe';

const server = await startNatsServer();
if (process.argv[2] === 'linger') {
  const held = setInterval(() => {}, 1_000);
  process.once('SIGINT', () => {
    const useThenStop = async (): Promise<void> => {
      await probeNats('127.0.0.1', server.port, 5_000);
      process.stdout.write('it still answers\n');
      await server.stop();
      clearInterval(held);
    };
    void useThenStop();
  });
}
// Last: whoever reads it sends signals at once.
process.stdout.write(`${server.pid} ${server.port}\n`);
