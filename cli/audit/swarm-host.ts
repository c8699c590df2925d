/**
 * Where an audit runs: in this process, or on a cluster of node processes with this process as their client. Both offer
 * the same system to spawn a queen on, so the audit itself knows no difference.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '#config';
import { ClusterNode } from '#cluster/node';
import { SkepError } from '#protocols/wire/error';
import type { ActorSystem } from '#runtime';
import { ClusterProcess } from '../launch/cluster-process.js';
import { allSeen } from '../launch/all-seen.js';
import { nodeEnvironment, nodeOptions, quietLog } from '../launch/node-options.js';

/** A place that can run jobs. */
export interface SwarmHost {
  readonly system: ActorSystem;
  /** Living nodes that may host a queen, in order of preference. */
  readonly homes: () => readonly string[];
  /** Takes everything down. With `keepLogs` the node logs stay, and their folder is given. */
  readonly stop: (keepLogs: boolean) => Promise<string | undefined>;
}

/** What both kinds of host need. */
export interface HostOptions {
  readonly config: Config;
  /** What the command line said about where the configuration comes from. */
  readonly given: { readonly config?: string; readonly preset?: string };
  readonly executors: number;
  readonly signal: AbortSignal;
  readonly onFatal: (error: SkepError) => void;
}

/** Hosts the swarm in this process. */
export async function startLocalHost({ config, executors, onFatal }: HostOptions): Promise<SwarmHost> {
  const node = await ClusterNode.start(
    nodeOptions(config, {
      name: 'local',
      roles: ['worker'],
      executors,
      modules: [],
      bus: false,
      log: quietLog(config),
      onFatal,
    }),
  );
  return {
    system: node.system,
    homes: () => ['local'],
    stop: async () => {
      await node.stop();
      return undefined;
    },
  };
}

/** Hosts the swarm on `nodes` processes; the first to become ready is the queen's home. */
export async function startProcessHost(options: HostOptions & { readonly nodes: number }): Promise<SwarmHost> {
  const { config, executors, nodes, signal, onFatal } = options;
  const dir = await mkdtemp(join(tmpdir(), 'skep-audit-'));
  const cluster = `audit-${process.pid}`;
  let processes: ClusterProcess | undefined;
  let client: ClusterNode | undefined;
  const stop = async (keepLogs: boolean): Promise<string | undefined> => {
    await client?.stop();
    await processes?.stop();
    if (!keepLogs) await rm(dir, { recursive: true, force: true });
    return keepLogs ? dir : undefined;
  };
  try {
    processes = await ClusterProcess.start({
      cluster,
      nodes,
      ...(config.nats.url === undefined ? {} : { natsUrl: config.nats.url }),
      ...(config.nats.serverPath === undefined ? {} : { natsProgram: config.nats.serverPath }),
      executors,
      logLevel: config.log.level,
      dir,
      modules: [],
      // The audit persists nothing: its nodes live as long as it does. Its model is the command's own.
      env: { ...nodeEnvironment(config, options.given), SKEP_STORE_SYNC: 'off', SKEP_INFERENCE_LOAD: 'off' },
      onReady: () => {},
      signal,
    });
    const merged: Config = {
      ...config,
      cluster: { ...config.cluster, name: cluster },
      nats: { ...config.nats, url: processes.natsUrl },
    };
    client = await ClusterNode.start(
      nodeOptions(merged, {
        name: 'cli',
        roles: ['client'],
        executors: 0,
        modules: [],
        bus: true,
        log: quietLog(config),
        onFatal,
      }),
    );
    const names = processes.nodes.map((node) => node.name);
    await allSeen(client, names, signal);
    const living = client;
    const homes = (): readonly string[] =>
      names.filter((name) => living.members().some((member) => member.name === name));
    return { system: client.system, homes, stop };
  } catch (error) {
    // The error of a node that did not start names its log.
    await stop(error instanceof SkepError && error.code === 'NODE_START_FAILED');
    throw error;
  }
}
