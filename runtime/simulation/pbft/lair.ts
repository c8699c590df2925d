/**
 * What the faulty replicas of a group have in common: their keys, which are the only ones that they can sign with; what
 * they have overheard; and what they agreed to tell each half of the group. They are as strong as the paper lets them be:
 * they see what any of them sees at once and act together.
 */
import type { Body, PbftMessage, Request, Signed } from '#protocols/pbft/message';
import type { PbftSettings, ReplicaId } from '#protocols/pbft/settings';
import type { Random } from '../../testing/random.js';
import type { World } from '../world.js';
import { type Keys, signed } from './keys.js';

/** Messages that liars remember. */
const MEMORY = 128;

/** What one half of a group is told. */
export interface Face {
  readonly digest: string;
  readonly batch: readonly Signed<Request>[];
}

/** The common part of all liars of a group. */
export class Lair {
  readonly settings: PbftSettings;
  readonly world: World;
  readonly random: Random;
  readonly liars: readonly ReplicaId[];
  /** Messages that any of them received or sent, the latest last. */
  readonly overheard: PbftMessage[] = [];
  readonly requests: Signed<Request>[] = [];
  /** By view and sequence number: what each half of the group was told. */
  readonly faces = new Map<string, readonly [Face, Face]>();
  /** Which half each replica belongs to. */
  sides: readonly number[];
  readonly #keys: Keys;

  constructor(settings: PbftSettings, world: World, keys: Keys, liars: readonly ReplicaId[], sides: readonly number[]) {
    this.settings = settings;
    this.world = world;
    this.random = world.chances.protocol;
    this.liars = liars;
    this.sides = sides;
    this.#keys = keys;
  }

  digest(bytes: Uint8Array): string {
    return this.#keys.digest(bytes);
  }

  /** A message of a liar under its own name; under another name the signature is worthless. */
  sign<T extends Body>(liar: ReplicaId, body: T): Signed<T> {
    if (!this.liars.includes(liar)) throw new Error(`n${liar + 1} does not lie, and nobody else has its key`);
    return signed(this.#keys, { replica: liar }, body);
  }

  hear(message: PbftMessage): void {
    remember(this.overheard, message);
    if (message.type === 'request') remember(this.requests, message);
    else if (message.type === 'proposal') for (const request of message.batch) remember(this.requests, request);
  }

  side(replica: ReplicaId): number {
    return this.sides[replica] ?? 0;
  }

  /** A digest that belongs to nothing. */
  wrongDigest(): string {
    return this.random.next().toString(16).padStart(16, '0');
  }
}

function remember<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > 2 * MEMORY) list.splice(0, MEMORY);
}
