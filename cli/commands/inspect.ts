/** `skep inspect`: one actor from close by: what it is, what it does, what waits for it. */
import { type Command, Option } from 'commander';
import { addCommand, type CommandContext } from '../command.js';
import type { ExitCode } from '../exit-codes.js';
import { inspectAnswer, type InspectedActor, readAnswer } from '../remote/answers.js';
import { withCluster } from '../remote/session.js';
import { resolveTarget } from '../remote/target.js';
import { durationText } from '../top/numbers.js';

interface InspectOptions {
  readonly node?: string;
  readonly state?: boolean;
}

/** Adds `skep inspect`. */
export function inspectCommand(program: Command): void {
  addCommand<InspectOptions>(
    program,
    {
      usage: 'inspect <actor>',
      summary: 'Show one actor: its life, its mailbox, its relations, what it has in hand, and on demand its state.',
      examples: ['skep inspect hits', 'skep inspect hits@node-2 --state', 'skep inspect node-1@k3f9/2/17 --json'],
      options: [
        new Option('--node <node>', 'node on which the name is looked up (default: all)'),
        new Option('--state', 'show its state, as far as it is plain data, up to 16 kB'),
      ],
      run: runInspect,
    },
    ['cluster', 'nats', 'dataDir'],
  );
}

async function runInspect({
  args: [name = ''],
  config,
  options,
  output,
  signal,
}: CommandContext<InspectOptions>): Promise<ExitCode | undefined> {
  const { actor } = await withCluster(config, signal, async (ask) => {
    const target = await resolveTarget(ask, name, options.node);
    const request = options.state === true ? { ...target, state: true } : target;
    return readAnswer(inspectAnswer, await ask('inspect', request));
  });
  output.result(actor, inspectionText(actor, output.colours.bold));
  return undefined;
}

/** The actor as lines for people. */
function inspectionText(actor: InspectedActor, bold: (text: string) => string): string {
  const { current, state } = actor;
  const rows: readonly (readonly [string, string])[] = [
    ['definition', `${actor.definition} (version ${actor.version})`],
    ['status', `${actor.status}, life ${actor.incarnation}, up ${durationText(actor.uptimeMs)}`],
    ['restarts', String(actor.restarts)],
    ['parent', actor.parent ?? '-'],
    ['children', listText(actor.children, actor.childCount)],
    ['mailbox', `${actor.mailbox} of ${actor.mailboxCapacity}`],
    ['processed', String(actor.processed)],
    ['streams', String(actor.streams)],
    ['monitors', `watches ${actor.watching}, watched by ${actor.watchers}`],
    ['timers', listText(actor.timers, actor.timerCount)],
    ['in hand', current === null || current === undefined ? 'nothing' : handText(current)],
    ...actor.slowTurns
      .slice(-5)
      .map(({ message, durationMs, atMs }): readonly [string, string] => [
        'slow turn',
        `${message}: ${durationText(durationMs)} at ${new Date(atMs).toISOString().slice(0, 19)}`,
      ]),
  ];
  const title = actor.name === null || actor.name === undefined ? actor.address : `${actor.name}  ${actor.address}`;
  const lines = [bold(title), ...rows.map(([label, value]) => `  ${label.padEnd(11)}${value}`)];
  if (state === undefined) return lines.join('\n');
  const cut = state.truncated ? ' (cut to size)' : '';
  return [...lines, `  state${cut}`, JSON.stringify(state.value, null, 2).replaceAll(/^/gm, '    ')].join('\n');
}

function handText({ message, sender, runningMs, cancelled }: NonNullable<InspectedActor['current']>): string {
  const what = message === '' ? 'its own work' : message;
  const from = sender === null || sender === undefined ? '' : ` from ${sender}`;
  return `${what}${from}, for ${durationText(runningMs)}${cancelled ? ', its caller has given up' : ''}`;
}

function listText(items: readonly string[], count: number): string {
  if (count === 0) return '0';
  const shown = items.slice(0, 5).join(', ');
  return count > Math.min(5, items.length) ? `${count}: ${shown}, ...` : `${count}: ${shown}`;
}
