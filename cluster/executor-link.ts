/**
 * The extension that gives an executor its way to other nodes: a connection of its own, so that frames never pass
 * through the main thread. It is loaded by URL in each executor's thread.
 */
import type { ExtensionHost, FrameLink, InstallExtension } from '#runtime';
import { connectTransport } from './transport/connect.js';
import type { NatsOptions } from './transport/nats-options.js';
import { MAX_FRAME_BYTES } from './transport/port.js';

/** What the extension needs; plain data, because it crosses to threads. */
export interface ExecutorLinkOptions {
  readonly cluster: string;
  readonly nats: NatsOptions;
}

/** Connects the executor; the result closes the connection in order. */
const install: InstallExtension = async (host: ExtensionHost, options: unknown) => {
  const { cluster, nats } = options as ExecutorLinkOptions;
  const transport = await connectTransport({ cluster, node: host.node, executor: host.id }, { nats });
  transport.onFrame((frame) => host.receive(frame));
  host.setRemote(
    (node, executor): FrameLink => ({
      maxFrameBytes: MAX_FRAME_BYTES,
      send: (frame) => transport.send(node, executor, 'data', frame),
    }),
  );
  await transport.flush();
  return () => transport.close();
};

export default install;
