/** Entries, messages, effects and states in a few words each, for text scenarios. */
import type { RaftEffect } from '#protocols/raft/effect';
import { lastIndex } from '#protocols/raft/log';
import type { RaftMessage } from '#protocols/raft/message';
import type { Config, ConfigChange, Entry, Progress, RaftState, Snapshot } from '#protocols/raft/types';

/** `term/index` and what it holds. */
export function wordsOfEntry(entry: Entry): string {
  const at = `${entry.term}/${entry.index}`;
  if (entry.type === 'noop') return `${at} no-op`;
  return `${at} ${entry.type === 'normal' ? `"${new TextDecoder().decode(entry.data)}"` : wordsOfChange(entry.change)}`;
}

export function wordsOfMessage(message: RaftMessage): string {
  switch (message.type) {
    case 'append': {
      const { term, index, logTerm, commit, entries, recoverTo } = message;
      const tail = recoverTo > 0 ? ` recoverTo=${recoverTo}` : '';
      return `append term=${term} after ${logTerm}/${index} commit=${commit} [${entries.map(wordsOfEntry).join(', ')}]${tail}`;
    }
    case 'snapshot': {
      const { term, snapshot, offset, data, done } = message;
      return `snapshot term=${term} ${wordsOfSnapshot(snapshot)} ${offset}+${data.length}${done ? ' done' : ''}`;
    }
    default:
      return fields(message);
  }
}

/** What somebody outside of the node can see; nothing of the others. */
export function wordsOfEffect(effect: RaftEffect): string {
  switch (effect.type) {
    case 'role':
      return `${effect.role} term=${effect.term}${effect.leader === undefined ? '' : ` leader=${effect.leader}`}`;
    case 'reject': {
      const { what, id, reason, leader } = effect;
      return `refuses ${what} ${id}: ${reason}${leader === undefined ? '' : ` leader=${leader}`}`;
    }
    case 'read':
      return `reads ${effect.id} at ${effect.index}`;
    case 'restore':
      return `restores ${wordsOfSnapshot(effect.snapshot)}`;
    case 'config':
      return `config ${wordsOfConfig(effect.config)} from ${effect.index}`;
    case 'compact':
      return `compacts to ${effect.index}`;
    default:
      return effect.type;
  }
}

/** `1` and `true` stand for themselves; what is 0, false or nothing is left out. */
function fields({ type, ...rest }: RaftMessage): string {
  const shown = Object.entries<unknown>(rest).filter(
    ([, value]) => value !== false && value !== undefined && value !== 0,
  );
  return [type, ...shown.map(([key, value]) => (value === true ? key : `${key}=${String(value)}`))].join(' ');
}

function wordsOfSnapshot({ term, index, config }: Snapshot): string {
  return `${term}/${index} ${wordsOfConfig(config)}`;
}

function wordsOfChange({ transition, changes }: ConfigChange): string {
  if (changes.length === 0) return 'leave-joint';
  return [...changes.map(({ type, node }) => `${type} ${node}`), ...(transition === 'auto' ? [] : [transition])].join(
    ' ',
  );
}

/** As etcd writes them: `(n1 n2)&&(n1) learners=(n3)`. */
export function wordsOfConfig({ voters, votersOutgoing, learners, learnersNext, autoLeave }: Config): string {
  return [
    `(${voters.join(' ')})${votersOutgoing.length > 0 ? `&&(${votersOutgoing.join(' ')})` : ''}`,
    ...(learners.length > 0 ? [`learners=(${learners.join(' ')})`] : []),
    ...(learnersNext.length > 0 ? [`learners-next=(${learnersNext.join(' ')})`] : []),
    ...(autoLeave ? ['auto-leave'] : []),
  ].join(' ');
}

export function wordsOfState(state: RaftState): string {
  const { settings, role, term, vote, leader, commit, applied, log } = state;
  return [
    `${settings.id}: ${role} term=${term}`,
    ...(vote === undefined ? [] : [`vote=${vote}`]),
    ...(leader === undefined ? [] : [`leader=${leader}`]),
    `commit=${commit} applied=${applied} last=${lastIndex(log)}`,
    ...(state.damaged ? ['damaged'] : []),
    ...(state.amnesiac ? ['amnesiac'] : []),
  ].join(' ');
}

export function wordsOfProgress(progress: Progress): string {
  const { id, state, match, next, paused, isLearner, inflights, recentActive, sending, recoverTo } = progress;
  return [
    `${id}: ${state} match=${match} next=${next}`,
    ...(isLearner ? ['learner'] : []),
    ...(paused ? ['paused'] : []),
    ...(sending === undefined ? [] : [`sending=${sending.index}`]),
    ...(recentActive ? [] : ['inactive']),
    ...(inflights.length > 0 ? [`inflight=${inflights.length}`] : []),
    ...(recoverTo > 0 ? [`recoverTo=${recoverTo}`] : []),
  ].join(' ');
}
