/**
 * Calls to the executor itself (serial 0). They may come from other nodes, so what they bring is checked; a start whose
 * caller has given up is undone, because nobody would supervise the actor.
 */
import type { ActorAddress } from '#protocols/wire/address';
import { addressParts } from '#protocols/wire/address';
import { type Envelope, SHUTDOWN, type SpawnSpec } from '#protocols/wire/envelope';
import { SkepError, toWireError } from '#protocols/wire/error';
import type { Traceparent } from '#protocols/wire/trace-context';
import { checkSpec } from '../actor/check-spec.js';
import type { DefinitionRegistry } from '../actor/registry.js';
import type { DeadLetterReason } from '../telemetry/dead-letters.js';
import type { Cell } from './cell.js';
import { callKey } from './call-key.js';
import type { IsGone } from './cell-watch.js';
import { familyOf } from './report.js';
import type { ReadonlySerialTable } from './serial-table.js';
import type { Services } from './services.js';

/** What the executor can be asked. */
export interface OwnCallsHost {
  readonly node: string;
  readonly address: ActorAddress;
  deliver(envelope: Envelope): boolean;
  deadLetter(reason: DeadLetterReason, envelope: Envelope): void;
  start(spec: SpawnSpec, node: undefined, scope: undefined, trace: Traceparent | undefined): Promise<ActorAddress>;
  /** Ends the actors of the node. */
  stopNode(): Promise<void>;
  readonly cells: ReadonlySerialTable<Cell>;
  readonly registry: DefinitionRegistry;
  list(): unknown;
  report(): unknown;
  /** What an operator asks, by name; undefined for a name that is none of these. */
  operate(name: string, message: unknown): unknown;
  readonly services: Services;
}

type Call = Extract<Envelope, { kind: 'call' }>;

/** A start under way. */
interface Start {
  readonly from: ActorAddress;
  readonly id: number;
  abandoned: boolean;
}

export class OwnCalls {
  readonly #host: OwnCallsHost;
  readonly #starts = new Map<string, Start>();

  constructor(host: OwnCallsHost) {
    this.#host = host;
  }

  /** Answers a call; casts are for the services. */
  accept(envelope: Extract<Envelope, { kind: 'cast' | 'call' }>): boolean {
    if (envelope.kind === 'cast') {
      if (this.#host.services.cast(envelope)) return true;
      this.#host.deadLetter('no-such-handler', envelope);
      return false;
    }
    const { from: to, id } = envelope;
    this.#answer(envelope).then(
      (value) => this.#host.deliver({ kind: 'reply', to, id, value }),
      (error: unknown) => this.#host.deliver({ kind: 'fail', to, id, error: toWireError(error) }),
    );
    return true;
  }

  cancel(from: ActorAddress, id: number): void {
    const start = this.#starts.get(callKey(from, id));
    if (start !== undefined) start.abandoned = true;
  }

  /** The callers of starts under way died. */
  dropCallers(gone: IsGone): void {
    for (const start of this.#starts.values()) if (gone(start.from, start.id)) start.abandoned = true;
  }

  async #answer(envelope: Call): Promise<unknown> {
    switch (envelope.name) {
      case 'start':
        return this.#start(envelope);
      case 'stop':
        if (!this.#fromHere(envelope)) throw new SkepError('BAD_USAGE', 'a node is stopped from itself only');
        return this.#host.stopNode();
      case 'list':
        return this.#host.list();
      case 'families':
        return [...this.#host.cells.values()].map(familyOf);
      case 'report':
        return this.#host.report();
      case 'definitions':
        return this.#host.registry.list();
      default: {
        const { name, message } = envelope;
        const answer = this.#host.operate(name, message) ?? this.#host.services.call(envelope);
        if (answer !== undefined) return answer;
        throw new SkepError('NO_SUCH_HANDLER', `an executor has no call "${envelope.name}"`);
      }
    }
  }

  async #start(envelope: Call): Promise<ActorAddress> {
    // Specs of this node were made by its own code; to check each would cost more than the start.
    const spec = this.#fromHere(envelope) ? (envelope.message as SpawnSpec) : checkSpec(envelope.message);
    const key = callKey(envelope.from, envelope.id);
    const start: Start = { from: envelope.from, id: envelope.id, abandoned: false };
    this.#starts.set(key, start);
    try {
      const address = await this.#host.start(spec, undefined, undefined, envelope.trace);
      if (start.abandoned) {
        this.#host.deliver({
          kind: 'signal',
          to: address,
          from: this.#host.address,
          signal: { type: 'stop', reason: SHUTDOWN },
        });
      }
      return address;
    } finally {
      this.#starts.delete(key);
    }
  }

  #fromHere(envelope: Call): boolean {
    return addressParts(envelope.from).node === this.#host.node;
  }
}
