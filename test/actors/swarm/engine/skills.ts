/**
 * The skills of the simulated world, and the lies that agents tell about their results. Deterministic in their input.
 */
import { z } from 'zod';
import type { WireError } from '#protocols/wire/error';

/** What an agent says: a result with its claims, or a failure. */
export type Answer =
  | { readonly output: unknown; readonly claims: readonly string[]; readonly narrowed?: unknown }
  | { readonly error: WireError };

const listInput = z.object({ shards: z.number(), salt: z.number() });
const scanInput = z.object({ n: z.number(), only: z.array(z.string()).optional() });
const listOutput = z.object({ shards: z.array(z.object({ n: z.number() })) });
const poisoned = -1;

/** The honest answer to an input. */
export function answerOf(skill: string, input: unknown): Answer & { readonly output?: unknown } {
  if (skill === 'list') {
    const { shards, salt } = listInput.parse(input);
    const output = { shards: Array.from({ length: shards }, (_, index) => ({ n: index * 7 + salt })) };
    return { output, claims: [`${shards} shards`] };
  }
  if (skill === 'scan') {
    return scan(scanInput.parse(input));
  }
  const text = JSON.stringify(input);
  return { output: { text, size: text.length }, claims: [`size ${text.length}`] };
}

function scan({ n, only }: z.infer<typeof scanInput>): Answer {
  if (n === poisoned) {
    return { error: { code: 'INTERNAL', message: 'there is no such shard' } };
  }
  const found = [3, 5, 7].filter((divisor) => n % divisor === 0).map((divisor) => `${n} by ${divisor}`);
  const claims = only === undefined ? found : found.filter((claim) => only.includes(claim));
  return { output: { found: claims }, claims, narrowed: { n, only: claims } };
}

/** The shards in an output of the skill `list`. */
export function shardsOf(list: unknown): readonly unknown[] {
  return listOutput.parse(list).shards;
}

/** The answer with a claim invented or, where it is `hiding` and there is one to hide, a claim left out. */
export function falsify(truth: Answer, liar: string, hiding: boolean): Answer {
  if ('error' in truth) {
    return truth;
  }
  const hide = hiding && truth.claims.length > 0;
  // Each liar has its own lie: liars that agree on one are a majority of two and not what voting is for.
  const claims = hide ? truth.claims.slice(1) : [...truth.claims, `lie of ${liar}`];
  const narrowed = truth.narrowed === undefined ? {} : { narrowed: { ...Object(truth.narrowed), only: claims } };
  return { output: { found: claims }, claims, ...narrowed };
}

/** A list with a shard more, or one that nobody can scan. */
export function poison(truth: Answer, deadly: boolean): Answer {
  const list = 'output' in truth ? listOutput.safeParse(truth.output).data : undefined;
  if (list === undefined || 'error' in truth) {
    return truth;
  }
  const extra = { n: deadly ? poisoned : 15 };
  return { ...truth, output: { shards: [extra, ...list.shards] } };
}
