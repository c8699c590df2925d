/** An audit from the command line to the exit code: the repository, the host, the job, the reports, the verdict. */
import { basename, isAbsolute, relative, resolve, sep } from 'node:path';
import {
  readBaseline,
  splitByBaseline,
  type Summary,
  summarize,
  writeBaseline,
  writeReports,
} from '#actors/audit/report/index';
import type { Finding, Severity } from '#actors/audit/finding';
import { findRepository } from '#actors/audit/repository';
import { type AuditResult, type RunAccount, severities } from '#actors/audit/result';
import { describeRule } from '#actors/audit/rules';
import type { AuditParams } from '#actors/audit/template';
import { runJob } from '#actors/swarm/client';
import { fromWireError, type SkepError } from '#protocols/wire/error';
import type { CommandContext } from '../command.js';
import type { ExitCode } from '../exit-codes.js';
import { auditModules } from '../launch/modules.js';
import { executorsPerNode } from '../launch/node-options.js';
import { version } from '../version.js';
import { assertWritable } from './out-dir.js';
import { narrateAudit } from './narrative.js';
import { createProgressView, type ProgressForm } from './progress.js';
import { summaryText } from './summary-text.js';
import { type HostOptions, startLocalHost, startProcessHost, type SwarmHost } from './swarm-host.js';

/** Options of the command. */
export interface AuditOptions {
  readonly config?: string;
  readonly preset?: string;
  readonly nodes: number;
  readonly progressJson?: boolean;
  readonly progress: boolean;
  readonly writeBaseline?: string;
  readonly lyingAgent: number;
  readonly spotCheck: number;
}

/** Runs the audit that a command line asks for. */
export async function runAudit(context: CommandContext<AuditOptions>): Promise<ExitCode | undefined> {
  const { config, options, output, signal } = context;
  const named = context.args[0] ?? '.';
  const repository = await findRepository(named, { signal });
  const outDir = resolve(config.audit.out);
  await assertWritable(outDir);
  const baseline = config.audit.baseline === undefined ? undefined : await readBaseline(config.audit.baseline);
  const params = paramsOf(context, repository.root, outDir);
  const { result, account } = await audit(context, params);
  const report = {
    result,
    account,
    repository: basename(repository.root),
    version,
    describeRule,
    narrative: await narrateAudit(context, { result, describeRule }),
    ...(baseline === undefined ? {} : { baseline }),
  };
  const files = await writeReports(outDir, report);
  if (options.writeBaseline !== undefined) await writeBaseline(options.writeBaseline, result.findings);
  const summary = summarize(report);
  const counted = baseline === undefined ? result.findings : splitByBaseline(result.findings, baseline).fresh;
  output.result(
    { ...summary, files: summary.files, reports: files.map((file) => relative(process.cwd(), file)) },
    summaryText(summary, outDir, output),
  );
  return verdict(counted, config.audit.failOn, summary, output);
}

/** Runs the job on whichever host was asked for. */
async function audit(
  context: CommandContext<AuditOptions>,
  params: AuditParams,
): Promise<{ readonly result: AuditResult; readonly account: RunAccount }> {
  const { config, options, output, signal } = context;
  const broken = new AbortController();
  let fatal: SkepError | undefined;
  const hostOptions: HostOptions = {
    config,
    given: options,
    executors: options.nodes === 1 ? config.node.executors : executorsPerNode(context.loaded, options.nodes),
    signal,
    onFatal: (error) => {
      fatal ??= error;
      broken.abort();
    },
  };
  const view = createProgressView(progressForm(options, output), output, process.stderr);
  let host: SwarmHost | undefined;
  let failed = true;
  try {
    if (options.nodes > 1 && progressForm(options, output) !== 'json')
      output.note(startText(config.nats.url !== undefined, options.nodes));
    host =
      options.nodes === 1
        ? await startLocalHost(hostOptions)
        : await startProcessHost({ ...hostOptions, nodes: options.nodes });
    const { outcome, queensLost } = await runJob(host.system, {
      job: 'audit',
      template: 'audit',
      params,
      modules: auditModules,
      agentsPerNode: config.audit.agentsPerNode ?? 0,
      lyingAgent: options.lyingAgent,
      spotCheckEvery: options.spotCheck,
      homes: host.homes,
      onEvent: view.event,
      onProgress: view.progress,
      signal: AbortSignal.any([signal, broken.signal]),
    });
    if (outcome.status === 'failed') throw fromWireError(outcome.error);
    failed = false;
    if (queensLost > 0)
      output.warn(`the queen's node was lost ${queensLost} time(s); the job began again on another node`);
    return { result: outcome.output as AuditResult, account: outcome.account };
  } catch (error) {
    throw fatal ?? error;
  } finally {
    view.close();
    const logs = await host?.stop(failed && !signal.aborted);
    if (logs !== undefined) output.note(`node logs: ${logs}`);
  }
}

function startText(ownUrl: boolean, nodes: number): string {
  return ownUrl ? `starting ${nodes} nodes ...` : `starting a nats-server and ${nodes} nodes ...`;
}

function paramsOf({ config }: CommandContext<AuditOptions>, root: string, outDir: string): AuditParams {
  const { maxFileBytes, shardBytes, shardFiles, verify, leaseMs, retries } = config.audit;
  const exclude = [outDir, resolve(config.node.dataDir)].flatMap((folder) => insideOf(root, folder) ?? []);
  return { root, exclude, maxBytes: maxFileBytes, shardBytes, shardFiles, verify, leaseMs, retries };
}

/** The path of a folder inside the repository, with `/`; undefined outside of it. */
function insideOf(root: string, folder: string): string | undefined {
  const inside = relative(root, folder);
  if (inside === '' || inside.startsWith('..') || isAbsolute(inside)) return undefined;
  return inside.split(sep).join('/');
}

function progressForm(options: AuditOptions, output: { readonly json: boolean }): ProgressForm {
  if (options.progressJson === true) return 'json';
  if (!options.progress || output.json) return 'none';
  return process.stderr.isTTY === true ? 'live' : 'plain';
}

/** Exit code 2 when something is as bad as `failOn`. */
function verdict(
  findings: readonly Finding[],
  failOn: Severity | undefined,
  summary: Summary,
  output: { note(text: string): void },
): ExitCode | undefined {
  if (failOn === undefined) return undefined;
  const limit = severities.indexOf(failOn);
  const bad = findings.filter((finding) => severities.indexOf(finding.severity) <= limit).length;
  if (bad === 0) return undefined;
  output.note(
    `${bad} finding(s) at or above --fail-on ${failOn}${summary.baseline === undefined ? '' : ' that the baseline does not have'}`,
  );
  return 2;
}
