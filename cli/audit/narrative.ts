/** The narrative of an audit on the command line: by the model that was named, on a cluster or here, or from the counts. */
import { narrativeFromCounts } from '#actors/audit/narrative/from-counts';
import { narrate, type NarratorAnswer } from '#actors/audit/narrative/narrate';
import type { Narrative } from '#actors/audit/narrative/narrative';
import type { NarratedResult } from '#actors/audit/narrative/prompt';
import { askModel } from '#actors/inference/client';
import type { AskRequest } from '#protocols/wire/inference';
import type { CommandContext } from '../command.js';
import { gatherAnswer } from '../inference/answer.js';
import { type ModelHost, openModels } from '../inference/models.js';
import { modelTarget } from '../inference/target.js';

/** Why the counts speak when nobody named a model. */
export const NO_MODEL = 'no model was named';

/** A summary that takes longer than this is not worth the wait. */
const MODEL_MS = 180_000;

/** Makes the narrative. Never rejects: what is wrong with the model is told, and the counts speak. */
export async function narrateAudit(
  { config, output, signal }: Pick<CommandContext<object>, 'config' | 'output' | 'signal'>,
  input: NarratedResult,
): Promise<Narrative> {
  const named = config.inference.auditModel;
  if (named === undefined) return narrativeFromCounts(input, NO_MODEL);
  let models: ModelHost | undefined;
  const ask = async (request: AskRequest, ended: AbortSignal): Promise<NarratorAnswer> => {
    models ??= await openModels(modelTarget(named), { config, signal: ended });
    const want = models.name === undefined ? {} : { model: models.name };
    return gatherAnswer(askModel(models.find, want, request, { signal: ended, timeoutMs: MODEL_MS }));
  };
  output.note(`the model ${named} writes the summary; Ctrl-C goes on without`);
  try {
    const onFailure = (error: unknown): void =>
      output.warn(`the summary is made from the counts: ${error instanceof Error ? error.message : String(error)}`);
    return await narrate(input, ask, { timeoutMs: MODEL_MS, signal, onFailure });
  } finally {
    await models?.stop();
  }
}
