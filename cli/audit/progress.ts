/**
 * Live progress on standard error, in one of three forms: a line that redraws itself on a terminal, plain lines when
 * piped, or one JSON object a line for programs. The JSON form is documented in `docs/cli.md`.
 */
import { unreachable } from '#protocols/wire/error';
import type { JobEvent, JobProgress } from '#actors/swarm/messages';
import type { Output } from '../output.js';

/** Shows how a job goes. */
export interface ProgressView {
  readonly event: (event: JobEvent) => void;
  readonly progress: (progress: JobProgress) => void;
  /** Takes the live line away; nothing is shown afterwards. */
  readonly close: () => void;
}

/** Which form to use. */
export type ProgressForm = 'live' | 'plain' | 'json' | 'none';

/** Makes the view. */
export function createProgressView(form: ProgressForm, output: Output, stream: NodeJS.WriteStream): ProgressView {
  switch (form) {
    case 'none':
      return { event: () => {}, progress: () => {}, close: () => {} };
    case 'json':
      return jsonView(stream);
    case 'plain':
      return plainView(output, stream);
    case 'live':
      return liveView(output, stream);
    default:
      return unreachable(form);
  }
}

/** One JSON object a line; each has `event`. */
function jsonView(stream: NodeJS.WriteStream): ProgressView {
  const write = (value: object): void => void stream.write(`${JSON.stringify(value)}\n`);
  let last = '';
  return {
    event: ({ type, ...facts }) => write({ event: type, ...facts }),
    progress: (progress) => {
      const text = JSON.stringify(progress);
      if (text === last) return;
      last = text;
      write({ event: 'progress', ...progress });
    },
    close: () => {},
  };
}

/** A line per event that a person cares about, and one for each tenth of the way. */
function plainView(output: Output, stream: NodeJS.WriteStream): ProgressView {
  let shown = 0;
  return {
    event: (event) => {
      const text = eventText(event, output);
      if (text !== undefined) stream.write(`${text}\n`);
    },
    progress: (progress) => {
      const tenth = progress.total === 0 ? 0 : Math.floor((progress.done * 10) / progress.total);
      if (tenth <= shown) return;
      shown = tenth;
      stream.write(`${progressText(progress)}\n`);
    },
    close: () => {},
  };
}

const BAR = 28;

function liveView(output: Output, stream: NodeJS.WriteStream): ProgressView {
  let line = '';
  let closed = false;
  const draw = (text: string): void => {
    if (closed || text === line) return;
    line = text;
    stream.write(`\r\x1b[2K${fit(text, stream.columns ?? 80)}`);
  };
  return {
    event: (event) => {
      const text = eventText(event, output);
      if (text === undefined || closed) return;
      stream.write(`\r\x1b[2K${text}\n`);
      const again = line;
      line = '';
      if (again !== '') draw(again);
    },
    progress: (progress) => {
      const filled = progress.total === 0 ? 0 : Math.round((progress.done * BAR) / progress.total);
      draw(`${'█'.repeat(filled)}${'░'.repeat(BAR - filled)} ${progressText(progress)}`);
    },
    close: () => {
      if (!closed && line !== '') stream.write('\r\x1b[2K');
      closed = true;
    },
  };
}

function fit(text: string, columns: number): string {
  return text.length < columns ? text : `${text.slice(0, Math.max(0, columns - 2))}…`;
}

function progressText({ done, total, rerun, verified, disputed }: JobProgress): string {
  const percent = total === 0 ? 0 : Math.floor((done * 100) / total);
  const extra = [
    ...(verified > 0 ? [`${verified} verified`] : []),
    ...(rerun > 0 ? [`${rerun} run again`] : []),
    ...(disputed > 0 ? [`${disputed} disputed`] : []),
  ];
  return `${done}/${total} tasks (${percent} %)${extra.length > 0 ? `, ${extra.join(', ')}` : ''}`;
}

/** Words for an event; undefined for those that would only be noise. */
function eventText(event: JobEvent, { colours }: Output): string | undefined {
  switch (event.type) {
    case 'node':
      return event.status === 'up'
        ? `${colours.green('node up')}    ${event.name} (pid ${event.pid}; ${event.roles.join(', ')})`
        : `${colours.red('node lost')}  ${event.name} (pid ${event.pid}): its tasks run again on the others`;
    case 'agent':
      return event.status === 'left' && event.reason === 'crashed'
        ? `${colours.yellow('agent lost')} ${event.agent}: its tasks run again`
        : undefined;
    case 'outvoted':
      return `${colours.yellow('outvoted')}   agent ${event.agent} on ${event.node}, ${event.votesAgainst} to ${event.votesFor} over ${event.task}: all its results are derived again`;
    case 'failed':
    case 'started':
    case 'stage':
    case 'starved':
    case 'finished':
      return undefined;
    default:
      return unreachable(event);
  }
}
