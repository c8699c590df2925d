/** What faults do to a frame on its way: nothing in most runs, and then the frame is not even looked into. */
import type { Envelope } from '#protocols/wire/envelope';
import { decodeFrame, encodeFrame } from '../codec/frame.js';
import type { Fault } from './faults.js';
import type { Passage } from './memory-link.js';
import type { Random } from './random.js';

type OnLink = Extract<Fault, { type: 'drop' | 'duplicate' | 'delay' }>;

/** The faults of all links. */
export class LinkFaults {
  readonly #faults: readonly OnLink[];
  readonly #random: Random;
  readonly #partitions = new Set<string>();

  constructor(faults: readonly Fault[], random: Random) {
    this.#faults = faults.filter((fault): fault is OnLink => ['drop', 'duplicate', 'delay'].includes(fault.type));
    this.#random = random;
  }

  partition(a: number, b: number): void {
    this.#partitions.add(pairOf(a, b));
  }

  /** Ends the partition between two executors; all of them without arguments. */
  heal(a?: number, b?: number): void {
    if (a === undefined || b === undefined) this.#partitions.clear();
    else this.#partitions.delete(pairOf(a, b));
  }

  /** What arrives of a frame, in order. */
  pass(from: number, to: number, frame: Uint8Array): readonly Passage[] {
    if (this.#partitions.size > 0 && this.#partitions.has(pairOf(from, to))) return [];
    let passages: readonly Passage[] = [{ frame, delayMs: 0 }];
    for (const fault of this.#faults) {
      if ((fault.from ?? from) !== from || (fault.to ?? to) !== to) continue;
      passages = passages.flatMap((passage) => this.#strike(fault, passage));
    }
    return passages;
  }

  #strike(fault: OnLink, passage: Passage): readonly Passage[] {
    const { message, probability = 1 } = fault;
    if (message === undefined) return this.#random.chance(probability) ? outcome(fault, passage) : [passage];
    const struck = (envelope: Envelope): boolean => message(envelope) && this.#random.chance(probability);
    return runsOf(decodeFrame(passage.frame), struck).flatMap(({ hit, envelopes }) => {
      const part = { frame: encodeFrame(envelopes), delayMs: passage.delayMs };
      return hit ? outcome(fault, part) : [part];
    });
  }
}

function outcome(fault: OnLink, passage: Passage): readonly Passage[] {
  switch (fault.type) {
    case 'drop':
      return [];
    case 'duplicate':
      return [passage, passage];
    case 'delay':
      return [{ ...passage, delayMs: passage.delayMs + fault.delayMs }];
  }
}

/** Cuts a frame into stretches that are struck and stretches that are not, each message struck being one of its own. */
function runsOf(
  envelopes: readonly Envelope[],
  struck: (envelope: Envelope) => boolean,
): readonly { readonly hit: boolean; readonly envelopes: readonly Envelope[] }[] {
  const runs: { hit: boolean; envelopes: Envelope[] }[] = [];
  for (const envelope of envelopes) {
    const hit = struck(envelope);
    const last = runs.at(-1);
    if (hit || last === undefined || last.hit) runs.push({ hit, envelopes: [envelope] });
    else last.envelopes.push(envelope);
  }
  return runs;
}

function pairOf(a: number, b: number): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
