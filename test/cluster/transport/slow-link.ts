/**
 * A slow link: a proxy in front of a port that lets each connection send a little at a time and takes no more from its
 * socket meanwhile, so that what is sent queues up at the sender as it would on a real slow link.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Test } from 'tap';

const BYTES_A_TURN = 64 * 1024;
const TURN_MS = 5;

/** Opens the link; closed with the test. */
export async function slowLink(t: Test, targetPort: number): Promise<{ readonly url: string }> {
  const sockets = new Set<Socket>();
  const server = createServer({ highWaterMark: BYTES_A_TURN }, (near) => {
    const far = connect(targetPort, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => (near.destroy(), far.destroy()));
    }
    far.pipe(near);
    near.on('data', (bytes) => {
      far.write(bytes);
      near.pause();
      setTimeout(() => near.resume(), TURN_MS);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `nats://127.0.0.1:${port}` };
}
