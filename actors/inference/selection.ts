/**
 * Which of several models answers when the asker names a task and not a model. A sum of few small scores, each of which
 * is told with the choice, so that a person can see why. Pure.
 *
 *     profile   4 the one asked for, 2 its neighbour (fast - balanced - quality), 0 the opposite end
 *     presence  3 ready, 1 loading, 0 not loaded
 *     load      2 idle, falling to 0 where twice as many requests are there as it computes at a time
 *
 * The profile weighs most because it says what the answer is to be like; presence and load only say when it comes, and
 * together outweigh one step of profile but not two. Models of another role, that failed, or whose context is too small are
 * no candidates. Ties go to the earlier entry of the configuration.
 */
import { SkepError } from '#protocols/wire/error';
import type { ModelWish } from '#protocols/wire/models';
import type { ModelEntry } from './entry.js';

/** What a model is for. */
export type ModelRole = ModelEntry['role'];
/** How a choice leans. */
export type ModelProfile = ModelEntry['profile'];

/** Tasks that have a role and a profile of their own. */
export const modelTasks = {
  chat: { role: 'chat', profile: 'balanced' },
  classify: { role: 'chat', profile: 'fast' },
  extract: { role: 'chat', profile: 'balanced' },
  summarise: { role: 'chat', profile: 'fast' },
  plan: { role: 'chat', profile: 'quality' },
  code: { role: 'chat', profile: 'quality' },
  review: { role: 'chat', profile: 'quality' },
  embed: { role: 'embedding', profile: 'balanced' },
} as const satisfies Readonly<
  Record<NonNullable<ModelWish['task']>, { readonly role: ModelRole; readonly profile: ModelProfile }>
>;

/** Name of a task. */
export type ModelTask = keyof typeof modelTasks;

/** A model as the choice sees it. */
export interface Candidate {
  readonly name: string;
  readonly role: ModelRole;
  readonly profile: ModelProfile;
  readonly presence: 'ready' | 'loading' | 'absent' | 'failed';
  /** Requests that run and wait there. */
  readonly requests: number;
  /** Requests that it computes at a time. */
  readonly slots: number;
  /** Undefined while it is not known. */
  readonly contextTokens: number | undefined;
}

/** A candidate with its scores. */
export interface Scored {
  readonly name: string;
  readonly score: number;
  readonly profile: number;
  readonly presence: number;
  readonly load: number;
}

const order: readonly ModelProfile[] = ['fast', 'balanced', 'quality'];
const byDistance = [4, 2, 0] as const;
const byPresence = { ready: 3, loading: 1, absent: 0 } as const;
const LOAD_WEIGHT = 2;

/** Every model that can answer, the best first. @throws SkepError UNKNOWN_MODEL when there is none. */
export function rankModels(candidates: readonly Candidate[], wish: ModelWish): readonly [Scored, ...Scored[]] {
  const { role, profile } = { ...modelTasks[wish.task ?? 'chat'], ...given(wish) };
  const fit = candidates.flatMap((candidate) => {
    const { presence, contextTokens } = candidate;
    if (candidate.role !== role || presence === 'failed') return [];
    if (contextTokens !== undefined && contextTokens < (wish.contextTokens ?? 0)) return [];
    return [scored(candidate, profile, presence)];
  });
  const [best, ...others] = fit.sort((a, b) => b.score - a.score);
  if (best !== undefined) return [best, ...others];
  const known = candidates.map(({ name }) => name);
  throw new SkepError(
    'UNKNOWN_MODEL',
    `no model can answer as ${role}${wish.contextTokens === undefined ? '' : ` with ${wish.contextTokens} tokens`}; there are: ${known.join(', ') || 'none'}`,
    { role, known },
  );
}

function scored(candidate: Candidate, wanted: ModelProfile, presence: keyof typeof byPresence): Scored {
  const profile = byDistance[Math.abs(order.indexOf(candidate.profile) - order.indexOf(wanted))] ?? 0;
  const share = Math.min(1, candidate.requests / (2 * Math.max(1, candidate.slots)));
  const load = LOAD_WEIGHT * (1 - share);
  return {
    name: candidate.name,
    score: profile + byPresence[presence] + load,
    profile,
    presence: byPresence[presence],
    load,
  };
}

function given({ role, profile }: ModelWish): { readonly role?: ModelRole; readonly profile?: ModelProfile } {
  return { ...(role === undefined ? {} : { role }), ...(profile === undefined ? {} : { profile }) };
}
