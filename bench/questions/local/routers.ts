/** What does choosing a routee cost, and what does reliable delivery? */
import { skep } from '../../harness/process.js';
import type { Question } from '../../harness/question.js';

const detail = (work: string) => skep('routers', work, { name: `skep, ${work}` });

export const routers: Question = {
  name: 'routers',
  suite: 'local',
  asks: 'What does each strategy of a router to eight actors, and reliable delivery, cost beside a cast through a plain ref? With broadcast, deliveries count.',
  counts: 'deliveries',
  sizes: { full: { deliveries: 200_000 }, quick: { deliveries: 16_000 } },
  completes: ({ deliveries = 0 }) => deliveries,
  contenders: [
    skep('routers', 'plain', { name: 'skep, plain ref' }),
    detail('reliable'),
    detail('round-robin'),
    detail('random'),
    detail('least-mailbox'),
    detail('consistent-hash'),
    detail('broadcast'),
  ],
};
