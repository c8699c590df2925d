/**
 * A node with a stored sender in a thread, for a receiver on another node: each message from the parent is one number to
 * send, and it is told back when the sender says that it is stored.
 */
import { ClusterNode } from '#cluster/node';
import { courier } from '#test/testdata/actors/courier';

/** What the parent hears. */
export type Report = { readonly ready: true } | { readonly stored: number };

const [path = '', url = ''] = process.argv.slice(2);
const tell = (report: Report): void => void process.send?.(report);
const node = await ClusterNode.start({
  cluster: 'couriers',
  name: 'sender',
  roles: ['worker'],
  executors: 1,
  modules: [new URL('./actors/courier.js', import.meta.url).href],
  log: { level: 'silent', format: 'json' },
  version: '0',
  callTimeoutMs: 20_000,
  defaults: {},
  labels: {},
  store: { path, sync: 'process' },
  bus: { nats: { urls: [url] }, membership: { heartbeatMs: 250, timeoutMs: 2_000 } },
  onFatal: (error) => {
    throw error;
  },
});
const ref = await node.system.spawn(courier, { key: 'k' }, { name: 'courier', timeoutMs: 60_000 });
process.on('message', (n: number) => {
  ref.call('send', { to: { name: 'inbox', node: 'receiver' }, from: n, count: 1 }).then(
    () => tell({ stored: n }),
    // What is not stored is not reported.
    () => {},
  );
});
process.on('disconnect', () => void node.stop().finally(() => process.exit(0)));
tell({ ready: true });
