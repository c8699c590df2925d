/**
 * The audit as a job template: a task graph over the audit's skills. The engine that runs it knows nothing of audits.
 *
 *     inventory --shards----> scan x n ------.
 *         '------manifests--> manifests x m --+--> reduce
 *     history ---blobShards-> blobs x k -----'
 */
import { defineTemplate } from '../swarm/template.js';

/** What is audited and how. Plain data. */
export interface AuditParams {
  /** Absolute path of the repository's root, the same on every node. */
  readonly root: string;
  /** Prefixes of paths that are left out, such as the folder the report goes to. */
  readonly exclude: readonly string[];
  /** Files above this size are skipped. */
  readonly maxBytes: number;
  /** Shards hold at most this many bytes and files. */
  readonly shardBytes: number;
  readonly shardFiles: number;
  /** Which results a second agent derives again: those with high findings, all, or none. */
  readonly verify: 'high' | 'all' | 'none';
  readonly leaseMs: number;
  readonly retries: number;
}

/** Template of the audit; see the drawing above. */
export const auditTemplate = defineTemplate<AuditParams>({
  name: 'audit',
  build: ({ root, exclude, maxBytes, shardBytes, shardFiles, verify, leaseMs, retries }) => {
    const common = { leaseMs, retries };
    const checked = { ...common, verify: verify === 'high' ? ('claims' as const) : verify };
    return {
      name: 'audit',
      stages: [
        {
          id: 'inventory',
          kind: 'task',
          skill: 'audit.inventory',
          input: { root, exclude, maxBytes, shardBytes, shardFiles },
          priority: 10,
          ...common,
        },
        {
          id: 'history',
          kind: 'task',
          skill: 'audit.history',
          input: { root, exclude, maxBytes },
          priority: 5,
          ...common,
        },
        {
          id: 'scan',
          kind: 'map',
          skill: 'audit.scan-files',
          over: { stage: 'inventory', field: 'shards' },
          ...checked,
        },
        {
          id: 'manifests',
          kind: 'map',
          skill: 'audit.manifests',
          over: { stage: 'inventory', field: 'manifests' },
          ...common,
        },
        {
          id: 'blobs',
          kind: 'map',
          skill: 'audit.scan-blobs',
          over: { stage: 'history', field: 'blobShards' },
          ...checked,
        },
        {
          id: 'reduce',
          kind: 'reduce',
          skill: 'audit.reduce',
          from: ['inventory', 'scan', 'manifests', 'history', 'blobs'],
          ...common,
        },
      ],
    };
  },
});
