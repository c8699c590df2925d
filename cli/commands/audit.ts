/** `skep audit`: its options. The work is in `audit/run-audit.ts`, loaded when it is asked for: it brings parsers along. */
import { type Command, Option } from 'commander';
import { addCommand, wholeNumber } from '../command.js';
import type { AuditOptions } from '../audit/run-audit.js';

/** Adds `skep audit`. */
export function auditCommand(program: Command): void {
  addCommand<AuditOptions>(
    program,
    {
      usage: 'audit [repo]',
      summary: 'Audit a git repository with a swarm of agents; writes SARIF, an SBOM, Markdown and HTML.',
      examples: [
        'skep audit .',
        'skep audit ~/src/app --nodes 3 --fail-on high',
        'skep audit . --json | jq .counts',
        'skep audit . --model qwen',
      ],
      options: [
        new Option('--nodes <n>', 'node processes; 1 runs in this process, more use a nats-server')
          .default(1)
          .argParser(wholeNumber(1, 64)),
        new Option('--out <dir>', 'folder for the reports'),
        new Option('--fail-on <severity>', 'exit with 2 when there is a finding this bad: high, medium or low'),
        new Option('--baseline <file>', 'findings accepted earlier; only others count for --fail-on'),
        new Option('--write-baseline <file>', 'accept all findings of this run into a baseline file'),
        new Option('--verify <which>', 'findings a second agent derives again: high, all or none'),
        new Option(
          '--model <model>',
          'name or GGUF file of a model that writes the summary; findings and digest stay as they are',
        ),
        new Option('--progress-json', 'progress as one JSON object a line on standard error'),
        new Option('--no-progress', 'no progress'),
        new Option('--spot-check <n>', 'verify one task in n whole, findings or not; 0 for none')
          .default(8)
          .argParser(wholeNumber(0, 1_000_000)),
        new Option('--lying-agent <n>', 'test switch: agent number n answers falsely')
          .default(0)
          .argParser(wholeNumber(0, 10_000))
          .hideHelp(),
      ],
      settings: {
        out: 'audit.out',
        failOn: 'audit.failOn',
        baseline: 'audit.baseline',
        verify: 'audit.verify',
        model: 'inference.auditModel',
      },
      run: async (context) => (await import('../audit/run-audit.js')).runAudit(context),
    },
    ['executors', 'nats', 'logLevel', 'logFormat'],
  );
}
