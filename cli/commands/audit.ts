/** `skep audit`: a swarm of agents audits a git repository and writes the reports. */
import { basename, isAbsolute, relative, resolve, sep } from 'node:path';
import { type Command, Option } from 'commander';
import type { AuditParams } from '#actors/audit/template';
import { readBaseline, splitByBaseline, type Summary, summarize, writeBaseline, writeReports } from '#actors/audit/report/index';
import { findRepository } from '#actors/audit/repository';
import { type AuditResult, type RunAccount, severities } from '#actors/audit/result';
import type { Finding, Severity } from '#actors/audit/finding';
import { describeRule } from '#actors/audit/rules';
import { runJob } from '#actors/swarm/client';
import { fromWireError, type SkepError } from '#protocols/wire/error';
import { addCommand, type CommandContext, wholeNumber } from '../command.js';
import { createProgressView, type ProgressForm } from '../audit/progress.js';
import { assertWritable } from '../audit/out-dir.js';
import { summaryText } from '../audit/summary-text.js';
import { type HostOptions, startLocalHost, startProcessHost, type SwarmHost } from '../audit/swarm-host.js';
import type { ExitCode } from '../exit-codes.js';
import { auditModules } from '../launch/modules.js';
import { version } from '../version.js';

interface AuditOptions {
  readonly nodes: number;
  readonly progressJson?: boolean;
  readonly progress: boolean;
  readonly writeBaseline?: string;
  readonly lyingAgent: number;
  readonly spotCheck: number;
}

/** Adds `skep audit`. */
export function auditCommand(program: Command): void {
  addCommand<AuditOptions>(
    program,
    {
      usage: 'audit [repo]',
      summary: 'Audit a git repository with a swarm of agents; writes SARIF, an SBOM, Markdown and HTML.',
      examples: ['skep audit .', 'skep audit ~/src/app --nodes 3 --fail-on high', 'skep audit . --json | jq .counts'],
      options: [
        new Option('--nodes <n>', 'node processes; 1 runs in this process, more use a nats-server').default(1).argParser(wholeNumber(1, 64)),
        new Option('--out <dir>', 'folder for the reports'),
        new Option('--fail-on <severity>', 'exit with 2 when there is a finding this bad: high, medium or low'),
        new Option('--baseline <file>', 'findings accepted earlier; only others count for --fail-on'),
        new Option('--write-baseline <file>', 'accept all findings of this run into a baseline file'),
        new Option('--verify <which>', 'findings a second agent derives again: high, all or none'),
        new Option('--progress-json', 'progress as one JSON object a line on standard error'),
        new Option('--no-progress', 'no progress'),
        new Option('--spot-check <n>', 'verify one task in n whole, findings or not; 0 for none').default(8).argParser(wholeNumber(0, 1_000_000)),
        new Option('--lying-agent <n>', 'test switch: agent number n answers falsely').default(0).argParser(wholeNumber(0, 10_000)).hideHelp(),
      ],
      settings: { out: 'audit.out', failOn: 'audit.failOn', baseline: 'audit.baseline', verify: 'audit.verify' },
      run: runAudit,
    },
    ['executors', 'nats', 'logLevel', 'logFormat'],
  );
}

async function runAudit(context: CommandContext<AuditOptions>): Promise<ExitCode | undefined> {
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
    ...(baseline === undefined ? {} : { baseline }),
  };
  const files = await writeReports(outDir, report);
  if (options.writeBaseline !== undefined) await writeBaseline(options.writeBaseline, result.findings);
  const summary = summarize(report);
  const counted = baseline === undefined ? result.findings : splitByBaseline(result.findings, baseline).fresh;
  output.result({ ...summary, files: summary.files, reports: files.map((file) => relative(process.cwd(), file)) }, summaryText(summary, outDir, output));
  return verdict(counted, config.audit.failOn, summary, output);
}

/** Runs the job on whichever host was asked for. */
async function audit(context: CommandContext<AuditOptions>, params: AuditParams): Promise<{ readonly result: AuditResult; readonly account: RunAccount }> {
  const { config, options, output, signal } = context;
  const broken = new AbortController();
  let fatal: SkepError | undefined;
  const hostOptions: HostOptions = {
    config,
    executors: executorsOf(context),
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
    if (options.nodes > 1 && progressForm(options, output) !== 'json') output.note(startText(config.nats.url !== undefined, options.nodes));
    host = options.nodes === 1 ? await startLocalHost(hostOptions) : await startProcessHost({ ...hostOptions, nodes: options.nodes });
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
    if (queensLost > 0) output.warn(`the queen's node was lost ${queensLost} time(s); the job began again on another node`);
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

/** On several nodes of one machine the executors of all share its cores, unless a number was given. */
function executorsOf({ config, loaded, options }: CommandContext<AuditOptions>): number {
  if (options.nodes === 1 || loaded.origins.get('node.executors')?.kind !== 'default') return config.node.executors;
  return Math.max(1, Math.floor(config.node.executors / options.nodes));
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
function verdict(findings: readonly Finding[], failOn: Severity | undefined, summary: Summary, output: { note(text: string): void }): ExitCode | undefined {
  if (failOn === undefined) return undefined;
  const limit = severities.indexOf(failOn);
  const bad = findings.filter((finding) => severities.indexOf(finding.severity) <= limit).length;
  if (bad === 0) return undefined;
  output.note(`${bad} finding(s) at or above --fail-on ${failOn}${summary.baseline === undefined ? '' : ' that the baseline does not have'}`);
  return 2;
}
