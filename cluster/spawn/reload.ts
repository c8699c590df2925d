/**
 * Reloads on the nodes of a cluster. Each node is asked by itself, and answers for itself: one that has not got the
 * module, or cannot load what its disk has, keeps nobody else from it.
 */
import type { ActorSystem } from '#runtime';
import { executorAddress } from '#protocols/wire/address';
import { toWireError, type WireError } from '#protocols/wire/error';
import { EDGE_EXECUTOR, SYSTEM_EXECUTOR } from '#runtime/executor/well-known';
import type { NodeInfo } from '../membership/members.js';

/** How long a node may take to load a module on all of its executors, in milliseconds. */
export const RELOAD_MS = 30_000;

/** What one node said. */
export type NodeReload =
  | { readonly node: string; readonly report: unknown }
  | { readonly node: string; readonly error: WireError };

/** Has a node load one of its modules again. */
export async function reloadOn(
  system: ActorSystem,
  member: NodeInfo,
  module: string,
  force: boolean,
): Promise<NodeReload> {
  const { name, incarnation, executors } = member;
  // The main thread of a node answers: it alone reaches all of its executors.
  const executor = executors.includes(SYSTEM_EXECUTOR) ? SYSTEM_EXECUTOR : EDGE_EXECUTOR;
  const to = executorAddress(name, incarnation, executor);
  try {
    return { node: name, report: await system.call(to, 'reload', { module, force }, { timeoutMs: RELOAD_MS }) };
  } catch (error) {
    return { node: name, error: toWireError(error) };
  }
}
