/** How a model is served, beside what its entry says: bounds and times with their defaults. Plain data. */
import { z } from 'zod';

const ms = (most: number) => z.number().min(0).max(most);

/** Settings of {@link Serving}; every field has a default. */
export const servingSettings = z.strictObject({
  /** Tokens that each agent gets in a round of the queue. */
  quantum: z.number().int().min(1).default(1_024),
  /** Milliseconds without service that move a request of an agent up by a band. */
  ageMs: ms(3_600_000).default(5_000),
  /** Milliseconds after which a request without a deadline is as urgent as one whose deadline has come. */
  patienceMs: ms(3_600_000).default(30_000),
  /** Milliseconds of text that are gathered into one part, after the first. */
  coalesceMs: ms(1_000).default(5),
  /** Characters that a model may be ahead of the reader of its answer before it is paused. */
  aheadCharacters: z.number().int().min(1).default(65_536),
  /** Milliseconds without a reader, or with one that reads nothing, after which an answer is given up. */
  graceMs: ms(3_600_000).default(30_000),
  /** Milliseconds that an answer with an id is kept after it ended. */
  keptMs: ms(3_600_000).default(60_000),
  /** Answers that are kept after they ended. */
  keptAnswers: z.number().int().min(0).default(256),
  /** Characters of answers that are kept: of one that runs behind its reader, and of all that ended. */
  keptCharacters: z
    .number()
    .int()
    .min(0)
    .default(8 * 1024 * 1024),
  /** Milliseconds that texts for vectors wait for others to share a call with. */
  batchMs: ms(1_000).default(3),
  /** Texts of one call for vectors. */
  batchTexts: z.number().int().min(1).max(2_048).default(64),
  /** Milliseconds that answers of a model which is swapped out may take to end. */
  drainMs: ms(3_600_000).default(30_000),
  /** Milliseconds after which a backend that does not let go of an aborted answer is taken for lost. */
  abortLimitMs: ms(600_000).default(5_000),
  /** Milliseconds between two reports to routers, on the topic `inference.replica.<name>`; 0: none. */
  publishMs: ms(60_000).default(0),
});

export type ServingSettings = z.output<typeof servingSettings>;
