/**
 * Answers for what is not there: no actor at an address, no way to a node, a message that cannot be sent. Whoever waits
 * is told, whatever is lost is counted, and a restart for an actor that died with its thread revives it.
 */
import { type ActorAddress, addressParts } from '#protocols/wire/address';
import type { Envelope, ExitReason, Signal, SpawnSpec } from '#protocols/wire/envelope';
import { type ErrorCode, SkepError, toWireError } from '#protocols/wire/error';
import type { DeadLetterReason } from '../telemetry/dead-letters.js';
import type { Logger } from '../telemetry/log.js';
import { FIRST_SERIAL } from './well-known.js';

/** What is needed of the executor. */
export interface AbsentHost {
  readonly node: string;
  readonly incarnation: string;
  readonly log: Logger;
  deliver(envelope: Envelope): boolean;
  deadLetter(reason: DeadLetterReason, envelope: Envelope): void;
  /** Fails a call that this executor waits for. */
  failCall(id: number, error: SkepError): void;
  revive(address: ActorAddress, spec: SpawnSpec, incarnation: number): void;
}

/** What is said of an actor whose node began anew after it. */
const OF_ANOTHER_LIFE: ExitReason = { class: 'node-down', message: 'its node began anew without it' };

export class Absent {
  readonly #host: AbsentHost;

  constructor(host: AbsentHost) {
    this.#host = host;
  }

  /** No living actor at that address. */
  actor(envelope: Envelope): void {
    switch (envelope.kind) {
      case 'call': {
        const error = new SkepError('NO_SUCH_ACTOR', `no actor at ${envelope.to}`, { address: envelope.to });
        this.#host.deliver({ kind: 'fail', to: envelope.from, id: envelope.id, error: toWireError(error) });
        return;
      }
      case 'cast':
        this.#host.deadLetter('no-such-actor', envelope);
        return;
      case 'signal':
        this.signal(envelope.to, envelope.from, envelope.signal);
        return;
      case 'reply':
      case 'item':
      case 'end':
      case 'fail':
        // For a life of this executor that is over.
        this.#host.deadLetter('late-reply', envelope);
        return;
      case 'demand':
        this.#host.deliver({ kind: 'closed', to: envelope.from, from: envelope.to, epoch: envelope.epoch });
        return;
      case 'credit':
      case 'cancel':
      case 'grant':
      case 'closed':
        return;
    }
  }

