/**
 * Producers and consumers around one manager, with Savina's numbers. Making and using an item costs nothing here, where
 * Savina computes logarithms: what is measured is the messages. The protocol itself bounds what is under way, to one
 * message of each producer and consumer. All items are summed up and compared.
 */
import type { Question } from '../../harness/question.js';
import { players } from './players.js';

export const boundedBuffer: Question = {
  name: 'bounded-buffer',
  suite: 'savina',
  asks: 'Savina bounded buffer: how many items a second go from producers by one manager to consumers (four messages each)?',
  counts: 'items',
  sizes: {
    full: { buffer: 50, producers: 40, consumers: 40, items: 1_000, repeats: 2 },
    quick: { buffer: 50, producers: 40, consumers: 40, items: 100, repeats: 1 },
  },
  completes: ({ producers = 0, items = 0, repeats = 0 }) => producers * items * repeats,
  contenders: players('bounded-buffer'),
};
