/**
 * Settings with their defaults, checked once.
 */
import { SkepError } from '../wire/error.js';
import { MAX_ID, type NodeId, type Settings } from './types.js';

/** What stands where nothing else is given; the formulas are with {@link Settings}. */
const defaults: Omit<Settings, 'id'> = {
  electionTicks: 10,
  heartbeatTicks: 1,
  preVote: true,
  checkQuorum: true,
  reads: 'quorum',
  clockDrift: 0.1,
  maxAppendBytes: 64 * 1024,
  maxInflight: 64,
  maxInflightBytes: 1024 * 1024,
  maxUncommittedBytes: 4 * 1024 * 1024,
  maxApplyBytes: 1024 * 1024,
  keepEntries: 1_000,
  maxReads: 10_000,
};

/** @throws SkepError BAD_CONFIG naming the setting. */
export function raftSettings(id: NodeId, given: Partial<Omit<Settings, 'id'>> = {}): Settings {
  const settings: Settings = { ...defaults, ...given, id };
  const problem = problemOf(settings);
  if (problem !== undefined) throw new SkepError('BAD_CONFIG', `raft: ${problem}`);
  return settings;
}

function problemOf(settings: Settings): string | undefined {
  const { id, heartbeatTicks, electionTicks, reads, checkQuorum, clockDrift } = settings;
  if (id.length === 0 || id.length > MAX_ID) return `id: expected 1 to ${MAX_ID} characters`;
  if (!(Number.isSafeInteger(heartbeatTicks) && heartbeatTicks >= 1)) return 'heartbeatTicks: expected 1 or more';
  if (!(Number.isSafeInteger(electionTicks) && electionTicks > heartbeatTicks))
    return `electionTicks: expected more than heartbeatTicks, which is ${heartbeatTicks}`;
  // Without it nobody promises a leader anything.
  if (reads === 'lease' && !checkQuorum) return 'reads: "lease" needs checkQuorum';
  if (!(clockDrift >= 0 && clockDrift < 1)) return 'clockDrift: expected 0 or more, below 1';
  for (const name of ['maxAppendBytes', 'maxInflight', 'maxInflightBytes', 'maxApplyBytes', 'maxReads'] as const)
    if (!(settings[name] >= 1)) return `${name}: expected 1 or more`;
  for (const name of ['maxUncommittedBytes', 'keepEntries'] as const)
    if (!(settings[name] >= 0)) return `${name}: expected 0 or more`;
  return undefined;
}
