/**
 * Messages that an actor has put aside, and what goes before its mailbox.
 *
 *     mailbox --> handler --stash, postpone--> kept --unstashAll, change of phase--> ahead --> handler
 *
 * `ahead` also has what the actor inserted for itself and the time-outs of its phases. It is a stack with the next item
 * on top, because most of what enters it goes before the rest.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { Letter } from './letter.js';

/** Until when a message is kept: the next change of phase, or the actor's word. */
export type KeptUntil = 'phase' | 'unstash';

/** A message of reliable delivery is settled once it is put aside: the next of its sender may be what it waits for. */
function settled(letter: Letter): Letter {
  if ('deadlineMs' in letter || letter.receipt === undefined) return letter;
  const { receipt: _, ...envelope } = letter;
  return envelope;
}

/** A time-out that has fired; stale when its ticket is not the present one of that name. */
export interface FiredTimeout {
  readonly timeout: string;
  readonly ticket: object;
}

interface Waiting {
  readonly letter: Letter;
  /** The actor sent it to itself by `ctx.insert`: it ends with this life. */
  readonly inserted: boolean;
}

export class Stash {
  #kept: { readonly letter: Letter; readonly until: KeptUntil }[] = [];
  #ahead: (Waiting | FiredTimeout)[] = [];

  /** Messages kept aside. */
  get kept(): number {
    return this.#kept.length;
  }
  /** Messages kept or ahead. */
  get size(): number {
    return this.#kept.length + this.#ahead.length;
  }
  get hasAhead(): boolean {
    return this.#ahead.length > 0;
  }

  keep(letter: Letter, until: KeptUntil): void {
    this.#kept.push({ letter: settled(letter), until });
  }

  /** Puts what was kept until then before everything else, in its old order. */
  release(until: KeptUntil): void {
    const released = this.#kept.filter((kept) => kept.until === until);
    this.#kept = this.#kept.filter((kept) => kept.until !== until);
    this.#before(released.map(({ letter }) => letter));
  }

  /** Puts messages of the actor to itself before everything else. */
  insert(letters: readonly Letter[]): void {
    this.#before(letters, true);
  }

  /** Puts a time-out behind all that is ahead, and before the mailbox. */
  fire(timeout: FiredTimeout): void {
    this.#ahead.unshift(timeout);
  }

  next(): Letter | FiredTimeout | undefined {
    const item = this.#ahead.pop();
    return item === undefined || 'timeout' in item ? item : item.letter;
  }

  /** Takes a call out whose caller gave up; false when it is not here. */
  cancel(from: ActorAddress, id: number): boolean {
    const isIt = (letter: Letter): boolean =>
      'deadlineMs' in letter && letter.envelope.from === from && letter.envelope.id === id;
    const before = this.size;
    this.#kept = this.#kept.filter(({ letter }) => !isIt(letter));
    this.#ahead = this.#ahead.filter((item) => 'timeout' in item || !isIt(item.letter));
    return this.size < before;
  }

  /** The life ended: what was kept is mail again, in its old order; what the actor told itself is gone. */
  revert(): void {
    this.#ahead = this.#ahead.filter((item) => 'letter' in item && !item.inserted);
    this.#before(this.#kept.map(({ letter }) => letter));
    this.#kept = [];
  }

  /** Takes all mail out, in its old order. */
  drain(): readonly Letter[] {
    this.revert();
    const all = this.#ahead.reverse().flatMap((item) => ('letter' in item ? [item.letter] : []));
    this.#ahead = [];
    return all;
  }

  #before(letters: readonly Letter[], inserted = false): void {
    for (const letter of letters.toReversed()) this.#ahead.push({ letter, inserted });
  }
}