  /** A signal for an actor that is not there. */
  signal(to: ActorAddress, from: ActorAddress, signal: Signal): void {
    switch (signal.type) {
      case 'monitor':
        this.#down(to, signal.watcher, { class: 'normal', message: 'no such actor' });
        return;
      case 'stop':
        this.#host.deliver(exited(to, from, signal.reason));
        return;
      case 'failed':
        // A failed actor waits for its supervisor's word for ever, and its supervisor is no more.
        this.#orphaned(to, signal.child);
        return;
      case 'restart':
        if (signal.spec.parent !== from) return;
        if (this.#mayRevive(to)) this.#host.revive(to, signal.spec, signal.incarnation ?? 1);
        else this.#host.deliver(exited(to, from, OF_ANOTHER_LIFE));
        return;
      case 'halt':
        this.#host.deliver({ kind: 'signal', to: from, from: to, signal: { type: 'halted' } });
        return;
      case 'link':
        this.#unlinked(to, from, { class: 'noproc', message: 'no such actor' });
        return;
      case 'demonitor':
      case 'down':
      case 'exited':
      case 'started':
      case 'halted':
      case 'resume':
      case 'unlink':
      case 'exit':
      case 'executor-down':
      case 'executor-up':
        return;
    }
  }

  /** No way to that node, or no more room to wait for an executor that is being replaced. */
  route(envelope: Envelope): void {
    // Whoever demands asks again, and what the other two answer is over.
    if (envelope.kind === 'demand' || envelope.kind === 'grant' || envelope.kind === 'closed') return;
    const { node } = addressParts(envelope.to);
    const here = node === this.#host.node;
    const code: ErrorCode = here ? 'EXECUTOR_DOWN' : 'NO_SUCH_NODE';
    const text = here ? `the executor of ${envelope.to} is being replaced` : `no node "${node}" in the cluster`;
    const reason: ExitReason = { class: here ? 'crash' : 'node-down', message: text };
    this.#host.deadLetter('no-route', envelope);
    if (envelope.kind === 'call')
      this.#host.failCall(envelope.id, new SkepError(code, text, { node, to: envelope.to }));
    if (envelope.kind !== 'signal') return;
    if (envelope.signal.type === 'monitor') this.#down(envelope.to, envelope.from, reason);
    else if (envelope.signal.type === 'stop') this.#host.deliver(exited(envelope.to, envelope.from, reason));
    else if (envelope.signal.type === 'restart') {
      // Where its executor is being replaced it may be tried again; a node that is gone takes its actors with it.
      const failed: Signal = { type: 'failed', child: envelope.to, reason };
      this.#host.deliver(
        here
          ? { kind: 'signal', to: envelope.from, from: envelope.to, signal: failed }
          : exited(envelope.to, envelope.from, reason),
      );
    } else if (envelope.signal.type === 'link') this.#unlinked(envelope.to, envelope.from, reason);
    else if (envelope.signal.type === 'halt') this.signal(envelope.to, envelope.from, envelope.signal);
    else if (envelope.signal.type === 'failed') this.#orphaned(envelope.to, envelope.from);
  }

  /** A message that is not plain data, or that its link refuses (one too large). */
  unsendable(envelope: Envelope, cause: unknown): void {
    this.#host.deadLetter('unencodable', envelope);
    this.#host.log.error('message cannot be sent', { to: envelope.to, kind: envelope.kind, error: cause });
    const error = unsendableError(envelope.to, cause);
    if (envelope.kind === 'call') this.#host.failCall(envelope.id, error);
    else if (envelope.kind === 'reply' || envelope.kind === 'item') {
      this.#host.deliver({ kind: 'fail', to: envelope.to, id: envelope.id, error: toWireError(error) });
    } else if (envelope.kind === 'fail' && envelope.error.facts !== undefined) {
      // It was the facts: a caller without them is better off than one who waits for nothing.
      const { code, message } = envelope.error;
      this.#host.deliver({ kind: 'fail', to: envelope.to, id: envelope.id, error: { code, message } });
    }
  }

  #down(address: ActorAddress, watcher: ActorAddress, reason: ExitReason): void {
    this.#host.deliver({ kind: 'signal', to: watcher, from: address, signal: { type: 'down', address, reason } });
  }

  #unlinked(peer: ActorAddress, to: ActorAddress, reason: ExitReason): void {
    this.#host.deliver({ kind: 'signal', to, from: peer, signal: { type: 'exit', by: 'link', reason } });
  }

  #orphaned(parent: ActorAddress, child: ActorAddress): void {
    const reason: ExitReason = { class: 'shutdown', message: 'its parent is gone' };
    this.#host.deliver({ kind: 'signal', to: child, from: parent, signal: { type: 'stop', reason } });
  }

  /** Only ordinary addresses of this life of the node come back. */
  #mayRevive(address: ActorAddress): boolean {
    const { node, incarnation, serial } = addressParts(address);
    return serial >= FIRST_SERIAL && node === this.#host.node && incarnation === this.#host.incarnation;
  }
}

function unsendableError(to: ActorAddress, cause: unknown): SkepError {
  if (cause instanceof SkepError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new SkepError('BAD_MESSAGE', `a message for ${to} cannot be sent: ${why}; send plain data`, { to });
}

function exited(child: ActorAddress, to: ActorAddress, reason: ExitReason): Envelope {
  return { kind: 'signal', to, from: child, signal: { type: 'exited', child, reason } };
}
