/** The reloads of a node: one after the other, first prepared on all of its executors, then committed on all of them. */
import type { Executor } from './executor/executor.js';
import { reloadSpecOf } from './executor/reload.js';
import type { Threads } from './executor/threads.js';
import { moduleNamed, reloadRequest } from './module-named.js';
import { reloadReport, type ReloadReport } from './reload-report.js';

export class NodeReloads {
  readonly #edge: Executor;
  readonly #threads: Threads | undefined;
  /** The reload under way; never rejects. */
  #last: Promise<unknown> = Promise.resolve();

  /** Whoever can reach the node may ask for `modules`, which its operator named, and for no other file. */
  constructor(edge: Executor, threads: Threads | undefined, modules: readonly string[]) {
    this.#edge = edge;
    this.#threads = threads;
    edge.services.reloads.onRequest = async (message) => {
      const { module, force } = reloadRequest(message);
      return this.reload(moduleNamed(edge.node, modules, module), force);
    };
  }

  /** @throws SkepError MODULE_FAILED, DUPLICATE_DEFINITION. */
  reload(moduleUrl: string, force: boolean): Promise<ReloadReport> {
    const reloading = this.#last.then(() => this.#reload(moduleUrl, force));
    this.#last = reloading.catch(() => {});
    return reloading;
  }

  async #reload(moduleUrl: string, force: boolean): Promise<ReloadReport> {
    const { reloads } = this.#edge.services;
    const spec = await reloadSpecOf(moduleUrl, force);
    await reloads.prepare(spec);
    await this.#threads?.prepareReload(spec);
    const reports = [await reloads.commit(spec), ...((await this.#threads?.commitReload(spec)) ?? [])];
    const report = reloadReport(moduleUrl, reports);
    this.#edge.log.info('module reloaded', { ...report });
    return report;
  }
}
